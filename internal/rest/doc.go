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

// Package rest is the REST contract: openapi.yaml, the Go types that are generated
// from it, the paths, and the rendering of Clusters, NodePools and AdapterStatuses
// into rows of the fleet index. It also turns the row of a report back into an
// AdapterStatus.
//
// Not in this package: routes, handlers and the validation of requests (package facade).
// This package serves nothing and depends on no HTTP server, so that the kubectl plugin
// can render the same rows.
package rest
