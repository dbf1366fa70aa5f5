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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// after returns a report that keeps a result.
func after(r aggregate.Report, last string) aggregate.Report {
	r.Last = last
	return r
}

// A report without a result erases no result of an earlier report, whether a status has
// shown it before or not.
func TestLastResult(t *testing.T) {
	const last = `True 2 2025-01-01T00:10:00Z "Done" "All is well"`
	want := because(report("dns", 2, yes, 10), "Done")
	want.Message = "All is well"
	tests := map[string]struct {
		report aggregate.Report
		known  []aggregate.Report
		want   *aggregate.Report
	}{
		"Unknown, nothing known":                {report: after(report("dns", 2, unknown, 12), last), want: &want},
		"no Available, nothing known":           {report: after(report("dns", 2, none, 12), last), want: &want},
		"Unknown at a newer generation":         {report: after(report("dns", 3, unknown, 12), last), want: &want},
		"an implausible time":                   {report: after(report("dns", 2, unknown, 99), last), want: &want},
		"an implausible generation":             {report: after(report("dns", 7, unknown, 12), last), want: &want},
		"an older result is known":              {after(report("dns", 2, unknown, 12), last), []aggregate.Report{report("dns", 2, no, 9)}, &want},
		"a result of an older generation":       {after(report("dns", 2, unknown, 12), last), []aggregate.Report{report("dns", 1, no, 11)}, &want},
		"the same result is known":              {after(report("dns", 2, unknown, 12), last), []aggregate.Report{want}, &want},
		"a newer result is known":               {after(report("dns", 2, unknown, 12), last), []aggregate.Report{report("dns", 2, no, 11)}, new(report("dns", 2, no, 11))},
		"an implausible result":                 {report: after(report("dns", 7, unknown, 12), `True 7 2025-01-01T00:10:00Z "" ""`)},
		"no annotation":                         {report: report("dns", 2, unknown, 12)},
		"not a status":                          {report: after(report("dns", 2, unknown, 12), `Maybe 2 2025-01-01T00:10:00Z "" ""`)},
		"not a generation":                      {report: after(report("dns", 2, unknown, 12), `True two 2025-01-01T00:10:00Z "" ""`)},
		"not a time":                            {report: after(report("dns", 2, unknown, 12), `True 2 today "" ""`)},
		"not quoted":                            {report: after(report("dns", 2, unknown, 12), `True 2 2025-01-01T00:10:00Z Done well`)},
		"half a message":                        {report: after(report("dns", 2, unknown, 12), `True 2 2025-01-01T00:10:00Z "Done" "half`)},
		"no message":                            {report: after(report("dns", 2, unknown, 12), `True 2 2025-01-01T00:10:00Z "Done"`)},
		"a report with a result keeps no other": {report: after(report("dns", 2, no, 12), last), want: new(report("dns", 2, no, 12))},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(3, nil, test.known...)
			in.Previous = aggregate.Conditions(in)
			in.Reports = []aggregate.Report{test.report}
			for _, confirmed := range []bool{false, true} {
				in.Confirmed = confirmed
				conditions := aggregate.Conditions(in)
				got := conditionOf(conditions, "DnsSuccessful")
				if got == nil || test.want == nil {
					if got != nil || test.want != nil {
						t.Errorf("confirmed %t: DnsSuccessful is %+v, want %+v", confirmed, got, test.want)
					}
					continue
				}
				if got.Status != test.want.Available || got.ObservedGeneration != test.want.Generation || !got.LastUpdatedTime.Time.Equal(test.want.Observed) ||
					got.Reason != test.want.Reason || got.Message != test.want.Message {
					t.Errorf("confirmed %t: DnsSuccessful is %+v, want it to rest on %+v", confirmed, got, test.want)
				}
				if !aggregate.Reflects(conditions, in.Generation, test.report, in.Now) {
					t.Errorf("confirmed %t: the report is not reflected", confirmed)
				}
				if news := !cmp.Equal(conditions, in.Previous); news == aggregate.Reflects(in.Previous, in.Generation, test.report, in.Now) {
					t.Errorf("confirmed %t: conditions change: %t, and the stored ones reflect the report: %t", confirmed, news, !news)
				}
				if doubts := aggregate.Unconfirmed(in); len(doubts) > 0 {
					t.Errorf("confirmed %t: %v are in doubt", confirmed, doubts)
				}
			}
		})
	}
}

// All adapters reported True at a generation before they reported without a result, and
// no status shows those results.
func TestLastResultsMakeAvailable(t *testing.T) {
	const last = `True 1 2025-01-01T00:10:00Z "" ""`
	in := input(2, nil, after(report("dns", 2, unknown, 12), last), after(report("validator", 2, none, 12), last))
	got := aggregate.Conditions(in)
	if c := aggregate.AvailableOf(got); c.Status != yes || c.ObservedGeneration != 1 {
		t.Errorf("Available is %+v, want True at generation 1", c)
	}
	if c := aggregate.ReadyOf(got); c.Status != no || c.Message != "dns: at generation 1; validator: at generation 1" {
		t.Errorf("Ready is %+v", c)
	}
}

// The last result of a stalled adapter still makes the parent Stalled.
func TestLastResultIsStalled(t *testing.T) {
	in := input(1, nil, after(report("dns", 1, unknown, 12), `Stalled 1 2025-01-01T00:10:00Z "Quota" "Ask for more"`))
	c := conditionOf(aggregate.Conditions(in), "Stalled")
	if c == nil || c.Reason != "Quota" || c.Message != "dns: Ask for more" {
		t.Errorf("Stalled is %+v", c)
	}
}

// The annotation counts only in a report without a result.
func TestReportOfLastResult(t *testing.T) {
	for status, want := range map[metav1.ConditionStatus]string{yes: "", no: "", unknown: "last"} {
		s := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{v1.LastResultAnnotation: "last"}}}
		s.Spec.Conditions = []v1.AdapterCondition{{Type: v1.AvailableCondition, Status: status}}
		if got := aggregate.ReportOf(s).Last; got != want {
			t.Errorf("Beside Available=%s the last result is %q, want %q", status, got, want)
		}
	}
}
