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

// Package plugin contains the commands of the kubectl plugin: search, and deletion by
// force. The program hyperfleet has them too. They send requests to the API server with
// their user's rights, and do not need the REST API.
//
// The search renders and indexes objects with the packages of the REST API, which
// define what a search means. This package turns a search into requests to the API
// server, as narrow as selectors allow, and prints the result.
package plugin
