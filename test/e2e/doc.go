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

// Package e2e runs HyperFleet as make run does, a real etcd, kube-apiserver and
// manager as processes, and uses it as its users do: by HTTP and by kubectl. What
// is tested here is what only shows when all of it is together; the rules
// themselves are tested in the packages that have them.
package e2e
