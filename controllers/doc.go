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

// Package controllers updates the status of Clusters and NodePools from the reports of
// their adapters, ties NodePools to their Cluster, and completes the deletion of Clusters
// and NodePools. There is one reconciler per Kind.
//
// Package aggregate computes conditions from reports. Nothing here serves or uses the
// REST API.
//
// The reconcilers read Clusters and NodePools from a cache that lacks the fields
// that no reconciler needs, see CacheOptions. They read reports from this process's
// copy of the fleet, package replica. The cache and the copy may lag behind the store.
// Three rules follow:
//
//   - Reconcilers write merge patches of metadata, and whole statuses. Both are
//     computed against the cached object and carry its resourceVersion.
//   - Reconcilers delete nothing before they have read the decisive fact from the
//     API server itself.
//   - Every delete names the UID of the object.
package controllers
