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

// Package adapter is the kit that adapters are built on. An adapter has a name, the Kinds
// that it acts on, and one function that acts on a parent's spec and returns its
// findings. The kit does the rest: it watches, calls the function for each new
// generation, for deletion and on a schedule, retries with back-off, and writes reports
// that the API server and the aggregation accept.
//
// A report changes the status of its parent. The kit makes no call for a change of the
// status, so an adapter never wakes itself.
//
// Main makes a program of an adapter. A door is the way to HyperFleet, the Kubernetes API
// or REST: the reconciler and the schedule do not depend on which. Only conditions.go
// determines the content of a report.
package adapter
