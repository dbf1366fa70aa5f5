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
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// countLost counts the acknowledged reports that the clusters of the fleet do not reflect at
// the API server, and these clusters. The processes are idle by now, so a report that is
// missing and remains so for the options' patience is lost rather than late.
func (r *run) countLost(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	for {
		reports, parents, err := r.missing(ctx)
		if err != nil {
			return err
		}
		if reports == 0 || waiting.Err() != nil {
			r.round.Counts[lostUpdatesCount], r.round.Counts[lostParentsCount] = reports, parents
			return ctx.Err()
		}
		select {
		case <-waiting.Done():
		case <-time.After(time.Second):
		}
	}
}

// missing reads all clusters from the API server. It returns how many acknowledged reports
// they do not reflect, and how many clusters lack one.
func (r *run) missing(ctx context.Context) (reports, parents int, err error) {
	found := 0
	page := &v1.ClusterList{}
	for {
		if err := r.admin.List(ctx, page, client.InNamespace(watched), client.Limit(500), client.Continue(page.Continue)); err != nil {
			return 0, 0, fmt.Errorf("list all clusters: %w", err)
		}
		for i := range page.Items {
			number, ok := clusterNumber(page.Items[i].Name)
			if !ok || number >= len(r.fleet) {
				continue
			}
			found++
			if lost := lostReports(&page.Items[i], r.fleet[number]); lost > 0 {
				reports += lost
				parents++
			}
		}
		if page.Continue == "" {
			break
		}
	}
	if found != len(r.fleet) {
		return 0, 0, fmt.Errorf("the API server has %d clusters, want %d", found, len(r.fleet))
	}
	return reports, parents, nil
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
