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

package adapter

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/rest"
)

// clusterOf returns a cluster of the REST API as an object.
func clusterOf(c *rest.Cluster) (*hyperfleetv1.Cluster, error) {
	meta, err := metadata(c.ID, c.Name, c.Generation, c.Labels, c.CreatedTime, c.DeletedTime)
	if err != nil {
		return nil, err
	}
	return &hyperfleetv1.Cluster{
		ObjectMeta: meta,
		Spec:       runtime.RawExtension{Raw: c.Spec},
		Status:     resourceStatus(c.ID, c.Status),
	}, nil
}

// nodePoolOf returns a nodepool of the REST API, and of a cluster with that name, as an
// object.
func nodePoolOf(n *rest.NodePool, cluster string) (*hyperfleetv1.NodePool, error) {
	meta, err := metadata(n.ID, hyperfleetv1.NodePoolName(cluster, n.Name), n.Generation, n.Labels, n.CreatedTime, n.DeletedTime)
	if err != nil {
		return nil, err
	}
	spec, err := hyperfleetv1.NewNodePoolSpec(cluster, n.Spec)
	if err != nil {
		return nil, fmt.Errorf("spec of nodepool %s: %w", n.ID, err)
	}
	return &hyperfleetv1.NodePool{ObjectMeta: meta, Spec: spec, Status: resourceStatus(n.ID, n.Status)}, nil
}

func metadata(id, name string, generation int64, labels map[string]string, created time.Time, deleted *time.Time) (metav1.ObjectMeta, error) {
	uid, err := hyperfleetv1.UIDFromID(id)
	if err != nil {
		return metav1.ObjectMeta{}, fmt.Errorf("resource %q: %w", name, err)
	}
	meta := metav1.ObjectMeta{
		UID: uid, Name: name, Generation: generation, Labels: labels, CreationTimestamp: metav1.NewTime(created),
	}
	if deleted != nil {
		meta.DeletionTimestamp = &metav1.Time{Time: *deleted}
	}
	return meta, nil
}

func resourceStatus(id string, s rest.ResourceStatus) hyperfleetv1.ResourceStatus {
	status := hyperfleetv1.ResourceStatus{ID: id}
	for _, c := range s.Conditions {
		value := metav1.ConditionStatus(c.Status)
		switch c.Type {
		case hyperfleetv1.ReadyCondition, hyperfleetv1.ReconciledCondition:
			status.Ready = value
		case hyperfleetv1.AvailableCondition, hyperfleetv1.LastKnownReconciledCondition:
			status.Available = value
		}
		status.Conditions = append(status.Conditions, hyperfleetv1.ResourceCondition{
			Type: c.Type, Status: value, Reason: c.Reason, Message: c.Message,
			ObservedGeneration: c.ObservedGeneration,
			CreatedTime:        hyperfleetv1.NewTimestamp(c.CreatedTime),
			LastUpdatedTime:    hyperfleetv1.NewTimestamp(c.LastUpdatedTime),
			LastTransitionTime: hyperfleetv1.NewTimestamp(c.LastTransitionTime),
		})
	}
	return status
}
