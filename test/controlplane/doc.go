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

// Package controlplane runs a real etcd and kube-apiserver on loopback. Their data,
// credentials and logs are in one folder, and stay after the run. The tests and
// benchmarks of hyperfleet manager use it. Some of them kill, freeze or restart one of
// the two processes. The package depends on the manager only for the metrics that show
// how far its index is loaded.
//
// There is no controller manager, scheduler or kubelet: nothing collects garbage
// by owner references, and namespaces are not emptied.
package controlplane
