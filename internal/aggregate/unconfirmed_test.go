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

package aggregate_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

func TestUnconfirmed(t *testing.T) {
	both := []aggregate.Report{report("dns", 1, yes, 10), report("validator", 1, yes, 11)}
	dns := []aggregate.Doubt{{Type: "DnsSuccessful", Adapter: "dns"}}
	tests := map[string]struct {
		reports []aggregate.Report
		want    []aggregate.Doubt
		keeps   bool // DnsSuccessful stays as it is stored
	}{
		"the same reports":                {reports: both, keeps: true},
		"a newer time":                    {reports: []aggregate.Report{report("dns", 1, no, 12), both[1]}},
		"a newer generation":              {reports: []aggregate.Report{report("dns", 2, no, 1), both[1]}},
		"Unknown":                         {reports: []aggregate.Report{report("dns", 1, unknown, 12), both[1]}, keeps: true},
		"Unknown in place of the result":  {reports: []aggregate.Report{report("dns", 1, unknown, 10), both[1]}, keeps: true},
		"an older time":                   {reports: []aggregate.Report{report("dns", 1, no, 9), both[1]}, want: dns, keeps: true},
		"an older Unknown":                {reports: []aggregate.Report{report("dns", 1, unknown, 9), both[1]}, want: dns, keeps: true},
		"another result of the same time": {reports: []aggregate.Report{report("dns", 1, no, 10), both[1]}, want: dns, keeps: true},
		"another reason of the same time": {reports: []aggregate.Report{because(both[0], "Done"), both[1]}, want: dns, keeps: true},
		"no report":                       {reports: both[1:], want: dns, keeps: true},
		"beyond the generation":           {reports: []aggregate.Report{report("dns", 3, no, 12), both[1]}, keeps: true},
		"in the future":                   {reports: []aggregate.Report{report("dns", 1, no, 99), both[1]}, keeps: true},
		"an adapter that is not required": {
			reports: []aggregate.Report{both[0]},
			want:    []aggregate.Doubt{{Type: "ValidatorSuccessful"}},
			keeps:   true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(2, nil, both...)
			in.Required = []string{"dns"}
			in.Previous = aggregate.Conditions(in)
			in.Reports, in.Confirmed = test.reports, false
			if diff := cmp.Diff(test.want, aggregate.Unconfirmed(in)); diff != "" {
				t.Errorf("Unconfirmed (-want +got):\n%s", diff)
			}
			got := aggregate.Conditions(in)
			if same := cmp.Equal(conditionOf(in.Previous, "DnsSuccessful"), conditionOf(got, "DnsSuccessful")); same != test.keeps {
				t.Errorf("DnsSuccessful stays: %t, want %t", same, test.keeps)
			}
			if conditionOf(got, "ValidatorSuccessful") == nil {
				t.Error("ValidatorSuccessful is gone")
			}
			in.Confirmed = true
			if doubts := aggregate.Unconfirmed(in); doubts != nil {
				t.Errorf("Confirmed reports leave %v in doubt", doubts)
			}
		})
	}
}

// A missing report keeps its condition and its type, also from an adapter with the
// same type.
func TestUnconfirmedKeepsItsType(t *testing.T) {
	plain, dashed := report("dns2", 1, no, 10), report("dns-2", 1, yes, 20)
	in := input(1, nil, plain, dashed)
	in.Previous = aggregate.Conditions(in)
	in.Confirmed = false
	for name, reports := range map[string][]aggregate.Report{"first": {plain}, "second": {dashed}, "none": nil} {
		in.Reports = reports
		if diff := cmp.Diff(in.Previous, aggregate.Conditions(in)); diff != "" {
			t.Errorf("with the %s report only, conditions change (-before +after):\n%s", name, diff)
		}
	}
}

func conditionOf(conditions []v1.ResourceCondition, conditionType string) *v1.ResourceCondition {
	i := slices.IndexFunc(conditions, func(c v1.ResourceCondition) bool { return c.Type == conditionType })
	if i < 0 {
		return nil
	}
	return &conditions[i]
}

// Writers that read each report as it was at some earlier time, or not at all, take
// turns. No condition may go back to an older report, and neither may the mapped
// conditions and the message of Ready. A writer that then confirms the reports computes
// the result of the newest reports.
func TestWritersThatLagBehindRegressNothing(t *testing.T) {
	names := []string{"dns", "validator", "billing"}
	stale := 0
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 3))
		history := map[string][]aggregate.Report{}
		words := wordsOf{}
		in := input(1, nil)
		for round := range 40 {
			minute := round + 1
			in.Now = at(minute)
			takeRound(random, &in, history, names[random.IntN(len(names))], minute)
			in.Confirmed, in.Foreign, in.Reports = false, true, nil
			seen := map[string]int{}
			for _, name := range names {
				if n := random.IntN(len(history[name]) + 1); n > 0 {
					seen[name] = n
					in.Reports = append(in.Reports, history[name][n-1])
				}
			}
			in.Mapped = ruled(in.Reports)
			got := aggregate.Conditions(in)
			for _, was := range in.Previous {
				if !isOfAdapter(was) {
					continue
				}
				is := conditionOf(got, was.Type)
				if is == nil || is.ObservedGeneration < was.ObservedGeneration ||
					is.ObservedGeneration == was.ObservedGeneration && is.LastUpdatedTime.Before(was.LastUpdatedTime.Time) {
					t.Fatalf("seed %d, round %d: %+v\nbecame %+v", seed, round, was, is)
				}
			}
			words.write(t, in, got, seen)
			if len(aggregate.Unconfirmed(in)) > 0 {
				stale++
			}
			in.Previous = stored(t, got)

			if random.IntN(4) == 0 {
				in.Confirmed, in.Reports = true, latestOf(history)
				in.Mapped = ruled(in.Reports)
				confirmed := aggregate.Conditions(in)
				for _, r := range in.Reports {
					if c := conditionOf(confirmed, typeOf(r.Adapter)); (r.Available == yes || r.Available == no) &&
						(c == nil || c.Status != r.Available || c.ObservedGeneration != r.Generation || !c.LastUpdatedTime.Time.Equal(r.Observed)) {
						t.Fatalf("seed %d, round %d: %+v confirmed, but %+v", seed, round, r, c)
					}
				}
				if c := conditionOf(confirmed, "Seen"); c.Message != in.Mapped[0].Message {
					t.Fatalf("seed %d, round %d: %q confirmed, but %+v", seed, round, in.Mapped[0].Message, c)
				}
				words.write(t, in, confirmed, lengthsOf(history))
				in.Previous = stored(t, confirmed)
			}
		}
	}
	if stale < 3000 {
		t.Errorf("Only %d rounds left a condition in doubt", stale)
	}
}

// Two writers take turns. Each reads the reports in the order in which they were stored,
// up to some point, and confirms a condition in doubt at the API server. If the same
// writer wrote the last status, that status is foreign only while the writer's copy is
// behind the confirmed reports. Nothing goes back, and a writer that stays alone stops
// asking the API server.
func TestWritersThatTakeTurns(t *testing.T) {
	names := []string{"dns", "validator", "billing"}
	asked, alone := 0, 0
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 4))
		var log []map[string][]aggregate.Report // the history at each version of the collection
		history := map[string][]aggregate.Report{}
		words := wordsOf{}
		in := input(1, nil)
		writer, basis := 0, 0 // who wrote last, and from which version of the collection
		var copies [2]int
		for round := range 60 {
			in.Now = at(round + 1)
			generation := in.Generation
			takeRound(random, &in, history, names[random.IntN(len(names))], round+1)
			log = append(log, maps.Clone(history))
			turn := random.IntN(2)
			if round > 30 {
				turn = 0
			}
			copies[turn] += random.IntN(len(log) - copies[turn] + 1)
			if round > 30 {
				copies[turn] = len(log)
			}
			read := map[string][]aggregate.Report{}
			if copies[turn] > 0 {
				read = log[copies[turn]-1]
			}
			in.Confirmed, in.Reports, in.Mapped = false, latestOf(read), ruled(latestOf(read))
			in.Foreign = writer != turn || basis > copies[turn] || in.Generation != generation
			version := copies[turn]
			if len(aggregate.Unconfirmed(in)) > 0 {
				asked++
				if round > 31 && in.Generation == generation {
					alone++
				}
				version, read = len(log), history
				in.Confirmed, in.Reports, in.Mapped = true, latestOf(read), ruled(latestOf(read))
			}
			got := aggregate.Conditions(in)
			words.write(t, in, got, lengthsOf(read))
			if !cmp.Equal(got, in.Previous) {
				writer, basis = turn, version
			}
			in.Previous = stored(t, got)
		}
	}
	if asked < 500 || alone > 0 {
		t.Errorf("Writers asked the API server %d times, and %d times while one was alone", asked, alone)
	}
}

// takeRound raises the generation, or adds a report of the adapter to the history.
func takeRound(random *rand.Rand, in *aggregate.Input, history map[string][]aggregate.Report, name string, minute int) {
	statuses := []metav1.ConditionStatus{yes, no, unknown, unknown, none}
	if random.IntN(6) == 0 {
		in.Generation++
		return
	}
	fresh := because(report(name, max(1, in.Generation-int64(random.IntN(2))), statuses[random.IntN(len(statuses))], minute), fmt.Sprintf("At%d", minute))
	if all := history[name]; len(all) > 0 {
		last := all[len(all)-1]
		fresh.Created, fresh.Generation = last.Created, max(last.Generation, fresh.Generation)
	}
	history[name] = append(slices.Clone(history[name]), fresh)
}

// latestOf returns the last report of each adapter.
func latestOf(history map[string][]aggregate.Report) (latest []aggregate.Report) {
	for _, name := range slices.Sorted(maps.Keys(history)) {
		latest = append(latest, history[name][len(history[name])-1])
	}
	return latest
}

func lengthsOf(history map[string][]aggregate.Report) map[string]int {
	lengths := map[string]int{}
	for name, all := range history {
		lengths[name] = len(all)
	}
	return lengths
}

// ruled returns the results of two rules: one lists the times of all reports, the other
// one applies only in some minutes.
func ruled(reports []aggregate.Report) []aggregate.Mapped {
	seen, minutes := make([]string, len(reports)), 0
	for i, r := range reports {
		seen[i] = r.Adapter + " at " + r.Observed.Format(time.TimeOnly)
		minutes += r.Observed.Minute()
	}
	mapped := []aggregate.Mapped{{Type: "Seen", Status: yes, Message: strings.Join(seen, ", ")}}
	if minutes%2 == 0 {
		mapped = append(mapped, aggregate.Mapped{Type: "Even", Status: no})
	}
	return mapped
}

// wordsOf contains, by condition and adapter, the number of the report that the stored
// message rests on.
type wordsOf map[string]map[string]int

// write fails if a changed message, or the end or beginning of a condition, rests on
// older reports than before. seen are the numbers of the reports that this writer has
// read. For Ready, only the adapters without a result count, because the other adapters
// have a condition that shows which report counts.
func (w wordsOf) write(t *testing.T, in aggregate.Input, got []v1.ResourceCondition, seen map[string]int) {
	t.Helper()
	for _, conditionType := range []string{"Ready", "Seen", "Even"} {
		var was, is string
		if c := conditionOf(in.Previous, conditionType); c != nil {
			was = c.Reason + ": " + c.Message
		}
		if c := conditionOf(got, conditionType); c != nil {
			is = c.Reason + ": " + c.Message
		}
		before := w[conditionType]
		w[conditionType] = map[string]int{}
		for _, name := range []string{"dns", "validator", "billing"} {
			counts := conditionType != "Ready" || name != "billing" && conditionOf(got, typeOf(name)) == nil
			if counts && was != is && seen[name] < before[name] {
				t.Fatalf("%s: %s rests on report %d of %s and became\n%s, which rests on report %d", conditionType, was, before[name], name, is, seen[name])
			}
			w[conditionType][name] = seen[name]
			if was == is {
				w[conditionType][name] = max(seen[name], before[name])
			}
		}
	}
}
