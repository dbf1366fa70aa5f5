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

package adapters

import (
	"context"
	"fmt"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// counter counts the stored reports by the name of the parent.
type counter struct {
	mu     sync.Mutex
	counts map[string]int
}

// countReports watches reports from now to the end of the test.
func countReports(t *testing.T) *counter {
	t.Helper()
	api, err := client.NewWithWatch(suite.env.Config, client.Options{Scheme: suite.env.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	reports := &v1.AdapterStatusList{}
	if err := api.List(t.Context(), reports, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	watcher, err := api.Watch(t.Context(), &v1.AdapterStatusList{}, client.InNamespace(namespace), &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: reports.ResourceVersion}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(watcher.Stop)
	c := &counter{counts: map[string]int{}}
	go func() {
		for event := range watcher.ResultChan() {
			if report, ok := event.Object.(*v1.AdapterStatus); ok && event.Type != watch.Deleted {
				c.mu.Lock()
				c.counts[report.Spec.ResourceRef.Name]++
				c.mu.Unlock()
			}
		}
	}()
	return c
}

// want checks the number of reports on a parent so far. Before that, want writes a report
// on another parent and waits until it is counted: then the watch has delivered all
// earlier reports.
func (c *counter) want(t *testing.T, parent v1.Parent, want int) {
	t.Helper()
	name := fmt.Sprintf("marker-%d", names.Add(1))
	marker := &v1.AdapterStatus{Spec: v1.AdapterStatusSpec{
		ResourceRef: v1.ResourceReference{Kind: v1.ClusterKind, Name: name, UID: types.UID(name)},
		Adapter:     "marker", ObservedGeneration: 1, ObservedTime: v1.NewTimestamp(parent.GetCreationTimestamp().Time),
		Conditions: []v1.AdapterCondition{},
	}}
	marker.Namespace, marker.Name = namespace, v1.AdapterStatusName(name, marker.Spec.Adapter)
	if err := suite.env.Client.Create(t.Context(), marker); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the watch", func(context.Context) (bool, error) { return c.count(name) > 0, nil })
	if got := c.count(parent.GetName()); got != want {
		t.Errorf("%d reports on %s, want %d", got, parent.GetName(), want)
	}
}

func (c *counter) count(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[name]
}
