/*
Copyright 2026 The HyperFleet Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package fleet

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// TestTooBroad gives searches no time to scan. Searches that posting lists answer, and
// searches that have few rows to scan, succeed.
func TestTooBroad(t *testing.T) {
	x := New(Clusters)
	if err := x.Replace(benchRows(3000), "1"); err != nil {
		t.Fatal(err)
	}
	x.limits.scanTime = 0
	tests := map[string]error{
		"spec.size > 1":                                         ErrTooBroad,
		"not name ~= '-1'":                                      ErrTooBroad,
		"labels.owner like '%7%'":                               ErrTooBroad,
		"status.conditions.Ready.reason = 'x'":                  ErrTooBroad,
		"name = 'cluster-1' or spec.size > 1":                   ErrTooBroad,
		"name ~= '-1' and spec.size > 1":                        ErrTooBroad,
		"name = 'cluster-1' and spec.size > 1":                  nil,
		"name like 'cluster-299%' and spec.size > 1":            nil,
		"name = 'none' and (spec.size > 1 or name like '%7')":   nil,
		"created_time > 2026-01-01 and labels.region ~= '[13]'": nil,
		"generation between 2 and 4 or created_by ilike 'U%'":   nil,
		"labels.environment != 'dev' and name < 'cluster-2'":    nil,
	}
	for search, want := range tests {
		if _, err := x.List(t.Context(), Query{Filter: parse(t, search), Limit: 10}); !errors.Is(err, want) {
			t.Errorf("%s: got error %v, want %v", search, err, want)
		}
	}
}

// TestBusy takes all turns. Small searches need none. Large ones wait for a turn, or fail at
// once if they have no patience.
func TestBusy(t *testing.T) {
	x := New(Clusters)
	if err := x.Replace(benchRows(3000), "1"); err != nil {
		t.Fatal(err)
	}
	x.limits.scanTime, x.limits.patience = time.Hour, 0
	taken := x.takeOnlyTurn(t)
	large, small := Query{Filter: parse(t, "name ~= '-1'"), Limit: 10}, Query{Filter: parse(t, "name ~= '-1' and labels.shard = '7'"), Limit: 10}
	if _, err := x.List(t.Context(), small); err != nil {
		t.Errorf("A small search: %v", err)
	}
	if _, err := x.List(t.Context(), large); !errors.Is(err, fairness.ErrBusy) {
		t.Errorf("A large search without patience: got error %v, want %v", err, fairness.ErrBusy)
	}
	x.limits.patience = time.Hour
	var waiting sync.WaitGroup
	for range 3 {
		waiting.Go(func() {
			if _, err := x.List(t.Context(), large); err != nil {
				t.Errorf("A patient search: %v", err)
			}
		})
	}
	taken.Done()
	waiting.Wait()
	x.wantTurnFree(t)
}

// takeOnlyTurn gives the index one turn and takes it.
func (x *Index) takeOnlyTurn(t *testing.T) *fairness.Turn {
	t.Helper()
	x.turns = fairness.NewTurns(1)
	taken, err := x.turns.Take(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// wantTurnFree fails the test unless a turn is free.
func (x *Index) wantTurnFree(t *testing.T) {
	t.Helper()
	taken, err := x.turns.Take(t.Context(), 0)
	if err != nil {
		t.Fatalf("Is a turn free? %v", err)
	}
	taken.Done()
}

// worstPatterns are the largest patterns, and patterns that take exponential time in a
// backtracking matcher. None matches a string of a's.
var worstPatterns = map[string]string{
	"Stars":        "(a*)*b",
	"Alternatives": "(a|aa)+$b",
	"Optional":     "(?:a?){150}a{150}b",
	"Sequence":     strings.Repeat("a.*", 120) + "b",
	"Groups":       "(.*a){90}b",
	"Pluses":       "(a+a+)+y",
	"Class":        "[^b]{450}b",
}

// worstString returns a string of the maximum length of a message.
func worstString() string { return strings.Repeat("a", 32<<10) }

// TestWorstPatterns checks that the worst patterns are allowed and terminate. A scan reads the
// clock only between two rows, so BenchmarkWorstPatterns measures the time of one match.
func TestWorstPatterns(t *testing.T) {
	text := worstString()
	if testing.Short() {
		text = text[:len(text)/16]
	}
	for name, expression := range worstPatterns {
		predicate, err := patternPredicate(tsl.Match, expression)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if predicate(text) {
			t.Errorf("%s: %s matches", name, expression)
		}
	}
}

// BenchmarkWorstPatterns matches each pattern with one string.
func BenchmarkWorstPatterns(b *testing.B) {
	text := worstString()
	for name, expression := range worstPatterns {
		b.Run(name, func(b *testing.B) {
			predicate, err := patternPredicate(tsl.Match, expression)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				predicate(text)
			}
		})
	}
}
