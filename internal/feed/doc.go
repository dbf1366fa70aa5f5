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

// Package feed keeps an index of package fleet equal to the objects in the API server. A
// Feed lists and watches one collection and stores a row for each object. A Prober
// repeatedly proves that the index is current, and replaces the Feed's watch if the watch
// has stalled.
//
// Not in this package: the content of a row (package rest), and the collections (package
// replica).
package feed
