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

// Package mapping computes conditions of a Cluster or NodePool from its reports
// by rules that an operator writes in CEL (Common Expression Language).
//
// Compile checks the rules of one Kind. Program.Evaluate applies them; it is a
// pure function of its input: no client, no clock, no I/O. The cost of every
// expression is bounded, so neither a rule nor a report can block aggregation.
//
// internal/adapters reads the rules from the configuration file. The aggregation
// decides which reports count, and gives each condition its generation and times.
package mapping
