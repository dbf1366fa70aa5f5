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
)

// Keys of the cache's indexes. The cache itself keeps namespaces apart.
const (
	// reportsByResource finds AdapterStatuses by kind and name of their resource.
	reportsByResource = "resource"

	// poolsByCluster finds NodePools by the name of their Cluster.
	poolsByCluster = "cluster"
)

// SetupIndexes declares every index that the reconcilers look objects up by. It
// comes before the cache starts.
func SetupIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	if err := indexer.IndexField(ctx, &v1.AdapterStatus{}, reportsByResource, func(o client.Object) []string {
		ref := o.(*v1.AdapterStatus).Spec.ResourceRef
		return []string{resourceKey(ref.Kind, ref.Name)}
	}); err != nil {
		return fmt.Errorf("index AdapterStatuses by resource: %w", err)
	}
	if err := indexer.IndexField(ctx, &v1.NodePool{}, poolsByCluster, func(o client.Object) []string {
		return []string{o.(*v1.NodePool).Spec.ClusterName}
	}); err != nil {
		return fmt.Errorf("index NodePools by cluster: %w", err)
	}
	return nil
}

func resourceKey(kind, name string) string { return kind + "/" + name }

// dependents are the objects of one Kind that go when their parent goes. The
// same selection has two forms, for the cache and for the API server.
type dependents struct {
	list    client.ObjectList
	indexed client.MatchingFields // by an index of the cache
	stored  client.MatchingFields // by selectable fields of the CRD
}

func reportsOn(kind, name string) dependents {
	return dependents{
		list:    &v1.AdapterStatusList{},
		indexed: client.MatchingFields{reportsByResource: resourceKey(kind, name)},
		stored:  client.MatchingFields{"spec.resourceRef.kind": kind, "spec.resourceRef.name": name},
	}
}

func poolsOf(cluster string) dependents {
	return dependents{
		list:    &v1.NodePoolList{},
		indexed: client.MatchingFields{poolsByCluster: cluster},
		stored:  client.MatchingFields{"spec.clusterName": cluster},
	}
}
