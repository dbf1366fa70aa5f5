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

// Package server is the control plane that hyperfleet server runs in its own process:
// etcd, Kubernetes' API server and the controllers that Kubernetes objects rely on,
// with all their state in one data directory. It starts them in order, hands the
// API server to the caller, and stops them in the reverse order.
//
// It contains neither the reconcilers nor the REST facade: package main runs both with
// the connection that Run provides.
package server
