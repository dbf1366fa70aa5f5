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

// Command performance measures HyperFleet over HTTP: a real etcd, kube-apiserver and
// manager as processes on free ports of loopback. In the same run, it measures the
// references for comparison: direct writes to the same API server, and a bare net/http
// handler that answers with equal bytes from memory. It prints a table, writes all
// figures as JSON, and compares their ratios with ranges.yaml.
//
// The Go benchmarks of the packages measure in process, without HTTP and without
// an API server. docs/performance.md explains both.
package main
