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

// Bench measures HyperFleet over HTTP as it runs: a real etcd, kube-apiserver and
// manager as processes on free ports of loopback, and in the same run what it is
// compared with: direct writes to the same API server, and a bare net/http
// handler that answers with equal bytes from memory. It prints a table, writes
// all figures as JSON, and holds their ratios against ranges.yaml.
//
// What is measured in process, without HTTP and API server, are the Go benchmarks
// of the packages themselves. docs/performance.md explains both.
package main
