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
	"slices"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// sightings record when reports became visible in the conditions of their clusters to a
// client that watches the API server, like kubectl and GitOps tools.
type sightings struct {
	first   int // number of the first cluster
	reports []sighting
	watch   watch.Interface
	ended   chan struct{}
}

// sighting belongs to one report. Times are Unix nanoseconds, 0 before the event.
type sighting struct{ sent, seen atomic.Int64 }

// watchReports starts the watch. Clusters have consecutive numbers.
func watchReports(ctx context.Context, c client.WithWatch, clusters []*cluster) (*sightings, error) {
	var list v1.ClusterList
	if err := c.List(ctx, &list, client.InNamespace(watched), client.Limit(1)); err != nil {
		return nil, err
	}
	from := &metav1.ListOptions{ResourceVersion: list.ResourceVersion}
	w, err := c.Watch(ctx, &v1.ClusterList{}, client.InNamespace(watched), &client.ListOptions{Raw: from})
	if err != nil {
		return nil, err
	}
	s := &sightings{
		first:   clusters[0].number,
		reports: make([]sighting, len(clusters)*len(adapters)),
		watch:   w,
		ended:   make(chan struct{}),
	}
	go s.follow()
	return s, nil
}

// expect records that a report is about to be sent. Its observed time distinguishes it
// from earlier reports.
func (s *sightings) expect(report int, observed time.Time) {
	s.reports[report].sent.Store(observed.UnixNano())
}

// forget is called if the request of an expected report failed. The report does not count.
func (s *sightings) forget(report int) { s.reports[report].sent.Store(0) }

// await waits until each expected report has been seen, for at most limit. It returns early
// if the watch ends.
func (s *sightings) await(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		if _, unseen := s.latencies(); unseen == 0 {
			return
		}
		select {
		case <-s.ended:
			return
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

func (s *sightings) stop() {
	s.watch.Stop()
	<-s.ended
}

// latencies returns the times from the request of an expected report to its sighting, in
// ascending order, and the number of expected reports without a sighting.
func (s *sightings) latencies() (*Latencies, int) {
	var sorted []time.Duration
	unseen := 0
	for i := range s.reports {
		sent, seen := s.reports[i].sent.Load(), s.reports[i].seen.Load()
		switch {
		case sent == 0: // look may see a report that is forgotten
		case seen != 0:
			sorted = append(sorted, time.Duration(seen-sent))
		default:
			unseen++
		}
	}
	slices.Sort(sorted)
	l := newLatencies(sorted)
	return &l, unseen
}

func (s *sightings) follow() {
	defer close(s.ended)
	for event := range s.watch.ResultChan() {
		now := time.Now().UnixNano()
		if c, ok := event.Object.(*v1.Cluster); ok {
			s.look(c, now)
		}
	}
}

func (s *sightings) look(c *v1.Cluster, now int64) {
	number, ok := clusterNumber(c.Name)
	first := (number - s.first) * len(adapters)
	if !ok || first < 0 || first >= len(s.reports) {
		return
	}
	for i, adapter := range adapters {
		report := &s.reports[first+i]
		sent := report.sent.Load()
		if sent == 0 || report.seen.Load() != 0 {
			continue
		}
		for _, condition := range c.Status.Conditions {
			if condition.Type == adapter.condition && condition.LastUpdatedTime.UnixNano() >= sent {
				report.seen.Store(now)
			}
		}
	}
}
