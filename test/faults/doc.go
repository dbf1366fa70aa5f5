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

// Package faults kills, freezes and cuts off the parts of a running HyperFleet while many
// clients write and read. HyperFleet is a server, or a real etcd, kube-apiserver and two
// managers. The package compares the answers to the clients with the objects that are
// stored at the end: no acknowledged write is lost, no answer was wrong, every parent's
// conditions follow from its reports, and everything recovers automatically.
//
// The short faults run with every go test. The others run with -long, as in make
// test-faults.
package faults
