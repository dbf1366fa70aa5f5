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
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// countLost reads from the API server whether every cluster of the fleet reflects
// every acknowledged report. The processes are idle by now, so a missing report
// is lost rather than late.
func (r *run) countLost(ctx context.Context) error {
	found := 0
	page := &v1.ClusterList{}
	for {
		if err := r.admin.List(ctx, page, client.InNamespace(watched), client.Limit(500), client.Continue(page.Continue)); err != nil {
			return fmt.Errorf("list all clusters: %w", err)
		}
		for i := range page.Items {
			number, ok := clusterNumber(page.Items[i].Name)
			if !ok || number >= len(r.fleet) {
				continue
			}
			found++
			if lost := lostReports(&page.Items[i], r.fleet[number]); lost > 0 {
				r.round.Counts[lostUpdatesCount] += lost
				r.round.Counts[lostParentsCount]++
			}
		}
		if page.Continue == "" {
			break
		}
	}
	if found != len(r.fleet) {
		return fmt.Errorf("the API server has %d clusters, want %d", found, len(r.fleet))
	}
	return nil
}

// lostReports counts the adapters whose last report the stored cluster does not
// reflect. A cluster that reflects all of them but has the wrong result counts as
// one.
func lostReports(stored *v1.Cluster, c *cluster) int {
	conditions := map[string]v1.ResourceCondition{}
	for _, condition := range stored.Status.Conditions {
		conditions[condition.Type] = condition
	}
	lost := 0
	ready := metav1.ConditionTrue
	for i, adapter := range adapters {
		if c.reported[i].IsZero() {
			ready = metav1.ConditionFalse
			continue
		}
		if available(c.number, i) == metav1.ConditionFalse {
			ready = metav1.ConditionFalse
		}
		condition := conditions[adapter.condition]
		if condition.Status != available(c.number, i) || condition.LastUpdatedTime.Before(c.reported[i]) {
			lost++
		}
	}
	if lost == 0 && conditions[v1.ReadyCondition].Status != ready {
		lost = 1
	}
	return lost
}
