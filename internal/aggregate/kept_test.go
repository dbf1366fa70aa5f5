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

	"github.com/google/go-cmp/cmp"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// keep returns annotations with which the stored results of the adapters are kept.
func keep(t *testing.T, conditions []v1.ResourceCondition, adapters ...string) map[string]string {
	t.Helper()
	annotations := map[string]string{}
	for _, adapter := range adapters {
		value, known, err := aggregate.Keep(annotations, conditions, adapter)
		if err != nil || !known {
			t.Fatalf("keep the result of %s: known %t, %v", adapter, known, err)
		}
		annotations[v1.KeptResultsAnnotation] = value
	}
	return annotations
}

// A kept result needs no report. A report ends that if it is not older and has a result.
func TestKeptResult(t *testing.T) {
	known := report("dns", 2, yes, 10)
	validator := report("validator", 2, yes, 11)
	tests := map[string]struct {
		reports []aggregate.Report
		want    *aggregate.Report // that DnsSuccessful rests on
	}{
		"no report":             {nil, &known},
		"the same report":       {[]aggregate.Report{known}, &known},
		"an older report":       {[]aggregate.Report{report("dns", 2, no, 9)}, &known},
		"an older generation":   {[]aggregate.Report{report("dns", 1, no, 12)}, &known},
		"a newer report":        {[]aggregate.Report{report("dns", 2, no, 12)}, new(report("dns", 2, no, 12))},
		"a newer Unknown":       {[]aggregate.Report{report("dns", 2, unknown, 12)}, &known},
		"no Available":          {[]aggregate.Report{report("dns", 2, none, 12)}, &known},
		"an implausible report": {[]aggregate.Report{report("dns", 7, no, 12)}, &known},
	}
	for name, test := range tests {
		for _, required := range [][]string{{"dns", "validator"}, {"validator"}} {
			for _, confirmed := range []bool{false, true} {
				in := input(2, nil, known, validator)
				in.Required = required
				in.Previous = aggregate.Conditions(in)
				in.Kept = aggregate.Kept(keep(t, in.Previous, "dns"), in.Previous)
				in.Reports, in.Confirmed = append(test.reports, validator), confirmed
				if len(test.reports) == 0 {
					if doubts := aggregate.Unconfirmed(in); len(doubts) > 0 {
						t.Errorf("%s: %v are in doubt", name, doubts)
					}
				}
				got := conditionOf(aggregate.Conditions(in), "DnsSuccessful")
				if got == nil || got.Status != test.want.Available || got.ObservedGeneration != test.want.Generation || !got.LastUpdatedTime.Time.Equal(test.want.Observed) {
					t.Errorf("%s, required %v, confirmed %t: DnsSuccessful is %+v, want it to rest on %+v", name, required, confirmed, got, test.want)
				}
			}
		}
	}
}

// A person who deletes a report withdraws it: only the result that was kept stays without
// a report, not one that came later.
func TestKeptResultIsVoid(t *testing.T) {
	validator := report("validator", 1, yes, 11)
	in := input(1, nil, report("dns", 1, yes, 10), validator)
	in.Previous = aggregate.Conditions(in)
	annotations := keep(t, in.Previous, "dns", "validator")
	if diff := cmp.Diff([]string{"dns", "validator"}, aggregate.Kept(annotations, in.Previous)); diff != "" {
		t.Errorf("Kept (-want +got):\n%s", diff)
	}
	in.Reports = []aggregate.Report{report("dns", 1, yes, 12), validator}
	in.Kept = aggregate.Kept(annotations, in.Previous)
	in.Previous = aggregate.Conditions(in)
	in.Kept = aggregate.Kept(annotations, in.Previous)
	if diff := cmp.Diff([]string{"validator"}, in.Kept); diff != "" {
		t.Errorf("Kept after a later report of dns (-want +got):\n%s", diff)
	}
	in.Reports = nil
	got := aggregate.Conditions(in)
	if conditionOf(got, "DnsSuccessful") != nil || conditionOf(got, "ValidatorSuccessful") == nil {
		t.Errorf("conditions without reports are %+v, want only validator's", got)
	}
	in.Previous = got
	if value := keep(t, got, "validator")[v1.KeptResultsAnnotation]; value != keep(t, in.Previous, "validator")[v1.KeptResultsAnnotation] {
		t.Error("Keep depends on entries that are void")
	}
}

func TestKeptWithoutResults(t *testing.T) {
	in := input(1, nil, report("dns", 1, yes, 10))
	stored := aggregate.Conditions(in)
	if value, known, err := aggregate.Keep(nil, stored, "validator"); known || err != nil {
		t.Errorf("Keep of an adapter without a result: %q, %t, %v", value, known, err)
	}
	for _, value := range []string{"", "dns", "[]", `{"dns":1}`, `{"dns":{"lastUpdatedTime":"yesterday"}}`, `{"dns":null}`, "null"} {
		if got := aggregate.Kept(map[string]string{v1.KeptResultsAnnotation: value}, stored); len(got) > 0 {
			t.Errorf("Kept of %q is %v", value, got)
		}
		if _, known, err := aggregate.Keep(map[string]string{v1.KeptResultsAnnotation: value}, stored, "dns"); !known || err != nil {
			t.Errorf("Keep beside %q: %t, %v", value, known, err)
		}
	}
}

func TestIsOutdated(t *testing.T) {
	stored := aggregate.Conditions(input(2, nil, report("dns", 2, yes, 10)))
	for want, reports := range map[bool][]aggregate.Report{
		true:  {report("dns", 1, yes, 20), report("dns", 2, no, 9), report("dns", 2, unknown, 9)},
		false: {report("dns", 2, yes, 10), report("dns", 2, no, 11), report("dns", 3, no, 1), report("validator", 1, yes, 1)},
	} {
		for _, r := range reports {
			if got := aggregate.IsOutdated(r, stored); got != want {
				t.Errorf("IsOutdated(%+v) is %t", r, got)
			}
		}
	}
}
