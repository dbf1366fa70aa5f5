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

// Package tsl parses TSL, the Tree Search Language of list requests:
//
//	labels.environment in ('dev', 'staging') and not status.conditions.Ready = 'True'
//
// Parse turns a search string into a tree, Normalize pushes "not" down to the
// leaves, and String turns a tree back into a string. docs/search.md describes the
// language.
//
// The package implements the syntax only. internal/fleet decides which fields exist,
// which values they accept, and which objects a tree selects. The logic is three-valued:
// a Comparison with an absent field is unknown, neither true nor false.
//
// Every caller with the right to list can send searches. Parsing therefore takes time and
// memory linear in the length of the string. MaxLength limits the length, and MaxDepth
// limits the recursion.
package tsl
