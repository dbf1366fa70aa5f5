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

// Package facade serves the REST contract, /api/hyperfleet/v1, over the custom
// resources: routes, validation of requests against openapi.yaml, rendering,
// and problem details. Reads are answered from the indexes of package fleet.
// Writes go to the API server as the caller, by impersonation, so that RBAC,
// admission, audit and authorship are the same as for kubectl.
//
// It keeps nothing that a restart would lose, never writes status, and holds no
// rule that the custom resources do not hold too, other than those that only
// concern the form of a request.
package facade
