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

package tracing

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

func TestWanted(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"nothing said":          {nil, false},
		"an endpoint":           {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, true},
		"an endpoint of traces": {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, true},
		"an exporter":           {map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, true},
		"no exporter":           {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, false},
		"SDK disabled":          {map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, false},
		"other settings":        {map[string]string{"OTEL_SERVICE_NAME": "fleet", "OTEL_TRACES_SAMPLER": "always_on"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			setEnv(t, test.env)
			if got := wanted(); got != test.want {
				t.Errorf("wanted() is %v, want %v", got, test.want)
			}
		})
	}
}

func TestSetupRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"another exporter": {map[string]string{"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "OTEL_TRACES_EXPORTER"},
		"another protocol": {map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "OTEL_EXPORTER_OTLP_PROTOCOL"},
	} {
		t.Run(name, func(t *testing.T) {
			setEnv(t, test.env)
			if _, _, err := Setup(t.Context(), "v1", logr.Discard()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that names %s", err, test.want)
			}
		})
	}
}

func TestOff(t *testing.T) {
	setEnv(t, nil)
	provider, stop, err := Setup(t.Context(), "v1", logr.Discard())
	if provider != nil || err != nil {
		t.Errorf("got %v, %v without OTEL_*, want no provider", provider, err)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestExport: a collector receives the span of a call that belongs to a trace, and no
// span of another call.
func TestExport(t *testing.T) {
	received := make(chan *collectorv1.ExportTraceServiceRequest, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		received <- readExport(t, r)
	}))
	defer collector.Close()
	setEnv(t, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT":    collector.URL,
		"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
		"OTEL_RESOURCE_ATTRIBUTES":       "deployment.environment.name=test",
	})
	provider, stop, err := Setup(t.Context(), "v1.2.3", logr.Discard())
	if err != nil {
		t.Fatal(err)
	}

	var traceparents []string
	apiServer := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		traceparents = append(traceparents, r.Header.Get("traceparent"))
	}))
	defer apiServer.Close()
	client := http.Client{Transport: Transport(http.DefaultTransport)}
	ctx, span := otel.Tracer("test").Start(t.Context(), "request")
	for _, traced := range []bool{true, false} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, apiServer.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if !traced {
			request = request.WithContext(t.Context())
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	span.End()
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}

	if span.SpanContext().TraceID() == (trace.TraceID{}) || provider == nil {
		t.Fatal("no trace")
	}
	want := span.SpanContext().TraceID().String()
	if len(traceparents) != 2 || !strings.Contains(traceparents[0], want) || traceparents[1] != "" {
		t.Errorf("the server saw trace contexts %q, want the trace %s, then none", traceparents, want)
	}
	close(received)
	var names []string
	for export := range received {
		for _, resource := range export.ResourceSpans {
			attributes := map[string]string{}
			for _, a := range resource.Resource.Attributes {
				attributes[a.Key] = a.Value.GetStringValue()
			}
			if attributes["service.name"] != "hyperfleet" || attributes["service.version"] != "v1.2.3" || attributes["deployment.environment.name"] != "test" {
				t.Errorf("spans come from %v", attributes)
			}
			for _, scope := range resource.ScopeSpans {
				for _, s := range scope.Spans {
					names = append(names, s.Name)
				}
			}
		}
	}
	if got := strings.Join(names, ", "); got != "GET kube-apiserver, request" {
		t.Errorf("exported spans: %s", got)
	}
}

func readExport(t *testing.T, r *http.Request) *collectorv1.ExportTraceServiceRequest {
	t.Helper()
	body, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Error(err)
		return nil
	}
	content, err := io.ReadAll(body)
	if err != nil {
		t.Error(err)
	}
	export := &collectorv1.ExportTraceServiceRequest{}
	if err := proto.Unmarshal(content, export); err != nil {
		t.Error(err)
	}
	return export
}

// setEnv sets the OTEL_* variables for the test and clears all others.
func setEnv(t *testing.T, env map[string]string) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, "")
		}
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
}
