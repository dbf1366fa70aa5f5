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

package facade_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestMetricsMove makes the requests that each metric counts, and checks that the metric
// grows.
func TestMetricsMove(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(suite.replica.Collector(suite.manager.Elected()))
	gather := prometheus.Gatherers{ctrlmetrics.Registry, registry}
	cluster := newCluster(t, "")
	href := cluster.Href
	ready := func() {
		for _, adapter := range []string{"validator", "dns"} {
			post(t, href+"/statuses", reportBody(adapter, 1, noon, "True")).want(t, http.StatusCreated)
		}
	}
	for _, test := range []struct {
		series string
		action func()
	}{
		{`hyperfleet_http_requests_total{code="200",method="GET",route="/api/hyperfleet/v1/clusters/{cluster_id}"}`, func() { get(t, href) }},
		{`hyperfleet_http_request_duration_seconds{method="GET",route="/api/hyperfleet/v1/clusters"}`, func() { get(t, api+"/clusters") }},
		{`hyperfleet_http_response_size_bytes_total{method="GET",route="/api/hyperfleet/v1/clusters"}`, func() { get(t, api+"/clusters") }},
		{`hyperfleet_http_requests_total{code="404",method="GET",route="none"}`, func() { get(t, "/some/where") }},
		{`hyperfleet_http_requests_total{code="405",method="other",route="/api/hyperfleet/v1/clusters"}`, func() { call(t, "BREW", api+"/clusters", "") }},
		{`hyperfleet_http_problems_total{code="HYPERFLEET-NTF-002"}`, func() { get(t, api+"/clusters/unknown") }},
		{`hyperfleet_status_writes_total{kind="Cluster",reason="initial"}`, func() {
			other := newCluster(t, "")
			eventually(t, "the cluster has a status", func() bool {
				stored := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: other.Name, Namespace: "default"}}
				return suite.env.Client.Get(t.Context(), client.ObjectKeyFromObject(stored), stored) == nil && stored.Status.Computed()
			})
		}},
		{`hyperfleet_resources{available="True",kind="Cluster",ready="True"}`, ready},
		{`hyperfleet_aggregation_duration_seconds{kind="Cluster"}`, func() {
			post(t, href+"/statuses", reportBody("dns", 1, noon.Add(time.Minute), "False")).want(t, http.StatusCreated)
		}},
		{`hyperfleet_status_writes_total{kind="Cluster",reason="transition"}`, func() {
			post(t, href+"/statuses", reportBody("dns", 1, noon.Add(2*time.Minute), "True")).want(t, http.StatusCreated)
		}},
		{`hyperfleet_status_writes_total{kind="Cluster",reason="refresh"}`, func() {
			post(t, href+"/statuses", reportBody("extra", 1, noon, "True")).want(t, http.StatusCreated)
		}},
		{`hyperfleet_reports_total{adapter="dns",kind="Cluster",result="stored"}`, func() {
			post(t, href+"/statuses", reportBody("dns", 1, noon.Add(3*time.Minute), "False")).want(t, http.StatusCreated)
		}},
		{`hyperfleet_reports_total{adapter="dns",kind="Cluster",result="heartbeat"}`, func() {
			post(t, href+"/statuses", reportBody("dns", 1, noon.Add(4*time.Minute), "False")).want(t, http.StatusCreated)
		}},
		{`hyperfleet_reports_total{adapter="dns",kind="Cluster",result="discarded"}`, func() {
			post(t, href+"/statuses", reportBody("dns", 1, noon, "False")).want(t, http.StatusNoContent)
		}},
		{`hyperfleet_reports_total{adapter="dns",kind="Cluster",result="refused"}`, func() {
			post(t, href+"/statuses", reportBody("dns", 0, noon, "False")).want(t, http.StatusBadRequest)
		}},
		{`hyperfleet_reports_refused_total{adapter="dns",code="HYPERFLEET-VAL-002",kind="Cluster"}`, func() {
			post(t, href+"/statuses", `{"adapter":"dns"}`).want(t, http.StatusBadRequest)
		}},
		{`hyperfleet_reports_refused_total{adapter="other",code="HYPERFLEET-VAL-002",kind="Cluster"}`, func() {
			post(t, href+"/statuses", `{"adapter":"never-seen"}`).want(t, http.StatusBadRequest)
		}},
		{`hyperfleet_reports_refused_total{adapter="other",code="HYPERFLEET-VAL-001",kind="Cluster"}`, func() {
			post(t, href+"/statuses", `nothing`).want(t, http.StatusBadRequest)
		}},
		{`hyperfleet_reports{adapter="dns",kind="Cluster"}`, func() {
			other := newCluster(t, "")
			post(t, other.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
		}},
		{`hyperfleet_reports_discarded_total{adapter="dns",kind="Cluster",reason="stale"}`, func() {
			post(t, href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusNoContent)
		}},
		{`hyperfleet_reports_discarded_total{adapter="dns",kind="Cluster",reason="ahead_of_generation"}`, func() {
			post(t, href+"/statuses", reportBody("dns", 7, noon, "True")).want(t, http.StatusNoContent)
		}},
		{`hyperfleet_reports_discarded_total{adapter="dns",kind="Cluster",reason="unknown_after_result"}`, func() {
			post(t, href+"/statuses", reportBody("dns", 1, noon.Add(time.Hour), "Unknown")).want(t, http.StatusNoContent)
		}},
		{`hyperfleet_reports_discarded_total{adapter="dns",kind="Cluster",reason="orphan"}`, func() {
			name := uniqueName(t)
			report := &v1.AdapterStatus{
				ObjectMeta: metav1.ObjectMeta{Name: v1.AdapterStatusName(name, "dns"), Namespace: "default"},
				Spec: v1.AdapterStatusSpec{
					ResourceRef: v1.ResourceReference{Kind: v1.ClusterKind, Name: name, UID: "5f3759df-0000-4000-8000-000000000000"},
					Adapter:     "dns", ObservedGeneration: 1, ObservedTime: v1.NewTimestamp(noon), Conditions: []v1.AdapterCondition{},
				},
			}
			if err := suite.env.Client.Create(t.Context(), report); err != nil {
				t.Fatal(err)
			}
			// Its deletion must not make up for a report that a later action adds.
			index := suite.replica.Reports.Index
			if err := awaitVersion(t, index, report.ResourceVersion); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the orphan is gone", func() bool {
				_, ok := index.GetByKey(client.ObjectKeyFromObject(report))
				return !ok
			})
		}},
		{`hyperfleet_status_writes_total{kind="Cluster",reason="spec_change"}`, func() {
			stored := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: cluster.Name, Namespace: "default"}}
			if err := suite.env.Client.Patch(t.Context(), stored, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"region":"elsewhere"}}`))); err != nil {
				t.Fatal(err)
			}
		}},
		{`hyperfleet_index_objects{collection="clusters"}`, func() { newCluster(t, "") }},
		{`hyperfleet_index_objects{collection="statuses"}`, func() {
			post(t, href+"/statuses", reportBody("more", 1, noon, "True")).want(t, http.StatusCreated)
		}},
		{`hyperfleet_resources_terminating{kind="Cluster"}`, func() {
			held := newCluster(t, "")
			stored := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: held.Name, Namespace: "default"}}
			if err := suite.env.Client.Patch(t.Context(), stored, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":["test.hyperfleet.io/hold"]}}`))); err != nil {
				t.Fatal(err)
			}
			if err := suite.env.Client.Delete(t.Context(), stored); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				ctx := context.WithoutCancel(t.Context()) // it has ended
				if err := suite.env.Client.Patch(ctx, stored, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
					t.Error(err)
				}
			})
		}},
	} {
		before := seriesOf(t, gather)[test.series]
		test.action()
		eventually(t, test.series+" grows", func() bool { return seriesOf(t, gather)[test.series] > before })
	}
	eventually(t, "no request is under way", func() bool { return seriesOf(t, gather)[`hyperfleet_http_requests_in_flight{}`] == 0 })
}

// TestDryRunsOfReportsAreNotCounted: dry runs say nothing about the state of an adapter.
func TestDryRunsOfReportsAreNotCounted(t *testing.T) {
	href := newCluster(t, "").Href + "/statuses"
	post(t, href, reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
	reports := func() map[string]float64 {
		counted := seriesOf(t, ctrlmetrics.Registry)
		maps.DeleteFunc(counted, func(series string, _ float64) bool {
			return !strings.HasPrefix(series, "hyperfleet_reports_") || strings.Contains(series, "stored") || strings.Contains(series, "heartbeat")
		})
		return counted
	}
	before := reports()
	for body, status := range map[string]int{
		reportBody("dns", 1, noon.Add(-time.Minute), "True"): http.StatusNoContent,
		reportBody("dns", 7, noon, "True"):                   http.StatusNoContent,
		reportBody("dns", 1, noon.Add(time.Hour), "Unknown"): http.StatusNoContent,
		reportBody("dns", 0, noon.Add(time.Minute), "True"):  http.StatusBadRequest,
	} {
		post(t, href+"?dryRun=All", body).want(t, status)
	}
	if diff := cmp.Diff(before, reports()); diff != "" {
		t.Errorf("reports (-before +after):\n%s", diff)
	}
}

// TestResourcesAreCountedByTheLeaderAlone: otherwise a sum over two replicas would be
// twice the fleet.
func TestResourcesAreCountedByTheLeaderAlone(t *testing.T) {
	newCluster(t, "")
	registry := prometheus.NewRegistry()
	registry.MustRegister(suite.replica.Collector(make(chan struct{})))
	series := seriesOf(t, registry)
	for name := range series {
		if strings.HasPrefix(name, "hyperfleet_resources") {
			t.Errorf("a replica that does not lead has %s", name)
		}
	}
	if series[`hyperfleet_index_objects{collection="clusters"}`] == 0 {
		t.Error("a replica that does not lead does not say how large its index is")
	}
}

// TestResourcesAddUp: the series add up to the fleet, because each resource is in one
// series.
func TestResourcesAddUp(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(suite.replica.Collector(suite.manager.Elected()))
	eventually(t, "the sum of resources is the size of the index", func() bool {
		sum := 0.0
		series := seriesOf(t, registry)
		for name, value := range series {
			if strings.HasPrefix(name, "hyperfleet_resources{") && strings.Contains(name, `kind="Cluster"`) {
				sum += value
			}
		}
		return sum == series[`hyperfleet_index_objects{collection="clusters"}`]
	})
}

// TestRouteLabels: a value that a client chooses never becomes a label.
func TestRouteLabels(t *testing.T) {
	for _, path := range []string{"/secret-path-1", api + "/clusters/secret-path-2", api + "/clusters/x/secret-path-3", "//secret-path-4"} {
		get(t, path)
	}
	for name := range seriesOf(t, ctrlmetrics.Registry) {
		if strings.Contains(name, "secret-path") {
			t.Errorf("a path has become a label: %s", name)
		}
	}
}

// seriesOf returns the value of each series; the value of a histogram is its count.
func seriesOf(t *testing.T, from prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]float64{}
	for _, family := range families {
		for _, m := range family.Metric {
			series[family.GetName()+"{"+labelsOf(m)+"}"] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return series
}

func labelsOf(m *dto.Metric) string {
	labels := make([]string, len(m.Label))
	for i, l := range m.Label {
		labels[i] = fmt.Sprintf("%s=%q", l.GetName(), l.GetValue())
	}
	return strings.Join(labels, ",")
}
