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

package controlplane

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	dto "github.com/prometheus/client_model/go"
	"k8s.io/client-go/rest"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// collection is a custom resource: its plural, and its name in the manager's
// metrics.
type collection struct{ resource, indexed string }

var collections = []collection{
	{"clusters", "clusters"},
	{"nodepools", "nodepools"},
	{"adapterstatuses", "statuses"},
}

// readStep is the number of bytes from etcd that count as one unit of
// Progress.Work. An idle kube-apiserver reads less than that within the time
// limit of a wait. One that fills its watch caches reads much more.
const readStep = 16 << 20

// Loading returns a function that observes how a manager loads its indexes. The
// URL is that of the manager's metrics.
//
// The manager reports the size of an index once the index is complete. Until then, the
// function uses the number of events that kube-apiserver has sent to watchers. Before it
// sends events, kube-apiserver reads each collection from etcd in one request. Only
// etcd's counter of sent bytes shows the progress of that request. kube-apiserver counts
// stored objects after that request, so the function requests the number from etcd.
//
// A source that does not answer counts as 0, since the others may still progress.
func (c *ControlPlane) Loading(managerMetrics string) (func(context.Context) process.Progress, error) {
	config := c.RESTConfig(Admin)
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("client of kube-apiserver: %w", err)
	}
	admin := &http.Client{Transport: transport}
	return func(ctx context.Context) process.Progress {
		// kube-apiserver comes last, because it is the slowest to answer.
		manager, _ := process.Metrics(ctx, http.DefaultClient, managerMetrics)
		etcd, _ := process.Metrics(ctx, http.DefaultClient, c.etcdURL()+"/metrics")
		counts := c.countStored(ctx)
		apiServer, _ := process.Metrics(ctx, admin, config.Host+"/metrics")

		read := value(etcd, "etcd_network_client_grpc_sent_bytes_total")
		p := process.Progress{Work: read / readStep}
		for _, of := range collections {
			stored := counts[of.resource]
			sent := value(apiServer, "apiserver_watch_events_total", "group", v1.GroupVersion.Group, "resource", of.resource)
			indexed := value(manager, "hyperfleet_index_objects", "collection", of.indexed)
			// The reconcilers' cache and the index each receive every object once.
			// Further events are changes, which do not count as progress of the start.
			p.Work += min(sent, 2*stored) + indexed
			p.Text += fmt.Sprintf("%d of %d %s, ", max(indexed, min(sent, stored)), stored, of.resource)
		}
		p.Text += fmt.Sprintf("%d MiB read from etcd", read>>20)
		return p
	}, nil
}

// value sums the metrics of a family that have the labels. Label names and values
// alternate.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) int64 {
	var sum float64
	for _, m := range families[name].GetMetric() {
		if hasLabels(m, labels) {
			sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return int64(sum)
}

func hasLabels(m *dto.Metric, labels []string) bool {
	for i := 0; i < len(labels); i += 2 {
		found := false
		for _, label := range m.GetLabel() {
			found = found || label.GetName() == labels[i] && label.GetValue() == labels[i+1]
		}
		if !found {
			return false
		}
	}
	return true
}

// countStored returns the number of objects in etcd by resource.
func (c *ControlPlane) countStored(ctx context.Context) map[string]int64 {
	counts := map[string]int64{}
	for _, of := range collections {
		counts[of.resource], _ = c.stored(ctx, of.resource)
	}
	return counts
}

// stored requests the number of objects of a resource from etcd's JSON gateway.
func (c *ControlPlane) stored(ctx context.Context, resource string) (int64, error) {
	prefix := "/registry/" + v1.GroupVersion.Group + "/" + resource
	body, err := json.Marshal(map[string]any{
		"key":        []byte(prefix + "/"),
		"range_end":  []byte(prefix + "0"), // the character after the slash
		"count_only": true,
	})
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.etcdURL()+"/v3/kv/range", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("count %s in etcd: %s", resource, response.Status)
	}
	var answer struct {
		Count int64 `json:"count,string"` // absent if it is 0
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return 0, fmt.Errorf("count %s in etcd: %w", resource, err)
	}
	return answer.Count, nil
}
