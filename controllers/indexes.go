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
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// poolsByCluster is the key of the cache's index of NodePools by the name of their
// Cluster. The cache itself keeps namespaces apart.
const poolsByCluster = "cluster"

// setupIndexes declares the index of the cache that the reconcilers use.
func setupIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	if err := indexer.IndexField(ctx, &v1.NodePool{}, poolsByCluster, func(o client.Object) []string {
		return []string{o.(*v1.NodePool).Spec.ClusterName}
	}); err != nil {
		return fmt.Errorf("index NodePools by cluster: %w", err)
	}
	return nil
}

// dependents are the objects of one Kind that are deleted with their parent.
type dependents struct {
	// known returns the dependents that this replica knows. Callers must not modify
	// them.
	known func(context.Context) ([]client.Object, error)

	// namespace, list and stored select the dependents in the API server: their namespace, an
	// empty list of their Kind, and the selectable fields of the CRD.
	namespace string
	list      client.ObjectList
	stored    client.MatchingFields
}

// finder finds dependents, in the memory of this replica or in the API server.
type finder func(context.Context, dependents) ([]client.Object, error)

func knownDependents(ctx context.Context, d dependents) ([]client.Object, error) { return d.known(ctx) }

// dependentReports are the reports on a parent.
func dependentReports(reports *replica.Reports, kind string, parent client.Object) dependents {
	return dependents{
		known: func(context.Context) ([]client.Object, error) {
			var known []client.Object
			for _, report := range reports.On(kind, parent) {
				known = append(known, report)
			}
			return known, nil
		},
		namespace: parent.GetNamespace(),
		list:      &v1.AdapterStatusList{},
		stored:    storedReports(kind, parent.GetName()),
	}
}

func storedReports(kind, name string) client.MatchingFields {
	return client.MatchingFields{"spec.resourceRef.kind": kind, "spec.resourceRef.name": name}
}

// dependentPools are the NodePools of the Cluster with that key. The reader reads from
// the cache.
func dependentPools(reader client.Reader, cluster client.ObjectKey) dependents {
	return dependents{
		known: func(ctx context.Context) ([]client.Object, error) {
			return listObjects(ctx, reader, &v1.NodePoolList{}, client.InNamespace(cluster.Namespace),
				client.MatchingFields{poolsByCluster: cluster.Name}, client.UnsafeDisableDeepCopy)
		},
		namespace: cluster.Namespace,
		list:      &v1.NodePoolList{},
		stored:    client.MatchingFields{"spec.clusterName": cluster.Name},
	}
}
