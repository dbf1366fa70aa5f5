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

// Package testenv starts a real control plane (etcd and kube-apiserver) for tests. The
// CRDs and admission policies of HyperFleet, which it embeds, are in force. It needs the
// programs of envtest, of Kubernetes 1.36 or later, in the folder that KUBEBUILDER_ASSETS
// names. It does not start HyperFleet itself: no controller writes the status of a
// Cluster or NodePool. It has no fixtures and no assertions; each suite has its own.
package testenv
