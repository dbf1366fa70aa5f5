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

package fairness

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestSharesOfOneCaller checks how many of ten places a caller gets.
func TestSharesOfOneCaller(t *testing.T) {
	for name, c := range map[string]struct {
		places int
		others map[string]int // how many places each tries to take before
		want   int
	}{
		"alone":                 {10, nil, 5},
		"one place":             {1, nil, 1},
		"two places":            {2, nil, 1},
		"no place":              {0, nil, 0},
		"beside a greedy one":   {10, map[string]int{"a": 100}, 3},
		"beside a modest one":   {10, map[string]int{"a": 2}, 4},
		"beside two":            {12, map[string]int{"a": 100, "b": 100}, 2},
		"beside a greedy 200th": {200, map[string]int{"a": 200}, 50},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewShares(c.places)
			for other, tries := range c.others {
				for range tries {
					s.Take(other)
				}
			}
			got := 0
			for s.Take("me") {
				got++
			}
			if got != c.want {
				t.Errorf("got %d of %d places, want %d", got, c.places, c.want)
			}
		})
	}
}

// TestSharesAgreeWithModel has callers take and leave places at random, and compares with a
// list of all places that are held.
func TestSharesAgreeWithModel(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		places := random.IntN(20)
		s := NewShares(places)
		var held []string
		for range 500 {
			caller := fmt.Sprint(random.IntN(1 + random.IntN(8)))
			if len(held) > 0 && random.IntN(3) == 0 {
				i := random.IntN(len(held))
				s.Leave(held[i])
				held = append(held[:i], held[i+1:]...)
				continue
			}
			own := 0
			for _, other := range held {
				if other == caller {
					own++
				}
			}
			want := own < places-len(held)
			if got := s.Take(caller); got != want {
				t.Fatalf("Seed %d: Take for a caller that holds %d of %d places while %d are held is %t, want %t", seed, own, places, len(held), got, want)
			}
			if want {
				held = append(held, caller)
			}
		}
		for _, caller := range held {
			s.Leave(caller)
		}
		if s.free != places || len(s.held) != 0 {
			t.Errorf("Seed %d: in the end %d of %d places are free, and %d callers are remembered", seed, s.free, places, len(s.held))
		}
	}
}
