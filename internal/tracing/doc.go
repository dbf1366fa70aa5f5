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

// Package tracing sets OpenTelemetry up as the standard OTEL_* environment
// variables say. Without them there is no exporter, no span is made, and the REST
// API does no work for it.
//
// The spans themselves are made where the work is: by the facade for requests,
// by the reconcilers for status writes, and by the transport of this package for
// the API server calls of both.
package tracing
