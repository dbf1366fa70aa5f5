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
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// CacheOptions returns the options of the reconcilers' cache. The cache contains the
// Clusters and NodePools of one namespace, or of all namespaces if namespace is empty. It
// lacks the fields that no reconciler reads: see strip. AdapterStatuses come from the
// replica.
//
// So an object from this cache is not complete: an update with it would erase the missing
// fields. The reconcilers write updates of the status alone, and merge patches between
// two versions of the cached object. Such a patch cannot contain fields that both
// versions lack.
func CacheOptions(namespace string) cache.Options {
	one := cache.ByObject{Transform: strip}
	if namespace != "" {
		// Options.DefaultNamespaces would do the same, but its cache looks up the scope of a
		// Kind at every read.
		one.Field = fields.OneTermEqualSelector("metadata.namespace", namespace)
	}
	return cache.Options{
		ReaderFailOnMissingInformer: true, // no cache of reports: the replica contains them
		ByObject: map[client.Object]cache.ByObject{
			&v1.Cluster{}:  one,
			&v1.NodePool{}: one,
		},
	}
}
