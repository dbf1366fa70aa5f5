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
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

const (
	yes     = metav1.ConditionTrue
	no      = metav1.ConditionFalse
	unknown = metav1.ConditionUnknown
	none    = metav1.ConditionStatus("")

	awaiting   = "Waiting for adapters to report status"
	accessible = "Cluster is accessible"
	allReady   = "All adapters report ready at current generation"
	noAdapters = "No adapters are required for this kind, so nothing can report a result"
)

// The parent is created at minute 0, updated at minute 1; now is minute 60.
func at(minute int) time.Time {
	return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(minute) * time.Minute)
}

func stamp(minute int) v1.Timestamp { return v1.NewTimestamp(at(minute)) }

// report returns a report that was created and observed at a minute.
func report(adapter string, generation int64, available metav1.ConditionStatus, minute int) aggregate.Report {
	r := aggregate.Report{Adapter: adapter, Generation: generation, Observed: at(minute), Created: at(minute), Available: available}
	if available != none {
		r.Transition = at(minute)
	}
	return r
}

// because returns the report with a reason.
func because(r aggregate.Report, reason string) aggregate.Report {
	r.Reason = reason
	return r
}

// input returns the input of a Cluster that requires dns and validator.
func input(generation int64, previous []v1.ResourceCondition, reports ...aggregate.Report) aggregate.Input {
	return aggregate.Input{
		Kind:           v1.ClusterKind,
		Generation:     generation,
		Created:        at(0),
		Updated:        at(1),
		Required:       []string{"validator", "dns"},
		Reports:        reports,
		Confirmed:      true,
		ConditionNames: aggregate.FirstNames,
		Previous:       previous,
		Now:            at(60),
	}
}

// brief holds the fields of a condition that the tables compare.
type brief struct {
	Status             metav1.ConditionStatus
	Reason, Message    string
	ObservedGeneration int64
	Updated, Changed   time.Time
}

func briefOf(t *testing.T, conditions []v1.ResourceCondition, name string) brief {
	t.Helper()
	for _, c := range conditions {
		if c.Type == name {
			return brief{c.Status, c.Reason, c.Message, c.ObservedGeneration, c.LastUpdatedTime.Time, c.LastTransitionTime.Time}
		}
	}
	t.Fatalf("no condition %s in %v", name, conditions)
	return brief{}
}

// briefOfReady returns Ready with the generation that REST shows, and checks that
// the condition itself observes the parent's generation.
func briefOfReady(t *testing.T, in aggregate.Input, conditions []v1.ResourceCondition) brief {
	t.Helper()
	b := briefOf(t, conditions, "Ready")
	if b.ObservedGeneration != in.Generation {
		t.Errorf("Ready observes generation %d, want %d", b.ObservedGeneration, in.Generation)
	}
	b.ObservedGeneration = aggregate.ReportedGeneration(conditions, in.Required)
	return b
}

func TestAvailableAndReady(t *testing.T) {
	awaitingAvailable := brief{no, "AwaitingAdapters", awaiting, 0, at(0), at(0)}
	awaits := func(message string) brief { return brief{no, "AwaitingAdapters", message, 0, at(0), at(0)} }
	awaitingReady := brief{no, "AwaitingAdapters", awaiting, 0, at(1), at(0)}

	// A parent whose adapters both said True at generation 1.
	both := []aggregate.Report{report("dns", 1, yes, 10), report("validator", 1, yes, 11)}
	first := input(1, nil, both...)
	first.Now = at(12)
	wasTrue := aggregate.Conditions(first)
	// A parent whose dns adapter said False.
	first.Reports = []aggregate.Report{because(report("dns", 1, no, 10), "ZoneMissing"), report("validator", 1, yes, 11)}
	wasFalse := aggregate.Conditions(first)
	staysTrue := brief{yes, "ResourceAvailable", accessible, 1, at(10), at(12)}
	staysFalse := brief{no, "AdaptersUnavailable", "dns: Available=False at generation 1 (ZoneMissing)", 1, at(10), at(0)}

	notReady := func(generation int64, updated, changed int, message string) brief {
		return brief{no, "AdaptersNotReady", message, generation, at(updated), at(changed)}
	}
	isReady := func(generation int64, updated, changed int) brief {
		return brief{yes, "ResourceReady", allReady, generation, at(updated), at(changed)}
	}

	tests := map[string]struct {
		generation    int64
		previous      []v1.ResourceCondition
		reports       []aggregate.Report
		wantAvailable brief
		wantReady     brief
	}{
		"no reports": {
			generation:    1,
			wantAvailable: awaitingAvailable,
			wantReady:     awaitingReady,
		},
		"some report True": {
			generation:    1,
			reports:       []aggregate.Report{report("dns", 1, yes, 10)},
			wantAvailable: awaits("validator: not reported"),
			wantReady:     notReady(1, 10, 0, "validator: not reported"),
		},
		"some report False": {
			generation:    1,
			reports:       []aggregate.Report{because(report("dns", 1, no, 10), "ZoneMissing")},
			wantAvailable: awaits("validator: not reported"),
			wantReady:     notReady(1, 10, 0, "dns: Available=False (ZoneMissing); validator: not reported"),
		},
		"all True": {
			generation:    1,
			reports:       both,
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 1, at(10), at(60)},
			wantReady:     isReady(1, 10, 60),
		},
		"all True, once more": {
			generation:    1,
			previous:      wasTrue,
			reports:       []aggregate.Report{report("dns", 1, yes, 21), report("validator", 1, yes, 20)},
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 1, at(20), at(12)},
			wantReady:     isReady(1, 20, 12),
		},
		"one False, one True": {
			generation:    1,
			reports:       []aggregate.Report{report("dns", 1, yes, 10), because(report("validator", 1, no, 9), "QuotaExceeded")},
			wantAvailable: brief{no, "AdaptersUnavailable", "validator: Available=False at generation 1 (QuotaExceeded)", 1, at(9), at(0)},
			wantReady:     notReady(1, 9, 0, "validator: Available=False (QuotaExceeded)"),
		},
		"all False, one without a reason": {
			generation:    1,
			reports:       []aggregate.Report{report("dns", 1, no, 10), because(report("validator", 1, no, 9), "QuotaExceeded")},
			wantAvailable: brief{no, "AdaptersUnavailable", "dns: Available=False at generation 1; validator: Available=False at generation 1 (QuotaExceeded)", 1, at(9), at(0)},
			wantReady:     notReady(1, 9, 0, "dns: Available=False; validator: Available=False (QuotaExceeded)"),
		},
		"the contract: Available=True at 1, one adapter reports False at 1": {
			generation:    1,
			previous:      wasTrue,
			reports:       []aggregate.Report{because(report("dns", 1, no, 20), "ZoneMissing"), both[1]},
			wantAvailable: brief{no, "AdaptersUnavailable", "dns: Available=False at generation 1 (ZoneMissing)", 1, at(11), at(60)},
			wantReady:     notReady(1, 11, 60, "dns: Available=False (ZoneMissing)"),
		},
		"the contract: Available=True at 1, one adapter reports False at 2": {
			generation:    2,
			previous:      wasTrue,
			reports:       []aggregate.Report{because(report("dns", 2, no, 20), "ZoneMissing"), both[1]},
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 1, at(11), at(12)},
			wantReady:     notReady(2, 20, 60, "dns: Available=False (ZoneMissing); validator: at generation 1"),
		},
		"the contract: a spec change makes Ready False at once": {
			generation:    2,
			previous:      wasTrue,
			reports:       both,
			wantAvailable: staysTrue,
			wantReady:     notReady(1, 1, 60, "dns: at generation 1; validator: at generation 1"),
		},
		"all True at an older generation": {
			generation:    3,
			reports:       []aggregate.Report{report("dns", 2, yes, 10), report("validator", 2, yes, 11)},
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 2, at(10), at(60)},
			wantReady:     notReady(2, 1, 0, "dns: at generation 2; validator: at generation 2"),
		},
		"one False, all at an older generation": {
			generation:    2,
			previous:      wasTrue,
			reports:       []aggregate.Report{because(report("dns", 1, no, 20), "ZoneMissing"), both[1]},
			wantAvailable: brief{no, "AdaptersUnavailable", "dns: Available=False at generation 1 (ZoneMissing)", 1, at(11), at(60)},
			wantReady:     notReady(1, 1, 60, "dns: at generation 1, Available=False (ZoneMissing); validator: at generation 1"),
		},
		"mixed generations, all True, was True": {
			generation:    2,
			previous:      wasTrue,
			reports:       []aggregate.Report{report("dns", 2, yes, 20), both[1]},
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 1, at(11), at(12)},
			wantReady:     notReady(2, 20, 60, "validator: at generation 1"),
		},
		"mixed generations, all True, was False": {
			generation:    2,
			previous:      wasFalse,
			reports:       []aggregate.Report{report("dns", 2, yes, 20), both[1]},
			wantAvailable: brief{no, staysFalse.Reason, staysFalse.Message, 1, at(11), at(0)},
			wantReady:     notReady(2, 20, 0, "validator: at generation 1"),
		},
		"mixed generations from the start": {
			generation:    2,
			reports:       []aggregate.Report{report("dns", 2, yes, 20), both[1]},
			wantAvailable: awaits("dns: at generation 2; validator: at generation 1"),
			wantReady:     notReady(2, 20, 0, "validator: at generation 1"),
		},
		"mixed generations, none at the observed one": {
			generation:    3,
			previous:      wasTrue,
			reports:       []aggregate.Report{report("dns", 2, yes, 20), report("validator", 3, yes, 21)},
			wantAvailable: staysTrue,
			wantReady:     notReady(3, 21, 60, "dns: at generation 2"),
		},
		"the next generation, all True": {
			generation:    2,
			previous:      wasTrue,
			reports:       []aggregate.Report{report("dns", 2, yes, 20), report("validator", 2, yes, 21)},
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 2, at(20), at(12)},
			wantReady:     isReady(2, 20, 12),
		},
		"reports gone, was True": {
			generation:    1,
			previous:      wasTrue,
			wantAvailable: staysTrue,
			wantReady:     brief{no, "AwaitingAdapters", awaiting, 0, at(1), at(60)},
		},
		"one report gone, was False": {
			generation:    1,
			previous:      wasFalse,
			reports:       both[1:],
			wantAvailable: brief{no, staysFalse.Reason, staysFalse.Message, 1, at(11), at(0)},
			wantReady:     notReady(1, 11, 0, "dns: not reported"),
		},
		"no Available condition": {
			generation:    1,
			reports:       []aggregate.Report{report("dns", 1, none, 10), report("validator", 1, none, 11)},
			wantAvailable: awaits("dns: no Available condition; validator: no Available condition"),
			wantReady:     notReady(0, 1, 0, "dns: no Available condition; validator: no Available condition"),
		},
		"no Available condition any more": {
			generation:    1,
			previous:      wasTrue,
			reports:       []aggregate.Report{report("dns", 1, none, 20), both[1]},
			wantAvailable: staysTrue,
			wantReady:     isReady(1, 10, 12),
		},
		"a generation that the parent does not have yet": {
			generation:    1,
			reports:       []aggregate.Report{report("dns", 2, yes, 10), report("validator", 2, yes, 11)},
			wantAvailable: awaitingAvailable,
			wantReady:     awaitingReady,
		},
		"that generation, once the parent has it": {
			generation:    2,
			reports:       []aggregate.Report{report("dns", 2, yes, 10), report("validator", 2, yes, 11)},
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 2, at(10), at(60)},
			wantReady:     isReady(2, 10, 60),
		},
		"an adapter that is not required does not count": {
			generation:    1,
			reports:       append([]aggregate.Report{report("billing", 1, no, 5)}, both...),
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 1, at(10), at(60)},
			wantReady:     isReady(1, 10, 60),
		},
		"only an adapter that is not required": {
			generation:    1,
			reports:       []aggregate.Report{report("billing", 1, yes, 5)},
			wantAvailable: awaitingAvailable,
			wantReady:     awaitingReady,
		},
		"Unknown, nothing known": {
			generation:    1,
			reports:       []aggregate.Report{because(report("dns", 1, unknown, 10), "Deploying"), report("validator", 1, unknown, 10)},
			wantAvailable: awaits("dns: Available=Unknown (Deploying); validator: Available=Unknown"),
			wantReady:     notReady(0, 1, 0, "dns: Available=Unknown (Deploying); validator: Available=Unknown"),
		},
		"Unknown, known True": {
			generation:    1,
			previous:      wasTrue,
			reports:       []aggregate.Report{report("dns", 1, unknown, 20), both[1]},
			wantAvailable: staysTrue,
			wantReady:     isReady(1, 10, 12),
		},
		"Unknown, known False": {
			generation:    1,
			previous:      wasFalse,
			reports:       []aggregate.Report{report("dns", 1, unknown, 20), both[1]},
			wantAvailable: staysFalse,
			wantReady:     notReady(1, 10, 0, "dns: Available=False (ZoneMissing)"),
		},
		"Unknown at a newer generation": {
			generation:    2,
			previous:      wasTrue,
			reports:       []aggregate.Report{report("dns", 2, unknown, 20), report("validator", 2, yes, 21)},
			wantAvailable: staysTrue,
			wantReady:     notReady(2, 21, 60, "dns: at generation 1"),
		},
		"Unknown at a generation that the parent does not have yet": {
			generation:    1,
			previous:      wasTrue,
			reports:       []aggregate.Report{report("dns", 2, unknown, 20), both[1]},
			wantAvailable: staysTrue,
			wantReady:     isReady(1, 10, 12),
		},
		"Unknown, nothing known, at an older generation": {
			generation:    2,
			reports:       []aggregate.Report{report("dns", 1, unknown, 10)},
			wantAvailable: awaits("dns: at generation 1, Available=Unknown; validator: not reported"),
			wantReady:     notReady(0, 1, 0, "dns: at generation 1, Available=Unknown; validator: not reported"),
		},
		"a generation that the parent does not have yet, known True": {
			generation:    1,
			previous:      wasTrue,
			reports:       []aggregate.Report{because(report("dns", 2, no, 20), "ZoneMissing"), both[1]},
			wantAvailable: staysTrue,
			wantReady:     isReady(1, 10, 12),
		},
		"five minutes in the future": {
			generation:    1,
			reports:       []aggregate.Report{report("dns", 1, yes, 65), both[1]},
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 1, at(11), at(60)},
			wantReady:     isReady(1, 11, 60),
		},
		"further in the future": {
			generation:    1,
			reports:       []aggregate.Report{report("dns", 1, yes, 66), report("validator", 1, yes, 66)},
			wantAvailable: awaitingAvailable,
			wantReady:     awaitingReady,
		},
		"further in the future, known True": {
			generation:    1,
			previous:      wasTrue,
			reports:       []aggregate.Report{report("dns", 1, no, 66), both[1]},
			wantAvailable: staysTrue,
			wantReady:     isReady(1, 10, 12),
		},
		"two reports of one adapter: the newest is in the future": {
			generation:    1,
			reports:       []aggregate.Report{report("dns", 1, no, 66), both[0], both[1]},
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 1, at(10), at(60)},
			wantReady:     isReady(1, 10, 60),
		},
		"two reports of one adapter: the newest counts": {
			generation: 2,
			reports: []aggregate.Report{
				report("dns", 1, no, 30), report("dns", 2, no, 10), report("dns", 2, yes, 20), report("dns", 2, no, 9), report("validator", 2, yes, 21),
			},
			wantAvailable: brief{yes, "ResourceAvailable", accessible, 2, at(20), at(60)},
			wantReady:     isReady(2, 20, 60),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(test.generation, test.previous, test.reports...)
			got := aggregate.Conditions(in)
			if diff := cmp.Diff(test.wantAvailable, briefOf(t, got, "Available")); diff != "" {
				t.Errorf("Available (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantReady, briefOfReady(t, in, got)); diff != "" {
				t.Errorf("Ready (-want +got):\n%s", diff)
			}
		})
	}
}

// Before the reconciler's first write, the facade shows the conditions that the
// reconciler then writes.
func TestFirstConditionsAreThoseOfTheContract(t *testing.T) {
	in := input(1, nil)
	in.Updated = in.Created
	want := []v1.ResourceCondition{
		{
			Type: "Available", Status: no, Reason: "AwaitingAdapters", Message: awaiting,
			CreatedTime: stamp(0), LastUpdatedTime: stamp(0), LastTransitionTime: stamp(0),
		},
		{
			Type: "Ready", Status: no, Reason: "AwaitingAdapters", Message: awaiting, ObservedGeneration: 1,
			CreatedTime: stamp(0), LastUpdatedTime: stamp(0), LastTransitionTime: stamp(0),
		},
	}
	for _, now := range []time.Time{{}, at(0), at(99)} {
		in.Now = now
		if diff := cmp.Diff(want, aggregate.Conditions(in)); diff != "" {
			t.Errorf("Conditions at %s (-want +got):\n%s", now, diff)
		}
	}
}
