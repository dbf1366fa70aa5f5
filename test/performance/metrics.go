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
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// scrape reads the manager's metrics.
func (s *stack) scrape(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	families, err := process.Metrics(ctx, http.DefaultClient, "http://"+s.metrics+"/metrics")
	if err != nil {
		return nil, fmt.Errorf("metrics of the manager: %w", err)
	}
	return families, nil
}

// gauge returns the value of the family's only metric, 0 if there is none.
func gauge(families map[string]*dto.MetricFamily, name string) float64 {
	for _, m := range families[name].GetMetric() {
		return m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	return 0
}

// Queue counts objects that wait to be reconciled.
type Queue struct {
	// Normal counts objects with a change of their own, such as a report.
	Normal int `json:"normal"`
	// Low counts objects that are reconciled again because a change concerns many
	// of them. Their priority is below all others.
	Low int `json:"low"`
}

func (q Queue) atLeast(other Queue) Queue {
	return Queue{Normal: max(q.Normal, other.Normal), Low: max(q.Low, other.Low)}
}

func queueOf(families map[string]*dto.MetricFamily) Queue {
	var q Queue
	for _, m := range families["workqueue_depth"].GetMetric() {
		into := &q.Normal
		for _, label := range m.GetLabel() {
			if priority, err := strconv.Atoi(label.GetValue()); label.GetName() == "priority" && err == nil && priority < 0 {
				into = &q.Low
			}
		}
		*into += int(m.GetGauge().GetValue())
	}
	return q
}

// watchQueue reads the manager's queues four times per second, which costs the
// manager little, until the returned function is called. That function returns
// the maximum.
func (r *run) watchQueue(ctx context.Context) func() Queue {
	ctx, cancel := context.WithCancel(ctx)
	var most Queue
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			if families, err := r.scrape(ctx); err == nil { // otherwise the manager has ended, which is detected elsewhere
				most = most.atLeast(queueOf(families))
			}
			select {
			case <-ctx.Done():
			case <-time.After(250 * time.Millisecond):
			}
		}
	})
	return func() Queue {
		cancel()
		group.Wait()
		return most
	}
}
