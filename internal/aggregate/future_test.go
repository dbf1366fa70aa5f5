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
	"testing"

	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// A clock was ahead and was corrected since. A stored condition from the future, which is
// kept after its report was deleted, does not prevent a plausible report from counting.
func TestResultFromTheFuture(t *testing.T) {
	for name, test := range map[string]struct {
		report  aggregate.Report
		ahead   int // minutes of the known result
		counts  bool
		changed int // minute of lastTransitionTime
	}{
		"another result":                  {report("dns", 2, no, 59), 66, true, 59},
		"the same result":                 {report("dns", 2, yes, 59), 66, true, 66},
		"a year ahead":                    {report("dns", 2, no, 59), 66 + 365*24*60, true, 59},
		"a clock within the skew":         {report("dns", 2, no, 59), 65, false, 65},
		"an older generation":             {report("dns", 1, no, 59), 66, false, 66},
		"a report that is not plausible":  {report("dns", 2, no, 67), 66, false, 66},
		"a transition that is from there": {changedAt(report("dns", 2, no, 59), 66), 66, true, 59},
		"no result":                       {report("dns", 2, unknown, 59), 66, false, 66},
	} {
		t.Run(name, func(t *testing.T) {
			known := report("dns", 2, yes, test.ahead)
			in := input(2, nil, known)
			in.Now = at(test.ahead)
			in.Previous = aggregate.Conditions(in)
			in.Kept = aggregate.Kept(keep(t, in.Previous, "dns"), in.Previous)
			in.Now, in.Reports = at(60), []aggregate.Report{test.report}
			got := aggregate.Conditions(in)
			dns := briefOf(t, got, "DnsSuccessful")
			want := known
			if test.counts {
				want = test.report
			}
			if dns.Status != want.Available || !dns.Updated.Equal(want.Observed) || !dns.Changed.Equal(at(test.changed)) {
				t.Errorf("DnsSuccessful is %+v, want %s of %s, since %s", dns, want.Available, want.Observed, at(test.changed))
			}
			if aggregate.Reflects(in.Previous, 2, test.report, in.Now) == test.counts {
				t.Errorf("Reflects is %t before the report counts", !test.counts)
			}
			if !aggregate.Reflects(got, 2, test.report, in.Now) {
				t.Error("Reflects is false afterwards")
			}
		})
	}
}

// changedAt returns the report with another time of its last transition.
func changedAt(r aggregate.Report, minute int) aggregate.Report {
	r.Transition = at(minute)
	return r
}

// If a clock that was ahead has dated a transition, later transitions are still dated.
// Within the skew, no time goes back.
func TestTransitionFromTheFuture(t *testing.T) {
	for name, test := range map[string]struct{ ahead, changed, updated int }{
		"beyond the skew": {66, 60, 59},
		"within the skew": {65, 65, 65},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(1, nil, report("dns", 1, yes, 10), report("validator", 1, yes, 11))
			in.Mapped = []aggregate.Mapped{{Type: "Healthy", Status: yes}}
			in.Previous = aggregate.Conditions(in)
			for i := range in.Previous {
				c := &in.Previous[i]
				c.LastTransitionTime = stamp(test.ahead)
				if c.Type == "Healthy" {
					c.LastUpdatedTime = stamp(test.ahead)
				}
			}
			in.Reports[0] = report("dns", 1, no, 59)
			in.Mapped[0].Status = no
			got := aggregate.Conditions(in)
			for _, name := range []string{"Ready", "Available", "Healthy"} {
				if c := briefOf(t, got, name); c.Status != no || !c.Changed.Equal(at(test.changed)) {
					t.Errorf("%s is %s since %s, want False since %s", name, c.Status, c.Changed, at(test.changed))
				}
			}
			if c := briefOf(t, got, "Healthy"); !c.Updated.Equal(at(test.updated)) {
				t.Errorf("Healthy was updated at %s, want %s", c.Updated, at(test.updated))
			}
		})
	}
}
