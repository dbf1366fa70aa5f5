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

package e2e

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"
)

// TestMonitoring compares the documentation of monitoring with a running
// HyperFleet: its metrics, traces and logs.
func TestMonitoring(t *testing.T) {
	inBothShapes(t, testMonitoring)
}

// isOfShape reports whether a program of the given shape has a metric. Only managers
// elect a leader, and only the server has a database.
func isOfShape(metric string, s shape) bool {
	if s == besideAPIServer {
		return !strings.HasPrefix(metric, "hyperfleet_database_")
	}
	return metric != "leader_election_master_status"
}

func testMonitoring(t *testing.T, f *fleet) {
	spans := newCollector(t)
	flags := []string{"--zap-log-level=debug"}
	if f.shape == besideAPIServer {
		flags = append(flags, "--leader-elect")
	}
	f.start(t, flags...)
	const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	f.want(t, http.StatusNotFound, http.MethodGet, "/nowhere", "")
	f.want(t, http.StatusOK, http.MethodGet, api+"/clusters?search=name%3D%27secret-search%27", "")
	created := f.traced(t, "00-"+traceID+"-00f067aa0ba902b7-01", api+"/clusters", `{"name":"watched","spec":{"password":"secret-spec"}}`)
	f.want(t, http.StatusCreated, http.MethodPost, created["href"].(string)+"/statuses", report("dns", "True", 1, "2025-01-01T10:00:00Z"))
	f.want(t, http.StatusBadRequest, http.MethodPost, created["href"].(string)+"/statuses", `{"adapter":"dns"}`)

	t.Run("metrics", func(t *testing.T) {
		written, all := map[string]map[string]bool{}, map[string]bool{}
		for _, file := range []string{"config/prometheus/prometheus_rule.yaml", "config/prometheus/dashboard.json", "docs/monitoring.md"} {
			written[file] = metricsIn(t, file)
			maps.Copy(all, written[file])
		}
		shown := f.metrics(t)
		lacks := func(name string) bool { return shown[name] == nil && isOfShape(name, f.shape) }
		// A metric with labels is shown from its first use, and a manager's reconcilers start
		// after it is ready.
		for end := time.Now().Add(waitLimit(t)); slices.ContainsFunc(slices.Collect(maps.Keys(all)), lacks) && time.Now().Before(end); {
			time.Sleep(100 * time.Millisecond)
			shown = f.metrics(t)
		}
		for file, names := range written {
			for name := range names {
				if lacks(name) {
					t.Errorf("%s names %s, which HyperFleet does not have", file, name)
				}
			}
			checkLabels(t, file, shown)
		}
		for name := range shown {
			if strings.HasPrefix(name, "hyperfleet_") && !written["docs/monitoring.md"][name] {
				t.Errorf("docs/monitoring.md lacks %s", name)
			}
		}
	})
	t.Run("alerts", checkRunbook)
	t.Run("traces", func(t *testing.T) {
		eventually(t, "the collector has the spans of the request", func() bool {
			names := spans.of(traceID)
			return slices.Contains(names, "POST "+api+"/clusters") && slices.Contains(names, "POST kube-apiserver")
		})
		eventually(t, "the collector has a span of a status write", func() bool {
			return slices.Contains(spans.of(""), "write status of Cluster")
		})
	})
	t.Run("logs", func(t *testing.T) {
		log, err := os.ReadFile(f.logFile())
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for line := range strings.Lines(string(log)) {
			if !strings.HasSuffix(line, "\n") {
				break // the program is writing the last line
			}
			entry := object{}
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Errorf("a line of the log is not JSON: %s", line)
			}
			if strings.Contains(line, "secret-") {
				t.Errorf("the log holds a secret: %s", line)
			}
			found = found || entry["trace_id"] == traceID && entry["msg"] == "Request answered" && entry["request_id"] != ""
		}
		if !found {
			t.Error("the log does not have the request with its trace id")
		}
	})
}

// targetLabels are the labels that Prometheus adds to scraped series.
var targetLabels = []string{"namespace", "pod", "alertname"}

var (
	selector   = regexp.MustCompile(`\b(hyperfleet_[a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)`)
	aggregator = regexp.MustCompile(`\b(?:by|on) \(([a-z_, ]+)\)`)
)

// checkLabels checks the labels in the queries of a file: those of a selector must be
// labels of its metric, and those of an aggregation labels of some metric.
func checkLabels(t *testing.T, file string, shown map[string][]string) {
	t.Helper()
	content := readFile(t, file)
	for _, found := range selector.FindAllStringSubmatch(content, -1) {
		labels := append(slices.Clone(shown[baseOf(found[1])]), targetLabels...)
		for _, label := range matcher.FindAllStringSubmatch(found[2], -1) {
			if !slices.Contains(labels, label[1]) {
				t.Errorf("%s: %s has no label %s", file, found[1], label[1])
			}
		}
	}
	all := slices.Concat(append(slices.Collect(maps.Values(shown)), targetLabels)...)
	for _, found := range aggregator.FindAllStringSubmatch(content, -1) {
		for label := range strings.SplitSeq(found[1], ", ") {
			if !slices.Contains(all, label) {
				t.Errorf("%s: no metric has a label %s", file, label)
			}
		}
	}
}

// checkRunbook checks that each alert links to an entry of the documentation.
func checkRunbook(t *testing.T) {
	page := readFile(t, "docs/monitoring.md")
	var rule struct {
		Spec struct {
			Groups []struct {
				Rules []struct {
					Alert       string
					Annotations map[string]string
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(readFile(t, "config/prometheus/prometheus_rule.yaml")), &rule); err != nil {
		t.Fatal(err)
	}
	for _, r := range rule.Spec.Groups[0].Rules {
		_, anchor, _ := strings.Cut(r.Annotations["runbook_url"], "docs/monitoring.md#")
		heading := strings.ToLower(r.Alert)
		if anchor != heading || !strings.Contains(page, "\n### "+r.Alert+"\n") {
			t.Errorf("%s links to %q, which is not an entry of docs/monitoring.md", r.Alert, r.Annotations["runbook_url"])
		}
	}
}

// metricName matches names of metrics that HyperFleet may have.
var metricName = regexp.MustCompile(`\b(hyperfleet|controller_runtime|workqueue|rest_client|process|leader_election)_[a-z_]+[a-z]\b`)

func metricsIn(t *testing.T, file string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, name := range metricName.FindAllString(readFile(t, file), -1) {
		names[baseOf(name)] = true
	}
	if len(names) == 0 {
		t.Errorf("%s names no metric", file)
	}
	return names
}

// baseOf returns the name of the metric that a series belongs to.
func baseOf(series string) string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		series = strings.TrimSuffix(series, suffix)
	}
	return series
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root(), file))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// metrics returns the labels of each metric that the manager serves.
func (f *fleet) metrics(t *testing.T) map[string][]string {
	t.Helper()
	response, err := http.Get("http://" + f.scraped + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string][]string{}
	for name, family := range families {
		labels[name] = []string{"le"} // of a histogram
		for _, label := range family.Metric[0].Label {
			labels[name] = append(labels[name], label.GetName())
		}
	}
	return labels
}

// traced creates a resource within a trace.
func (f *fleet) traced(t *testing.T, traceparent, path, body string) object {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+f.rest+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Traceparent", traceparent)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	decoded := object{}
	if err := json.NewDecoder(response.Body).Decode(&decoded); err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("status %d: %v %v", response.StatusCode, decoded, err)
	}
	return decoded
}

// collector is an OpenTelemetry collector that records the names of spans.
type collector struct {
	mu    sync.Mutex
	names map[string][]string // by trace id
}

// newCollector starts a collector. The processes that the test starts export to
// it.
func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{names: map[string][]string{}}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := c.receive(r); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
	return c
}

func (c *collector) receive(r *http.Request) error {
	body, err := gzip.NewReader(r.Body)
	if err != nil {
		return err
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	export := &collectorv1.ExportTraceServiceRequest{}
	if err := proto.Unmarshal(content, export); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range export.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				id := hex.EncodeToString(span.TraceId)
				c.names[id] = append(c.names[id], span.Name)
			}
		}
	}
	return nil
}

// of returns the names of a trace's spans, or of all spans if the id is empty.
func (c *collector) of(traceID string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if traceID != "" {
		return slices.Clone(c.names[traceID])
	}
	return slices.Concat(slices.Collect(maps.Values(c.names))...)
}
