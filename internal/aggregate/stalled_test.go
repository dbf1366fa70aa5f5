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
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// stuck returns the report with Stalled=True.
func stuck(r aggregate.Report, reason, message string) aggregate.Report {
	r.Stalled, r.StalledReason, r.StalledMessage = yes, reason, message
	return r
}

// finishing returns the report with Finalized=True.
func finishing(r aggregate.Report) aggregate.Report {
	r.Finalized = yes
	return r
}

func TestStalled(t *testing.T) {
	healthy := report("validator", 2, yes, 11)
	noZone := stuck(report("dns", 2, no, 10), "ZoneMissing", "There is no zone")
	stalledOf := func(message string) *brief { return &brief{yes, "ZoneMissing", message, 2, at(10), at(60)} }
	inWords := because(report("dns", 2, no, 10), "AccessDenied")
	inWords.Message = "The credentials are revoked"
	deleted := func(in *aggregate.Input) { in.Deleted, in.Finalizing = at(2), in.Required }
	tests := map[string]struct {
		reports []aggregate.Report
		change  func(*aggregate.Input)
		want    *brief
	}{
		"an adapter is at fault and does not say so": {reports: []aggregate.Report{report("dns", 2, no, 10), healthy}},
		"an adapter says that it is stalled":         {reports: []aggregate.Report{noZone, healthy}, want: stalledOf("dns: There is no zone")},
		"the other adapter has not reported":         {reports: []aggregate.Report{noZone}, want: stalledOf("dns: There is no zone")},
		"two adapters, one text": {
			reports: []aggregate.Report{noZone, stuck(report("validator", 2, no, 12), "ZoneMissing", "There is no zone")},
			want:    stalledOf("dns, validator: There is no zone"),
		},
		"two adapters, two texts, the time of the older report": {
			reports: []aggregate.Report{stuck(report("validator", 2, no, 9), "NoQuota", "No quota"), noZone},
			want:    &brief{yes, "AdaptersStalled", "dns, validator: There is no zone; No quota", 2, at(9), at(60)},
		},
		"reason and message of the result, where Stalled has none": {
			reports: []aggregate.Report{stuck(inWords, "", ""), healthy},
			want:    &brief{yes, "AccessDenied", "dns: The credentials are revoked", 2, at(10), at(60)},
		},
		"neither reason nor message": {
			reports: []aggregate.Report{stuck(report("dns", 2, no, 10), "", ""), healthy},
			want:    &brief{yes, "AdaptersStalled", "dns: Waiting will not help", 2, at(10), at(60)},
		},
		"Stalled=False":                      {reports: []aggregate.Report{func() aggregate.Report { r := noZone; r.Stalled = no; return r }(), healthy}},
		"the result is True":                 {reports: []aggregate.Report{stuck(report("dns", 2, yes, 10), "Odd", ""), healthy}},
		"work is in progress":                {reports: []aggregate.Report{stuck(report("dns", 2, unknown, 10), "Odd", ""), healthy}},
		"no Available condition":             {reports: []aggregate.Report{stuck(report("dns", 2, none, 10), "Odd", ""), healthy}},
		"of an older generation":             {reports: []aggregate.Report{stuck(report("dns", 1, no, 10), "Old", ""), healthy}},
		"of a generation that is to come":    {reports: []aggregate.Report{stuck(report("dns", 3, no, 10), "New", ""), healthy}},
		"of the future":                      {reports: []aggregate.Report{stuck(report("dns", 2, no, 99), "Late", ""), healthy}},
		"of an adapter that is not required": {reports: []aggregate.Report{stuck(report("billing", 2, no, 10), "Odd", ""), healthy}},
		"a deletion is stalled": {
			reports: []aggregate.Report{noZone, healthy},
			change:  deleted,
			want:    stalledOf("dns: There is no zone"),
		},
		"a deletion, and the adapter has finalized": {reports: []aggregate.Report{finishing(noZone), healthy}, change: deleted},
		"Finalized means nothing without a deletion": {
			reports: []aggregate.Report{finishing(noZone), healthy},
			want:    stalledOf("dns: There is no zone"),
		},
		"the Cluster is missing as well": {
			reports: []aggregate.Report{noZone, healthy},
			change:  func(in *aggregate.Input) { in.MissingCluster = "east" },
			want:    stalledOf("dns: There is no zone"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(2, nil, test.reports...)
			if test.change != nil {
				test.change(&in)
			}
			got := aggregate.Conditions(in)
			checkStalled(t, got, test.want)
			if again := aggregate.Conditions(func() aggregate.Input { in.Previous = got; return in }()); !cmp.Equal(got, again) {
				t.Errorf("A second round changes conditions (-first +second):\n%s", cmp.Diff(got, again))
			}
		})
	}
}

func checkStalled(t *testing.T, conditions []v1.ResourceCondition, want *brief) {
	t.Helper()
	c := conditionOf(conditions, v1.StalledCondition)
	switch {
	case want == nil && c != nil:
		t.Errorf("Stalled: %s %s, want none", c.Reason, c.Message)
	case want != nil && c == nil:
		t.Errorf("No Stalled, want %s %s", want.Reason, want.Message)
	case want != nil:
		if diff := cmp.Diff(*want, briefOf(t, conditions, v1.StalledCondition)); diff != "" {
			t.Errorf("Stalled (-want +got):\n%s", diff)
		}
		if ready := conditionOf(conditions, v1.ReadyCondition); ready.Status != no {
			t.Errorf("Stalled and Ready=%s", ready.Status)
		}
	}
}

// What happens to the condition after dns has reported that it is stalled.
func TestAfterStalled(t *testing.T) {
	healthy := report("validator", 1, yes, 11)
	noZone := stuck(because(report("dns", 1, no, 10), "NotCreated"), "ZoneMissing", "There is no zone")
	stays := func(minute int) *brief {
		return &brief{yes, "ZoneMissing", "dns: There is no zone", 1, at(minute), at(60)}
	}
	known := &brief{yes, "NotCreated", "dns: Waiting will not help", 1, at(10), at(60)}
	tests := map[string]struct {
		dns       *aggregate.Report // nil if the report is gone, or not known yet
		confirmed bool
		change    func(*aggregate.Input)
		want      *brief
	}{
		"a heartbeat":                     {dns: observed(noZone, 20), confirmed: true, want: stays(20)},
		"mended":                          {dns: observed(report("dns", 1, yes, 20), 20), confirmed: true},
		"at fault, but not stalled":       {dns: observed(report("dns", 1, no, 20), 20), confirmed: true},
		"Unknown undoes nothing":          {dns: observed(report("dns", 1, unknown, 20), 20), confirmed: true, want: known},
		"an older report undoes nothing":  {dns: observed(report("dns", 1, no, 9), 9), want: known},
		"an older report, confirmed":      {dns: observed(report("dns", 1, no, 9), 9), confirmed: true},
		"no report":                       {want: known},
		"no report, confirmed":            {confirmed: true},
		"the adapter is not required now": {dns: &noZone, confirmed: true, change: func(in *aggregate.Input) { in.Required = []string{"validator"} }},
		"the spec changes":                {dns: &noZone, confirmed: true, change: func(in *aggregate.Input) { in.Generation = 2 }},
		"the spec changes, no report":     {change: func(in *aggregate.Input) { in.Generation = 2 }},
		"it is deleted":                   {dns: &noZone, confirmed: true, change: func(in *aggregate.Input) { in.Generation, in.Deleted = 2, at(61) }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(1, nil, noZone, healthy)
			in.Previous = stored(t, aggregate.Conditions(in))
			in.Reports, in.Confirmed, in.Now = []aggregate.Report{healthy}, test.confirmed, at(70)
			if test.dns != nil {
				in.Reports = append(in.Reports, *test.dns)
			}
			if test.change != nil {
				test.change(&in)
			}
			checkStalled(t, aggregate.Conditions(in), test.want)
		})
	}
}

// observed returns the report as of another minute.
func observed(r aggregate.Report, minute int) *aggregate.Report {
	r.Observed = at(minute)
	return &r
}

// A reader does not see Stalled at a generation that no adapter has processed.
func TestStalledAtAnotherGeneration(t *testing.T) {
	in := input(1, nil, stuck(report("dns", 1, no, 10), "", ""))
	in.Previous = aggregate.Conditions(in)
	if got := aggregate.AtGeneration(in); conditionOf(got, v1.StalledCondition) == nil {
		t.Error("No Stalled at the generation that it is about")
	}
	in.Generation, in.Updated = 2, at(70)
	if got := aggregate.AtGeneration(in); conditionOf(got, v1.StalledCondition) != nil {
		t.Error("Stalled at the next generation")
	}
	if conditionOf(in.Previous, v1.StalledCondition) == nil {
		t.Error("The stored conditions were modified")
	}
}

// A report that changes nothing but Stalled looks like a heartbeat. It must not be shown
// as included before Stalled is written.
func TestShownWaitsForStalled(t *testing.T) {
	calm, alarm := report("dns", 1, no, 20), stuck(report("dns", 1, no, 21), "ZoneMissing", "")
	for name, reports := range map[string][2]aggregate.Report{"it comes": {calm, alarm}, "it goes": {*observed(alarm, 20), *observed(calm, 21)}} {
		in := input(1, nil, reports[0])
		in.Previous = aggregate.Conditions(in)
		in.Reports = []aggregate.Report{reports[1]}
		shown, moved := aggregate.Shown(in, nil)
		if moved || aggregate.Reflects(shown, 1, reports[1], in.Now) {
			t.Errorf("%s: the report is shown as included: %v", name, shown)
		}
		in.Previous = aggregate.Conditions(in)
		if !aggregate.Reflects(in.Previous, 1, reports[1], in.Now) {
			t.Errorf("%s: the report is not included in %v", name, in.Previous)
		}
		in.Reports[0].Observed = at(25)
		if shown, _ := aggregate.Shown(in, nil); !aggregate.Reflects(shown, 1, in.Reports[0], in.Now) {
			t.Errorf("%s: a heartbeat after it is not shown: %v", name, shown)
		}
	}
}

func TestStalledIsBounded(t *testing.T) {
	in := input(1, nil)
	in.Required = nil
	for i := range 80 {
		name := fmt.Sprintf("%s-%02d", strings.Repeat("a", 60), i)
		in.Required = append(in.Required, name)
		in.Reports = append(in.Reports, stuck(report(name, 1, no, 10), strings.Repeat("Why", 200), fmt.Sprint(i, strings.Repeat("<", 32000))))
	}
	for _, in.Minimal = range []bool{false, true} {
		for _, in.Required = range [][]string{in.Required, in.Required[:3]} {
			got := aggregate.Conditions(in)
			c := conditionOf(got, v1.StalledCondition)
			bound, boundOfReason := 4096, 256
			if in.Minimal {
				bound, boundOfReason = 1024, 64
			}
			if n := jsonLen(t, c.Message); n > bound || jsonLen(t, c.Reason) > boundOfReason || !strings.HasSuffix(c.Message, "…") {
				t.Errorf("Minimal %t: message of %d bytes, reason of %d", in.Minimal, n, jsonLen(t, c.Reason))
			}
			// What is stored is enough to keep Stalled without any report.
			without := in
			without.Reports, without.Confirmed, without.Previous = nil, false, stored(t, got)
			if kept := conditionOf(aggregate.Conditions(without), v1.StalledCondition); kept == nil {
				t.Errorf("Minimal %t: Stalled goes with the reports", in.Minimal)
			}
		}
	}
}

// Writers that read each report as it was at some earlier time, or not at all, take
// turns. The model remembers the newest result that any writer has seen of each adapter:
// Stalled names the required adapters whose newest result is False and stalled.
func TestWritersThatLagBehindAgreeOnStalled(t *testing.T) {
	names := []string{"dns", "validator", "billing"}
	statuses := []metav1.ConditionStatus{yes, no, no, no, no, unknown, none}
	seen, raised, lagged := map[string]aggregate.Report{}, 0, 0
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 4))
		history := map[string][]aggregate.Report{}
		in := input(1, nil)
		in.Confirmed = false
		clear(seen)
		for round := range 40 {
			in.Now = at(round + 1)
			if random.IntN(8) == 0 {
				in.Generation++
			} else {
				name := names[random.IntN(len(names))]
				fresh := report(name, max(1, in.Generation-int64(random.IntN(2))), statuses[random.IntN(len(statuses))], round+1)
				fresh.Stalled = []metav1.ConditionStatus{yes, yes, no, none}[random.IntN(4)]
				if all := history[name]; len(all) > 0 {
					fresh.Created, fresh.Generation = all[0].Created, max(all[len(all)-1].Generation, fresh.Generation)
				}
				history[name] = append(history[name], fresh)
			}
			in.Reports = nil
			for _, name := range names {
				all := history[name]
				n := random.IntN(len(all) + 1)
				if n == 0 {
					continue
				}
				r := all[n-1]
				in.Reports = append(in.Reports, r)
				switch was, known := seen[name]; {
				case known && !was.Observed.Before(r.Observed):
					lagged++
				case r.Available == yes || r.Available == no:
					seen[name] = r
				}
			}
			var want []string
			for _, name := range []string{"dns", "validator"} { // required, in order
				if r := seen[name]; r.Available == no && r.Stalled == yes && r.Generation == in.Generation {
					want = append(want, name)
				}
			}
			got := aggregate.Conditions(in)
			var named []string
			if c := conditionOf(got, v1.StalledCondition); c != nil {
				raised++
				who, _, _ := strings.Cut(c.Message, ": ")
				named = strings.Split(who, ", ")
				if c.ObservedGeneration != in.Generation {
					t.Fatalf("seed %d, round %d: at generation %d of %d", seed, round, c.ObservedGeneration, in.Generation)
				}
			}
			if !slices.Equal(want, named) {
				t.Fatalf("seed %d, round %d: Stalled names %v, want %v\nreports: %+v\nbefore: %+v", seed, round, named, want, in.Reports, in.Previous)
			}
			in.Previous = stored(t, got)
		}
	}
	if raised < 1000 || lagged < 3000 {
		t.Errorf("Only %d rounds with Stalled, %d reports behind", raised, lagged)
	}
}
