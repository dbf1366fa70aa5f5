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

// Package adapters reads the configuration file that says, for each Kind, which
// adapters are required, which of them finalize, and which conditions are mapped.
// It reads the file again when the file changes.
//
// internal/aggregate decides what a required adapter's report means, and internal/mapping
// decides what a mapping rule means. A component that must act on a change registers a
// callback.
package adapters
