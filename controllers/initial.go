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
	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// InitialStatus returns the status that the reconciler gives a Cluster that is about to
// be created and has no reports. It is nil if there are rules for mapped conditions,
// because the status then depends on more than the Cluster's metadata. The Cluster's
// status must contain its sequence and nothing else.
func InitialStatus(cluster *v1.Cluster, config AdapterConfig, names aggregate.ConditionNames) *v1.ResourceStatus {
	if config.Mapping(v1.ClusterKind) != nil {
		return nil
	}
	created := cluster.CreationTimestamp.Time
	return newStatus(cluster, &aggregate.Input{
		Kind:           v1.ClusterKind,
		Generation:     cluster.Generation,
		Created:        created,
		Required:       config.Required(v1.ClusterKind),
		ConditionNames: names,
		Now:            created, // before the first report, the status does not depend on it
	})
}
