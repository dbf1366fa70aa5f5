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

package controllers

import (
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

func TestAnnouncements(t *testing.T) {
	const announce, withdraw, arrive = "announce", "withdraw", "arrive"
	type step struct {
		do, report string
		want       time.Duration // of an arrival
	}
	tests := map[string][]step{
		"a report that nobody announced": {
			{arrive, "alpha.dns", gatherDelay},
		},
		"a report that was announced": {
			{announce, "alpha.dns", 0},
			{arrive, "alpha.dns", 0},
			{arrive, "alpha.dns", gatherDelay},
		},
		"all of several": {
			{announce, "alpha.dns", 0},
			{announce, "alpha.validator", 0},
			{announce, "alpha.hypershift", 0},
			{arrive, "alpha.validator", gatherLimit},
			{arrive, "alpha.dns", gatherLimit},
			{arrive, "alpha.hypershift", 0},
		},
		"another one comes first": {
			{announce, "alpha.dns", 0},
			{arrive, "alpha.validator", gatherLimit},
			{arrive, "alpha.dns", 0},
		},
		"one is not written after all": {
			{announce, "alpha.dns", 0},
			{announce, "alpha.validator", 0},
			{withdraw, "alpha.dns", 0},
			{arrive, "alpha.validator", 0},
		},
		"an answer after the arrival withdraws nothing else": {
			{announce, "alpha.dns", 0},
			{arrive, "alpha.dns", 0},
			{announce, "alpha.validator", 0},
			{withdraw, "alpha.dns", 0},
			{arrive, "alpha.dns", gatherLimit},
		},
		"two by one adapter": {
			{announce, "alpha.dns", 0},
			{announce, "alpha.dns", 0},
			{arrive, "alpha.dns", gatherLimit},
			{arrive, "alpha.dns", 0},
		},
		"one on another resource": {
			{announce, "beta.dns", 0},
			{arrive, "alpha.validator", gatherDelay},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			var announcements Announcements
			withdrawals := map[string]func(){}
			for _, step := range steps {
				report := reportNamed(step.report)
				switch step.do {
				case announce:
					withdrawals[step.report] = announcements.Announce(report)
				case withdraw:
					withdrawals[step.report]()
				case arrive:
					if got := announcements.arrived(report); got != step.want {
						t.Errorf("arrived(%s) = %s, want %s", step.report, got, step.want)
					}
				}
			}
		})
	}
}

func TestNoAnnouncements(t *testing.T) {
	var nobody *Announcements
	if got := nobody.arrived(reportNamed("alpha.dns")); got != gatherDelay {
		t.Errorf("arrived() = %s, want %s", got, gatherDelay)
	}
}

// What is not taken back would hold up the status of its resource for ever.
func TestAnnouncementsLeaveNothingBehind(t *testing.T) {
	var (
		announcements Announcements
		reports       sync.WaitGroup
	)
	for i := range 64 {
		reports.Go(func() {
			report := reportNamed([]string{"alpha.dns", "alpha.validator", "beta.dns"}[i%3])
			done := announcements.Announce(report)
			if i%2 == 0 {
				announcements.arrived(report)
			}
			done()
		})
	}
	reports.Wait()
	if n := len(announcements.open); n > 0 {
		t.Errorf("announcements on %d resources are left", n)
	}
}

func reportNamed(name string) *v1.AdapterStatus {
	resource, adapter, _ := strings.Cut(name, ".")
	return &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec:       v1.AdapterStatusSpec{ResourceRef: v1.ResourceReference{Kind: v1.ClusterKind, Name: resource}, Adapter: adapter},
	}
}
