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

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// checkEvery is the number of reports per immediate read that checks the answer to a
// report.
const checkEvery = 16

// heartbeatScenario repeats earlier reports with a newer time.
const heartbeatScenario = "heartbeat"

// measureReports makes each adapter report on each cluster, and then repeat the report
// with a newer time. It writes the same reports in a namespace where nothing aggregates
// them. All adapters report on one cluster at about the same time.
func (r *run) measureReports(ctx context.Context, clusters []*cluster) error {
	reports := len(clusters) * len(adapters)
	l := load{workers: r.concurrency, requests: reports, limit: writeLimit}
	for _, scenario := range []struct {
		name   string
		direct func(*cluster, int) error
	}{
		{"report", func(c *cluster, adapter int) error {
			return r.admin.Create(ctx, reportObject(unwatched, c, adapter, time.Now()))
		}},
		{heartbeatScenario, func(c *cluster, adapter int) error {
			return r.patchReport(ctx, reportObject(unwatched, c, adapter, time.Now()))
		}},
	} {
		seen, err := watchReports(ctx, r.admin, clusters)
		if err != nil {
			return fmt.Errorf("watch the clusters: %w", err)
		}
		l.newWorker = func() worker {
			return r.reportWorker(reporting{clusters: clusters, which: identity, seen: seen, checked: true})
		}
		most := r.watchQueue(ctx)
		r.write(ctx, scenario.name, l)
		queue := most()
		r.round.last().Queue = &queue
		seen.await(ctx, r.patience)
		seen.stop()
		r.round.last().Visible, r.round.last().Unseen = seen.latencies()
		l.newWorker = func() worker {
			return worker{do: func(i int) (int, error) {
				return 0, scenario.direct(clusters[i/len(adapters)], i%len(adapters))
			}}
		}
		r.write(ctx, scenario.name+"-direct", l)
	}
	return ctx.Err()
}

func identity(i int) int { return i }

// reporting describes the reports of a worker.
type reporting struct {
	clusters []*cluster
	// which returns the number of the report for a request's index: first the
	// adapters' reports on the first cluster, then those on the second.
	which func(i int) int
	// message returns the message of the Available condition for a request's index. A nil
	// function means that the message stays the same.
	message func(i int) string
	// seen may be nil.
	seen *sightings
	// checked means that the worker reads one of checkEvery reports back immediately.
	checked bool
}

// reportWorker reports over REST.
func (r *run) reportWorker(what reporting) worker {
	w := newWire(r.facade)
	after := func(i int, err error) {
		if report := what.which(i); what.checked && err == nil && report%checkEvery == 0 {
			if err := r.checkCluster(w, what.clusters[report/len(adapters)], report%len(adapters)); err != nil {
				r.round.invisible.Add(1)
			}
		}
	}
	return worker{
		do: func(i int) (int, error) {
			report, message := what.which(i), sameMessage
			if what.message != nil {
				message = what.message(i)
			}
			c, adapter := what.clusters[report/len(adapters)], report%len(adapters)
			observed := time.Now()
			request := postRequest(r.facade, clusterPath(c)+"/statuses", reportBody(c.number, adapter, observed, message))
			if what.seen != nil {
				what.seen.expect(report, observed)
			}
			n, err := w.do(request, http.StatusCreated)
			if err == nil {
				c.reported[adapter] = observed
			} else if what.seen != nil {
				what.seen.forget(report)
			}
			return n, err
		},
		after: after,
		close: w.close,
	}
}

// checkCluster fails if the cluster does not reflect the adapter's last report
// over REST.
func (r *run) checkCluster(w *wire, c *cluster, adapter int) error {
	body, err := w.read(getRequest(r.facade, clusterPath(c)), http.StatusOK)
	if err != nil {
		return err
	}
	var shown struct {
		Status struct {
			Conditions []struct {
				Type        string    `json:"type"`
				LastUpdated time.Time `json:"last_updated_time"`
			} `json:"conditions"`
		} `json:"status"`
	}
	if err := json.Unmarshal(body, &shown); err != nil {
		return err
	}
	for _, condition := range shown.Status.Conditions {
		if condition.Type == adapters[adapter].condition && !condition.LastUpdated.Before(c.reported[adapter]) {
			return nil
		}
	}
	return fmt.Errorf("%s does not show the report of %s", clusterName(c.number), adapters[adapter].name)
}

// patchReport replaces the spec of a report in one write.
func (r *run) patchReport(ctx context.Context, report *v1.AdapterStatus) error {
	spec, err := json.Marshal(report.Spec)
	if err != nil {
		return err
	}
	patch := fmt.Appendf(nil, `[{"op":"replace","path":"/spec","value":%s}]`, spec)
	return r.admin.Patch(ctx, &v1.AdapterStatus{ObjectMeta: report.ObjectMeta}, client.RawPatch(types.JSONPatchType, patch))
}
