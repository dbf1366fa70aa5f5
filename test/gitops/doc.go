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

// Package gitops tests how GitOps tools handle Clusters and NodePools and an installation
// of HyperFleet, with the tools' own libraries: the health checks of config/gitops,
// drift, order and pruning. It is a separate module, so that the product does not depend
// on these libraries.
package gitops
