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

// Package metrics contains HyperFleet's own Prometheus metrics. They are registered in
// controller-runtime's registry, with the metrics of controller-runtime and client-go,
// and the manager serves them. docs/monitoring.md lists them.
//
// No label has a value that a user chooses: names of Clusters, NodePools, labels and
// users are unbounded, and paths are unbounded, too. Labels are Kinds, routes, and
// reasons from the lists in this package. The one exception is the label adapter, of
// which a process has a bounded number of values: see adapterNames.
//
// A metric that is computed for a scrape, such as the number of Ready resources, is
// a collector in the package that has the data.
package metrics
