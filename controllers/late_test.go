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
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

func TestArrivedLate(t *testing.T) {
	deleted := metav1.NewTime(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC))
	tests := map[string]struct {
		dependent  client.Object
		created    time.Duration // after the deletion
		generation int64
		version    string // the deletion is at 100
		want       bool
	}{
		"a report, a second before":             {&v1.AdapterStatus{}, -time.Second, 2, "101", false},
		"a report, in that second but before":   {&v1.AdapterStatus{}, 0, 1, "99", false},
		"a report, in that second and after":    {&v1.AdapterStatus{}, 0, 0, "101", true}, // the index knows no generation
		"a report, a second after":              {&v1.AdapterStatus{}, time.Second, 1, "101", true},
		"a NodePool, a second before":           {&v1.NodePool{}, -time.Second, 1, "101", false},
		"a NodePool, in that second but before": {&v1.NodePool{}, 0, 1, "99", false},
		"a NodePool, at the same version":       {&v1.NodePool{}, 0, 1, "100", false},
		"a NodePool, in that second and after":  {&v1.NodePool{}, 0, 1, "101", true},
		"a NodePool, changed in that second":    {&v1.NodePool{}, 0, 2, "101", false},
		"a NodePool, a second after":            {&v1.NodePool{}, time.Second, 2, "150", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.dependent.SetCreationTimestamp(metav1.NewTime(deleted.Add(test.created)))
			test.dependent.SetGeneration(test.generation)
			test.dependent.SetResourceVersion(test.version)
			if got := arrivedLate(test.dependent, &deleted, "100"); got != test.want {
				t.Errorf("arrivedLate() = %t, want %t", got, test.want)
			}
		})
	}
}

func TestDeletionOf(t *testing.T) {
	var m memory
	at := func(uid types.UID, version string) string {
		return m.deletionOf(&v1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "alpha", UID: uid, ResourceVersion: version}})
	}
	if first, later := at("one", "100"), at("one", "120"); first != "100" || later != "100" {
		t.Errorf("deletionOf() = %s, then %s, want 100", first, later)
	}
	if successor, later := at("two", "150"), at("two", "160"); successor != "150" || later != "150" {
		t.Errorf("of a successor, deletionOf() = %s, then %s, want 150", successor, later)
	}
}
