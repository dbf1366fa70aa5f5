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

// Package facade serves the REST contract of package rest over HTTP: routes, the
// validation of requests, handlers, middleware and the identity of the caller. It answers
// reads from the process's copy of the fleet, package replica. It writes to the API server
// as the caller, by impersonation, so that RBAC, admission, audit and authorship are the
// same as for kubectl.
//
// The facade has no state that a restart would lose, and it never writes status. Its own
// rules concern only the form of a request; all other rules are rules of the custom
// resources.
package facade
