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
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/test/oracle"
)

// FuzzConditions compares the conditions with the oracle after every step of a
// history. The fuzzer chooses the steps byte by byte.
func FuzzConditions(f *testing.F) {
	for _, seed := range []string{
		"",
		"\x00\x01\x01\x02",
		"rrrrrrrrrrrr",
		"\x03\x00\x01\x00\x05\x03\x01\x01\x00\x06\x00\x03\x00\x01\x01\x07",
		"\x03\x00\x00\x00\x00\x03\x01\x00\x00\x00\x03\x02\x00\x00\x00\x00\x03\x00\x00\x02\x01\x03\x01\x01\x00\x01",
		"\x03\x00\x04\x00\x09\x00\x00\x00\x03\x00\x00\x01\x09\x01\x07\x02\x01",
		"\x02\x00\x03\x01\x00\x00\x00\x02\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, history []byte) {
		// A fault shows within some dozens of steps. Longer histories only cost time.
		history = history[:min(len(history), 400)]
		next := func() int {
			if len(history) == 0 {
				return 0
			}
			b := history[0]
			history = history[1:]
			return int(b)
		}
		in := input(1, nil)
		for minute := 61; len(history) > 0; minute++ {
			in.Now = at(minute)
			takeStep(&in, next)
			got := aggregate.Conditions(in)
			want := judge(t, in)
			sortByType(want)
			sortByType(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-oracle +aggregation):\n%s\nof %+v", diff, in)
			}
			if got, want := aggregate.ReportedGeneration(got, in.Required), oracle.ReportedGeneration(resourceOf(in), want); got != want {
				t.Fatalf("ReportedGeneration = %d, the oracle says %d", got, want)
			}
			if diff := cmp.Diff(oracle.Awaited(resourceOf(in), reportsOf(t, in)), aggregate.Awaited(in)); diff != "" {
				t.Fatalf("Awaited (-oracle +aggregation):\n%s", diff)
			}
			in.Previous = stored(t, got)
		}
	})
}

var fuzzAdapters = []string{"dns", "validator", "gcp-provisioner", "x"}

// takeStep changes the input according to the bytes.
func takeStep(in *aggregate.Input, next func() int) {
	switch next() % 24 {
	case 0: // a change of spec
		in.Generation++
		in.Updated = in.Now.Truncate(time.Second)
	case 1: // other adapters are required
		bits := next()
		in.Required = nil
		for i, name := range fuzzAdapters {
			if bits>>i&1 == 1 {
				in.Required = append(in.Required, name)
			}
		}
	case 2: // a report is deleted
		name := fuzzAdapters[next()%len(fuzzAdapters)]
		in.Reports = slices.DeleteFunc(slices.Clone(in.Reports), func(r aggregate.Report) bool { return r.Adapter == name })
	case 3: // the Cluster of a NodePool disappears or appears
		in.Kind, in.MissingCluster = v1.NodePoolKind, []string{"", "east"}[next()%2]
	case 4: // the next reader of the reports may be behind
		in.Confirmed = next()%2 == 0
	case 7: // the parent is deleted
		if in.Deleted.IsZero() {
			in.Generation++
			in.Deleted = in.Now.Truncate(time.Second)
		}
	case 8: // NodePools and finalizers appear and disappear
		in.Children = []string{"workers", "infra", "gpu"}[:next()%4]
		in.Finalizers = []string{"example.com/hold"}[:next()%2]
	case 9: // other adapters finalize
		bits := next()
		in.Finalizing = nil
		for i, name := range fuzzAdapters {
			if bits>>i&1 == 1 {
				in.Finalizing = append(in.Finalizing, name)
			}
		}
	case 10: // other names are configured
		in.ConditionNames = []aggregate.ConditionNames{aggregate.BothNames, aggregate.FirstNames, aggregate.NewerNames}[next()%3]
	case 11: // a known result is kept
		name := fuzzAdapters[next()%len(fuzzAdapters)]
		if !slices.Contains(in.Kept, name) {
			in.Kept = append(slices.Clone(in.Kept), name)
		}
	case 12: // no known result is kept any more
		in.Kept = nil
	case 13: // another process may have computed the previous conditions, or not
		in.Foreign = next()%2 == 0
	case 14: // the rules yield other conditions, or there are no rules
		in.Mapped = nil
		if n := next() % 4; n > 0 {
			in.Mapped = make([]aggregate.Mapped, 0, n)
			for _, name := range []string{"Placed", "Healthy", "Reachable"}[:n-1] {
				in.Mapped = append(in.Mapped, aggregate.Mapped{Type: name, Status: []metav1.ConditionStatus{yes, no}[next()%2],
					Reason: []string{"", "Region"}[next()%2], Message: strings.Repeat("é;<", 300*(next()%2))})
			}
		}
	case 6: // the API server refuses the status, or accepts it again
		in.Minimal = next()%2 == 1
	case 5: // the clock goes back
		in.Now = in.Now.Add(-time.Duration(next()) * time.Minute)
	default:
		in.Reports = replace(in.Reports, fuzzReport(in, next))
	}
}

func fuzzReport(in *aggregate.Input, next func() int) aggregate.Report {
	r := aggregate.Report{
		Adapter:    fuzzAdapters[next()%len(fuzzAdapters)],
		Generation: max(1, in.Generation+2-int64(next()%5)),
		Available:  []metav1.ConditionStatus{yes, yes, no, unknown, none}[next()%5],
		Observed:   at(next()).Add(time.Duration(next()) * time.Nanosecond),
		Reason:     []string{"", "Done", "ZoneMissing", strings.Repeat("Why", 100)}[next()%4],
		Message:    strings.Repeat("é;<\"\n", []int{0, 1, 2, 80, 300}[next()%5]),
	}
	if r.Finalized = []metav1.ConditionStatus{none, none, yes, no}[next()%4]; r.Finalized != none {
		r.FinalizedReason = "Because"
	}
	if r.Stalled = []metav1.ConditionStatus{none, yes, yes, no}[next()%4]; r.Stalled != none {
		r.StalledReason = []string{"", "Rejected", "NoQuota"}[next()%3]
		r.StalledMessage = strings.Repeat("é;<: ", []int{0, 1, 300}[next()%3])
	}
	if (r.Available == unknown || r.Available == none) && next()%2 == 0 {
		r.Last = fuzzLast(r, next)
	}
	if next()%4 > 0 && r.Available != none {
		r.Transition = at(next())
	}
	return r
}

// fuzzLast returns the annotation of a result that is not newer than the report.
func fuzzLast(r aggregate.Report, next func() int) string {
	return fmt.Sprintf("%s %d %s %q %q", []string{"True", "False", "Stalled"}[next()%3], max(1, r.Generation-int64(next()%3)),
		r.Observed.Add(-time.Duration(next()%3)*time.Minute).Format(time.RFC3339Nano),
		[]string{"", "Done", "a \n\"b\""}[next()%3], strings.Repeat("é;<", []int{0, 1, 300}[next()%3]))
}

// lastOf reads the annotation of fuzzLast.
func lastOf(t *testing.T, r aggregate.Report) *oracle.Report {
	t.Helper()
	if r.Last == "" {
		return nil
	}
	var last oracle.Report
	var status, observed string
	if _, err := fmt.Sscanf(r.Last, "%s %d %s %q %q", &status, &last.Generation, &observed, &last.Reason, &last.Message); err != nil {
		t.Fatalf("%s: %v", r.Last, err)
	}
	var err error
	if last.Observed, err = time.Parse(time.RFC3339Nano, observed); err != nil {
		t.Fatal(err)
	}
	if last.Available = metav1.ConditionStatus(status); status == "Stalled" {
		last.Available, last.Stalled = no, yes
	}
	return &last
}

func replace(reports []aggregate.Report, fresh aggregate.Report) []aggregate.Report {
	others := slices.DeleteFunc(slices.Clone(reports), func(r aggregate.Report) bool { return r.Adapter == fresh.Adapter })
	return append(others, fresh)
}

// judge returns the oracle's conditions.
func judge(t *testing.T, in aggregate.Input) []v1.ResourceCondition {
	t.Helper()
	return oracle.Conditions(resourceOf(in), reportsOf(t, in))
}

func reportsOf(t *testing.T, in aggregate.Input) []oracle.Report {
	t.Helper()
	reports := make([]oracle.Report, 0, len(in.Reports))
	for _, r := range in.Reports {
		reports = append(reports, oracle.Report{Adapter: r.Adapter, Generation: r.Generation, Observed: r.Observed,
			Available: r.Available, Reason: r.Reason, Message: r.Message, Changed: r.Transition,
			Finalized: r.Finalized, FinalizedReason: r.FinalizedReason,
			Stalled: r.Stalled, StalledReason: r.StalledReason, StalledMessage: r.StalledMessage, Last: lastOf(t, r)})
	}
	return reports
}

func resourceOf(in aggregate.Input) oracle.Resource {
	var rules []oracle.Rule
	if in.Mapped != nil {
		rules = make([]oracle.Rule, len(in.Mapped))
	}
	for i, m := range in.Mapped {
		rules[i] = oracle.Rule(m)
	}
	return oracle.Resource{Kind: in.Kind, Generation: in.Generation, Created: in.Created, Updated: in.Updated,
		Required: in.Required, Deleted: in.Deleted, Finalizing: in.Finalizing, Children: in.Children, Finalizers: in.Finalizers,
		MissingCluster: in.MissingCluster, Kept: in.Kept, Confirmed: in.Confirmed, Foreign: in.Foreign, Mapped: rules, ConditionNames: string(in.ConditionNames), Minimal: in.Minimal, Before: in.Previous, Now: in.Now}
}
