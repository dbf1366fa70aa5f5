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

// Package metrics holds HyperFleet's own Prometheus metrics, beside those that
// controller-runtime and client-go give. All are in controller-runtime's
// registry, which the manager serves; docs/monitoring.md lists them.
//
// No label has a value that a user chooses: names of clusters, nodepools,
// adapters, labels and users are unbounded, and so are paths. What is counted is
// named by Kind, by route, or by a reason from a list in this package.
//
// Whatever has to be computed for a scrape, such as how many resources are
// Ready, is a collector of the package that knows it.
package metrics
