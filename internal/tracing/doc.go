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

// Package tracing sets up OpenTelemetry from the standard OTEL_* environment variables.
// Without these variables there is no exporter, no code starts a span, and tracing costs
// the REST API nothing.
//
// The code that does the work starts the spans: the facade for requests, the reconcilers
// for status writes, and the transport of this package for the API server calls of the
// facade and the reconcilers.
package tracing
