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

package main

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

func TestLostReports(t *testing.T) {
	at := time.Now()
	reflecting := func() *v1.Cluster {
		c := &v1.Cluster{}
		c.Status.Conditions = []v1.ResourceCondition{{Type: v1.ReadyCondition, Status: metav1.ConditionTrue}}
		for i, adapter := range adapters {
			c.Status.Conditions = append(c.Status.Conditions, v1.ResourceCondition{
				Type: adapter.condition, Status: available(1, i), LastUpdatedTime: v1.NewTimestamp(at),
			})
		}
		return c
	}
	cases := map[string]struct {
		change func(*v1.Cluster)
		want   int
	}{
		"all are there":                 {func(*v1.Cluster) {}, 0},
		"one is missing":                {func(c *v1.Cluster) { c.Status.Conditions = c.Status.Conditions[:4] }, 1},
		"no status":                     {func(c *v1.Cluster) { c.Status.Conditions = nil }, 4},
		"an older one is there":         {func(c *v1.Cluster) { c.Status.Conditions[2].LastUpdatedTime = v1.NewTimestamp(at.Add(-1)) }, 1},
		"another result":                {func(c *v1.Cluster) { c.Status.Conditions[2].Status = metav1.ConditionFalse }, 1},
		"a wrong conclusion":            {func(c *v1.Cluster) { c.Status.Conditions[0].Status = metav1.ConditionFalse }, 1},
		"a newer one, of a failed call": {func(c *v1.Cluster) { c.Status.Conditions[2].LastUpdatedTime = v1.NewTimestamp(at.Add(1)) }, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			stored := reflecting()
			c.change(stored)
			if got := lostReports(stored, &cluster{number: 1, reported: [4]time.Time{at, at, at, at}}); got != c.want {
				t.Errorf("lostReports() = %d, want %d", got, c.want)
			}
		})
	}
	t.Run("none reported yet", func(t *testing.T) {
		stored := &v1.Cluster{}
		stored.Status.Conditions = []v1.ResourceCondition{{Type: v1.ReadyCondition, Status: metav1.ConditionFalse}}
		if got := lostReports(stored, &cluster{number: 1}); got != 0 {
			t.Errorf("lostReports() = %d, want 0", got)
		}
	})
}

// TestObjects checks that the objects that are sent over REST equal those that
// are written directly.
func TestObjects(t *testing.T) {
	if n := len(clusterSpec); n < 1400 || n > 1600 {
		t.Errorf("the spec has %d bytes, want about 1500", n)
	}
	if n, ok := clusterNumber(clusterName(17)); n != 17 || !ok {
		t.Errorf("clusterNumber(clusterName(17)) = %d, %t", n, ok)
	}
	if _, ok := clusterNumber("other"); ok {
		t.Error(`"other" has a number`)
	}
	const id = "20123456789012345678901234"
	if got := idIn([]byte(`{"kind":"Cluster","id":"` + id + `","href":"x"}`)); got != id {
		t.Errorf("idIn() = %q", got)
	}
}
