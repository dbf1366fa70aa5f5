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

// Package tsl reads TSL, the Tree Search Language of list requests:
//
//	labels.environment in ('dev', 'staging') and not status.conditions.Ready = 'True'
//
// Parse turns text into a tree, Normalize pushes "not" down to the leaves, and
// String turns a tree back into text. docs/search.md describes the language.
//
// The package knows syntax only. Which fields exist, what values they take, and
// which objects a tree selects is the business of internal/fleet. What it rests
// on is three-valued logic: a Comparison with something absent is unknown,
// neither true nor false.
//
// Text comes from anyone who may list, so parsing takes time and memory linear
// in its length, which is bounded by MaxLength, and recursion is bounded by
// MaxDepth.
package tsl
