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
	"slices"
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
		value, err := aggregate.Keep(annotations, conditions, report(adapter, 9, no, 50))
		if err != nil {
			t.Fatalf("keep the result of %s: %v", adapter, err)
		}
		annotations[v1.KeptResultsAnnotation] = value
	}
	return annotations
}

// A kept result needs no report. A report replaces it if the report is not older and has
// a result.
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
				in.Reports, in.Confirmed = slices.Concat(test.reports, []aggregate.Report{validator}), confirmed
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

// A person who deletes a report withdraws its result. Without a report, only the kept
// result stays, not a later one.
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
}

// The parent may reach the generation of an implausible report right before the report is
// deleted. Then the conditions that include the report stay.
func TestKeptResultOfDeletedReport(t *testing.T) {
	ahead := report("dns", 2, no, 12)
	for name, before := range map[string][]aggregate.Report{"after a result": {report("dns", 1, yes, 10)}, "without a result": nil} {
		in := input(1, nil, before...)
		in.Previous = aggregate.Conditions(in)
		value, err := aggregate.Keep(nil, in.Previous, ahead)
		if err != nil {
			t.Fatal(err)
		}
		annotations := map[string]string{v1.KeptResultsAnnotation: value}
		in.Generation, in.Reports = 2, []aggregate.Report{ahead}
		in.Kept = aggregate.Kept(annotations, in.Previous)
		in.Previous = aggregate.Conditions(in)
		in.Reports = []aggregate.Report{report("dns", 1, yes, 20)} // the API server accepts it if it has no report
		in.Kept = aggregate.Kept(annotations, in.Previous)
		got := conditionOf(aggregate.Conditions(in), "DnsSuccessful")
		if got == nil || got.ObservedGeneration != 2 || got.Status != no {
			t.Errorf("%s: DnsSuccessful is %+v, want it as before the report was deleted", name, got)
		}
	}
}

func TestMalformedKeptResults(t *testing.T) {
	stored := aggregate.Conditions(input(1, nil, report("dns", 1, yes, 10)))
	for _, value := range []string{"", "dns", "[]", `{"dns":1}`, `{"dns":["1"]}`, `{"dns":"1@2025-01-01T00:10:00Z"}`, `{"dns":null}`, "null"} {
		annotations := map[string]string{v1.KeptResultsAnnotation: value}
		if got := aggregate.Kept(annotations, stored); len(got) > 0 {
			t.Errorf("Kept of %q is %v", value, got)
		}
		if _, err := aggregate.Keep(annotations, stored, report("dns", 9, no, 50)); err != nil {
			t.Errorf("Keep beside %q: %v", value, err)
		}
	}
}

// An adapter that reports under many new names does not make the annotation grow forever,
// and does not remove the result of another adapter from it.
func TestKeptResultsAreBounded(t *testing.T) {
	stored := aggregate.Conditions(input(1, nil, report("dns", 1, yes, 10)))
	annotations := keep(t, stored, "dns")
	for i := range 1000 {
		value, err := aggregate.Keep(annotations, stored, report(fmt.Sprintf("invented-%d", i), 9, no, 50))
		if err != nil {
			t.Fatal(err)
		}
		annotations[v1.KeptResultsAnnotation] = value
	}
	if size := len(annotations[v1.KeptResultsAnnotation]); size > 16<<10 {
		t.Errorf("the annotation has %d bytes", size)
	}
	if diff := cmp.Diff([]string{"dns"}, aggregate.Kept(annotations, stored)); diff != "" {
		t.Errorf("Kept (-want +got):\n%s", diff)
	}
}

func TestIsOutdated(t *testing.T) {
	past := aggregate.Conditions(input(2, nil, report("dns", 2, yes, 10)))
	ahead := input(2, nil, report("dns", 2, yes, 66))
	ahead.Now = at(66)
	future := aggregate.Conditions(ahead)
	for _, test := range []struct {
		stored []v1.ResourceCondition
		report aggregate.Report
		want   bool
	}{
		{past, report("dns", 1, yes, 20), true},
		{past, report("dns", 2, no, 9), true},
		{past, report("dns", 2, unknown, 9), true},
		{past, report("dns", 2, yes, 10), false},
		{past, report("dns", 2, no, 11), false},
		{past, report("dns", 3, no, 1), false},
		{past, report("validator", 1, yes, 1), false},
		{future, report("dns", 2, no, 60), false},
		{future, report("dns", 2, unknown, 1), false},
		{future, report("dns", 1, no, 60), true},
	} {
		if got := aggregate.IsOutdated(test.report, test.stored, at(60)); got != test.want {
			t.Errorf("IsOutdated(%+v, %+v) is %t", test.report, test.stored, got)
		}
	}
}
