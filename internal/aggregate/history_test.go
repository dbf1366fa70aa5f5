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

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// step changes the input of the previous step, whose conditions become the previous
// conditions of this step.
type step struct {
	change        func(*aggregate.Input)
	wantAvailable brief
	wantReady     brief
}

func TestHistories(t *testing.T) {
	bothTrue := []aggregate.Report{report("dns", 1, yes, 10), report("validator", 1, yes, 11)}
	isAvailable := func(generation int64, updated, changed int) brief {
		return brief{yes, "ResourceAvailable", accessible, generation, at(updated), at(changed)}
	}
	isReady := func(generation int64, updated, changed int) brief {
		return brief{yes, "ResourceReady", allReady, generation, at(updated), at(changed)}
	}
	nothingRequired := func(updated, changed int) brief {
		return brief{no, "NoRequiredAdapters", noAdapters, 0, at(updated), at(changed)}
	}
	start := step{
		change:        func(in *aggregate.Input) { in.Reports = bothTrue },
		wantAvailable: isAvailable(1, 10, 60),
		wantReady:     isReady(1, 10, 60),
	}

	tests := map[string][]step{
		"an adapter is added to the required ones": {
			start,
			{
				change:        func(in *aggregate.Input) { in.Required = []string{"dns", "hypershift", "validator"} },
				wantAvailable: isAvailable(1, 10, 60),
				wantReady:     brief{no, "AdaptersNotReady", "hypershift: not reported", 1, at(10), at(61)},
			},
			{
				change:        func(in *aggregate.Input) { in.Reports = append(in.Reports, report("hypershift", 1, yes, 12)) },
				wantAvailable: isAvailable(1, 10, 60),
				wantReady:     isReady(1, 10, 62),
			},
		},
		"an adapter at fault is removed from the required ones": {
			{
				change: func(in *aggregate.Input) {
					in.Reports = []aggregate.Report{report("dns", 1, no, 10), report("validator", 1, yes, 11)}
				},
				wantAvailable: brief{no, "AdaptersUnavailable", "dns: Available=False at generation 1", 1, at(10), at(0)},
				wantReady:     brief{no, "AdaptersNotReady", "dns: Available=False", 1, at(10), at(0)},
			},
			{
				change:        func(in *aggregate.Input) { in.Required = []string{"validator"} },
				wantAvailable: isAvailable(1, 11, 61),
				wantReady:     isReady(1, 11, 61),
			},
		},
		"no adapter is required, then one again": {
			start,
			{
				change:        func(in *aggregate.Input) { in.Required = nil },
				wantAvailable: nothingRequired(10, 61),
				wantReady:     nothingRequired(1, 61),
			},
			{
				change:        func(in *aggregate.Input) { in.Required = []string{"hypershift"} },
				wantAvailable: brief{no, "AwaitingAdapters", awaiting, 0, at(10), at(61)},
				wantReady:     brief{no, "AwaitingAdapters", awaiting, 0, at(1), at(61)},
			},
			{
				change:        func(in *aggregate.Input) { in.Required = []string{"dns"} },
				wantAvailable: isAvailable(1, 10, 63),
				wantReady:     isReady(1, 10, 63),
			},
		},
		"no adapter is required from the start": {
			{
				change:        func(in *aggregate.Input) { in.Required, in.Reports = []string{}, bothTrue },
				wantAvailable: nothingRequired(0, 0),
				wantReady:     nothingRequired(1, 0),
			},
		},
		"the cluster is missing, comes, goes and comes again": {
			{
				change:        func(in *aggregate.Input) { in.MissingCluster = "east" },
				wantAvailable: brief{no, "AwaitingAdapters", awaiting, 0, at(0), at(0)},
				wantReady:     brief{no, "ClusterNotFound", `Cluster "east" does not exist`, 0, at(1), at(0)},
			},
			{
				change:        func(in *aggregate.Input) { in.MissingCluster = "" },
				wantAvailable: brief{no, "AwaitingAdapters", awaiting, 0, at(0), at(0)},
				wantReady:     brief{no, "AwaitingAdapters", awaiting, 0, at(1), at(0)},
			},
			{
				change:        func(in *aggregate.Input) { in.MissingCluster, in.Reports = "east", bothTrue },
				wantAvailable: isAvailable(1, 10, 62),
				wantReady:     brief{no, "ClusterNotFound", `Cluster "east" does not exist`, 1, at(10), at(0)},
			},
			{
				change:        func(in *aggregate.Input) { in.MissingCluster = "" },
				wantAvailable: isAvailable(1, 10, 62),
				wantReady:     isReady(1, 10, 63),
			},
		},
		"the cluster is missing and no adapter is required": {
			{
				change:        func(in *aggregate.Input) { in.MissingCluster, in.Required = "east", nil },
				wantAvailable: nothingRequired(0, 0),
				wantReady:     brief{no, "ClusterNotFound", `Cluster "east" does not exist`, 0, at(1), at(0)},
			},
		},
		"a change of the spec is taken up by one adapter, then the other": {
			start,
			{
				change:        func(in *aggregate.Input) { in.Generation, in.Updated = 2, at(20) },
				wantAvailable: isAvailable(1, 10, 60),
				wantReady:     brief{no, "AdaptersNotReady", "dns: at generation 1; validator: at generation 1", 1, at(20), at(61)},
			},
			{
				change:        func(in *aggregate.Input) { in.Reports = []aggregate.Report{report("dns", 2, yes, 21), bothTrue[1]} },
				wantAvailable: isAvailable(1, 11, 60),
				wantReady:     brief{no, "AdaptersNotReady", "validator: at generation 1", 2, at(21), at(61)},
			},
			{
				change: func(in *aggregate.Input) {
					in.Reports = []aggregate.Report{report("dns", 2, yes, 21), report("validator", 2, yes, 22)}
				},
				wantAvailable: isAvailable(2, 21, 60),
				wantReady:     isReady(2, 21, 63),
			},
		},
		"the clock goes back": {
			start,
			{
				change: func(in *aggregate.Input) {
					in.Reports, in.Now = []aggregate.Report{report("dns", 1, no, 12), bothTrue[1]}, at(55)
				},
				wantAvailable: brief{no, "AdaptersUnavailable", "dns: Available=False at generation 1", 1, at(11), at(60)},
				wantReady:     brief{no, "AdaptersNotReady", "dns: Available=False", 1, at(11), at(60)},
			},
		},
		"the clock was ahead": {
			start,
			{
				change: func(in *aggregate.Input) {
					in.Reports, in.Now = []aggregate.Report{report("dns", 1, no, 12), bothTrue[1]}, at(30)
				},
				wantAvailable: brief{no, "AdaptersUnavailable", "dns: Available=False at generation 1", 1, at(11), at(30)},
				wantReady:     brief{no, "AdaptersNotReady", "dns: Available=False", 1, at(11), at(30)},
			},
		},
		"Unknown between two results undoes nothing": {
			start,
			{
				change:        func(in *aggregate.Input) { in.Reports = []aggregate.Report{report("dns", 1, unknown, 20), bothTrue[1]} },
				wantAvailable: isAvailable(1, 10, 60),
				wantReady:     isReady(1, 10, 60),
			},
			{
				change:        func(in *aggregate.Input) { in.Reports = []aggregate.Report{report("dns", 1, unknown, 21), bothTrue[1]} },
				wantAvailable: isAvailable(1, 10, 60),
				wantReady:     isReady(1, 10, 60),
			},
			{
				change:        func(in *aggregate.Input) { in.Reports = []aggregate.Report{report("dns", 1, yes, 22), bothTrue[1]} },
				wantAvailable: isAvailable(1, 11, 60),
				wantReady:     isReady(1, 11, 60),
			},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(1, nil)
			for i, step := range steps {
				in.Now = at(60 + i)
				step.change(&in)
				got := aggregate.Conditions(in)
				if diff := cmp.Diff(step.wantAvailable, briefOf(t, got, "Available")); diff != "" {
					t.Errorf("step %d: Available (-want +got):\n%s", i, diff)
				}
				if diff := cmp.Diff(step.wantReady, briefOfReady(t, in, got)); diff != "" {
					t.Errorf("step %d: Ready (-want +got):\n%s", i, diff)
				}
				in.Previous = got
			}
		})
	}
}

func TestAdapterConditions(t *testing.T) {
	// shown returns a condition created, updated and last changed at these minutes.
	shown := func(name string, r aggregate.Report, created, updated, changed int) v1.ResourceCondition {
		return v1.ResourceCondition{
			Type: name, Status: r.Available, Reason: r.Reason, Message: r.Message, ObservedGeneration: r.Generation,
			CreatedTime: stamp(created), LastUpdatedTime: stamp(updated), LastTransitionTime: stamp(changed),
		}
	}
	created := func(r aggregate.Report, minute int) aggregate.Report {
		r.Created = at(minute)
		return r
	}
	saysWhy := because(report("gcp-provisioner", 1, no, 10), "QuotaExceeded")
	saysWhy.Message = "No quota for 3 addresses"
	noTransition, longAgo := report("dns", 1, yes, 10), report("dns", 1, yes, 10)
	noTransition.Transition, longAgo.Transition = time.Time{}, at(5)
	dnsTrue := shown("DnsSuccessful", report("dns", 1, yes, 10), 4, 10, 7)

	// dns-2 and dns2 share Dns2Successful; dns2's report was created first.
	dashed, plain := because(report("dns-2", 1, yes, 20), "Dashed"), because(report("dns2", 1, no, 10), "Plain")
	plainFirst := []v1.ResourceCondition{
		shown("Dns2Successful", plain, 10, 10, 10),
		shown("Dns2Successful_dns-2", dashed, 20, 20, 20),
	}

	tests := map[string]struct {
		previous []v1.ResourceCondition
		reports  []aggregate.Report
		want     []v1.ResourceCondition
	}{
		"reason and message are the report's": {
			reports: []aggregate.Report{saysWhy},
			want:    []v1.ResourceCondition{shown("GcpProvisionerSuccessful", saysWhy, 10, 10, 10)},
		},
		"sorted by type, required or not, at their own generation": {
			reports: []aggregate.Report{report("validator", 2, yes, 11), report("x-1", 1, no, 12), report("billing", 2, no, 13)},
			want: []v1.ResourceCondition{
				shown("BillingSuccessful", report("billing", 2, no, 13), 13, 13, 13),
				shown("ValidatorSuccessful", report("validator", 2, yes, 11), 11, 11, 11),
				shown("X1Successful", report("x-1", 1, no, 12), 12, 12, 12),
			},
		},
		"the first transition is the report's": {
			reports: []aggregate.Report{longAgo},
			want:    []v1.ResourceCondition{shown("DnsSuccessful", longAgo, 10, 10, 5)},
		},
		"the first transition, where the report does not say": {
			reports: []aggregate.Report{noTransition},
			want:    []v1.ResourceCondition{shown("DnsSuccessful", noTransition, 10, 10, 10)},
		},
		"same status: the transition stays": {
			previous: []v1.ResourceCondition{dnsTrue},
			reports:  []aggregate.Report{report("dns", 2, yes, 20)},
			want:     []v1.ResourceCondition{shown("DnsSuccessful", report("dns", 2, yes, 20), 4, 20, 7)},
		},
		"another status: the transition moves": {
			previous: []v1.ResourceCondition{dnsTrue},
			reports:  []aggregate.Report{report("dns", 2, no, 20)},
			want:     []v1.ResourceCondition{shown("DnsSuccessful", report("dns", 2, no, 20), 4, 20, 20)},
		},
		"a time in the future": {
			previous: []v1.ResourceCondition{dnsTrue},
			reports:  []aggregate.Report{report("dns", 2, no, 66)},
			want:     []v1.ResourceCondition{dnsTrue},
		},
		"a newer generation with an earlier time: transition and creation do not go back": {
			previous: []v1.ResourceCondition{dnsTrue},
			reports:  []aggregate.Report{report("dns", 2, no, 3)},
			want:     []v1.ResourceCondition{shown("DnsSuccessful", report("dns", 2, no, 3), 4, 3, 7)},
		},
		"Unknown: the condition stays": {
			previous: []v1.ResourceCondition{dnsTrue},
			reports:  []aggregate.Report{report("dns", 2, unknown, 20)},
			want:     []v1.ResourceCondition{dnsTrue},
		},
		"Unknown, nothing known": {
			reports: []aggregate.Report{report("dns", 2, unknown, 20)},
		},
		"Unknown, and what was known is of a generation that the parent does not have": {
			previous: []v1.ResourceCondition{shown("DnsSuccessful", report("dns", 3, yes, 10), 4, 10, 7)},
			reports:  []aggregate.Report{report("dns", 2, unknown, 20)},
		},
		"no Available condition": {
			previous: []v1.ResourceCondition{dnsTrue},
			reports:  []aggregate.Report{report("dns", 2, none, 20)},
			want:     []v1.ResourceCondition{dnsTrue},
		},
		"a generation that the parent does not have yet": {
			previous: []v1.ResourceCondition{dnsTrue},
			reports:  []aggregate.Report{report("dns", 3, yes, 20)},
			want:     []v1.ResourceCondition{dnsTrue},
		},
		"the report is gone": {
			previous: []v1.ResourceCondition{dnsTrue},
		},
		"one type: the first created keeps it": {
			reports: []aggregate.Report{dashed, plain},
			want:    plainFirst,
		},
		"one type: the other one was first": {
			reports: []aggregate.Report{created(dashed, 9), plain},
			want: []v1.ResourceCondition{
				shown("Dns2Successful", dashed, 20, 20, 20),
				shown("Dns2Successful_dns2", plain, 10, 10, 10),
			},
		},
		"one type, created in the same second: by name": {
			reports: []aggregate.Report{plain, created(dashed, 10)},
			want: []v1.ResourceCondition{
				shown("Dns2Successful", dashed, 20, 20, 20),
				shown("Dns2Successful_dns2", plain, 10, 10, 10),
			},
		},
		"one type, three adapters": {
			reports: []aggregate.Report{dashed, plain, report("dns--2", 1, yes, 30)},
			want:    append(plainFirst[:2:2], shown("Dns2Successful_dns--2", report("dns--2", 1, yes, 30), 30, 30, 30)),
		},
		"one type: it is taken also by a report without a result": {
			reports: []aggregate.Report{dashed, report("dns2", 1, unknown, 10)},
			want:    plainFirst[1:],
		},
		"one type: both Unknown keep their own": {
			previous: plainFirst,
			reports:  []aggregate.Report{created(report("dns-2", 1, unknown, 30), 20), created(report("dns2", 1, unknown, 30), 10)},
			want:     plainFirst,
		},
		"one type: the first is gone, the other takes it and its own history": {
			previous: plainFirst,
			reports:  []aggregate.Report{created(report("dns-2", 1, unknown, 30), 20)},
			want:     []v1.ResourceCondition{shown("Dns2Successful", dashed, 20, 20, 20)},
		},
		"one type: the first is made anew, both keep their own history": {
			previous: plainFirst,
			reports:  []aggregate.Report{created(report("dns-2", 1, unknown, 30), 20), created(report("dns2", 1, unknown, 30), 40)},
			want: []v1.ResourceCondition{
				shown("Dns2Successful", dashed, 20, 20, 20),
				shown("Dns2Successful_dns2", plain, 10, 10, 10),
			},
		},
		"one type: a second adapter gets nothing of the first": {
			previous: plainFirst[:1],
			reports:  []aggregate.Report{plain, report("dns-2", 1, unknown, 30)},
			want:     plainFirst[:1],
		},
		"one type: a second adapter that comes before by name gets nothing of the first": {
			previous: plainFirst[:1],
			reports:  []aggregate.Report{plain, created(report("dns-2", 1, unknown, 30), 10)},
			want:     []v1.ResourceCondition{shown("Dns2Successful_dns2", plain, 10, 10, 10)},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(2, test.previous, test.reports...)
			got := aggregate.Conditions(in)
			if got[0].Type != "Available" || got[1].Type != "Ready" {
				t.Errorf("Conditions start with %s, %s", got[0].Type, got[1].Type)
			}
			want := append(make([]v1.ResourceCondition, 0), test.want...)
			sortByType(want)
			if diff := cmp.Diff(want, got[2:]); diff != "" {
				t.Errorf("adapter conditions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConditionsOfANodePool(t *testing.T) {
	in := input(1, nil, report("validator", 1, yes, 10))
	in.Kind, in.Required = v1.NodePoolKind, []string{"validator", "validator"}
	in.Now = at(60).Add(1234567 * time.Nanosecond)
	changed := v1.NewTimestamp(at(60).Add(1234 * time.Microsecond))
	want := []v1.ResourceCondition{
		{
			Type: "Available", Status: yes, Reason: "ResourceAvailable", Message: "NodePool is accessible", ObservedGeneration: 1,
			CreatedTime: stamp(0), LastUpdatedTime: stamp(10), LastTransitionTime: changed,
		},
		{
			Type: "Ready", Status: yes, Reason: "ResourceReady", Message: allReady, ObservedGeneration: 1,
			CreatedTime: stamp(0), LastUpdatedTime: stamp(10), LastTransitionTime: changed,
		},
		{
			Type: "ValidatorSuccessful", Status: yes, ObservedGeneration: 1,
			CreatedTime: stamp(10), LastUpdatedTime: stamp(10), LastTransitionTime: stamp(10),
		},
	}
	if diff := cmp.Diff(want, aggregate.Conditions(in)); diff != "" {
		t.Errorf("Conditions (-want +got):\n%s", diff)
	}
}
