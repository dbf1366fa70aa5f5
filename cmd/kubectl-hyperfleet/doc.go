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

// Command kubectl-hyperfleet is a kubectl plugin. With it in the PATH,
//
//	kubectl hyperfleet search "labels.environment='dev' or status.conditions.Ready='False'"
//
// prints what kubectl get prints, for the objects that a search of the REST API
// returns, in the same order. docs/kubectl.md is the page for users.
//
// Package internal/plugin contains the commands. This program must stay small: it links
// no API server.
package main
