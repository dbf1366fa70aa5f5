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

// Package v1 holds the three Kinds of the hyperfleet.io API group, version v1:
// Cluster and NodePool, the desired state of a fleet, and AdapterStatus, the
// report of one adapter on one of them. It also holds the values that are
// derived from one object alone: its id, its authors and its times.
//
// The package imports apimachinery only, so adapters can depend on it at little
// cost.
//
// +kubebuilder:object:generate=true
// +groupName=hyperfleet.io
package v1
