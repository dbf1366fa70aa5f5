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

// poolsByCluster is the key of the cache's index that finds NodePools by the name
// of their Cluster. The cache itself keeps namespaces apart.
const poolsByCluster = "cluster"

// SetupIndexes declares the index that the reconcilers look objects up by. It
// comes before they are set up.
func SetupIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	if err := indexer.IndexField(ctx, &v1.NodePool{}, poolsByCluster, func(o client.Object) []string {
		return []string{o.(*v1.NodePool).Spec.ClusterName}
	}); err != nil {
		return fmt.Errorf("index NodePools by cluster: %w", err)
	}
	return nil
}

// dependents are the objects of one Kind that go when their parent goes.
type dependents struct {
	// known returns those that this replica knows of. They are not to be modified.
	known func(context.Context) ([]client.Object, error)

	// Where those that the API server has are listed, and by which selectable fields
	// of the CRD.
	list   client.ObjectList
	stored client.MatchingFields
}

// reportsOn are the reports on a parent.
func reportsOn(reports *replica.Reports, kind string, parent client.Object) dependents {
	return dependents{
		known: func(context.Context) ([]client.Object, error) {
			var known []client.Object
			for _, report := range reports.On(kind, parent) {
				known = append(known, report)
			}
			return known, nil
		},
		list:   &v1.AdapterStatusList{},
		stored: storedReports(kind, parent.GetName()),
	}
}

func storedReports(kind, name string) client.MatchingFields {
	return client.MatchingFields{"spec.resourceRef.kind": kind, "spec.resourceRef.name": name}
}

// poolsOf are the NodePools of the Cluster of that key. The reader is that of the
// cache.
func poolsOf(reader client.Reader, cluster client.ObjectKey) dependents {
	return dependents{
		known: func(ctx context.Context) ([]client.Object, error) {
			return find(ctx, reader, &v1.NodePoolList{}, client.InNamespace(cluster.Namespace),
				client.MatchingFields{poolsByCluster: cluster.Name}, client.UnsafeDisableDeepCopy)
		},
		list:   &v1.NodePoolList{},
		stored: client.MatchingFields{"spec.clusterName": cluster.Name},
	}
}
