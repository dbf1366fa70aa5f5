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

// Package replica is this process's copy of the fleet: one index each for Clusters,
// NodePools and reports, kept current by package feed. It reports whether the copy is
// current, looks up ids that an index lacks, and tracks the reports that this process is
// writing. The REST facade and the reconcilers of the same process read from it.
//
// Not in this package: HTTP, problem details and access control (package facade), and the
// evaluation of lists and searches (package fleet).
package replica
