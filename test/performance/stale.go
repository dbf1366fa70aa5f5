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
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Stale describes how the clusters recovered that a change of the required
// adapters made stale at once, while adapters kept reporting.
type Stale struct {
	Parents int `json:"parents"`
	// Seconds is the time from the change until a watching client saw the correct status
	// of the last of them.
	Seconds float64 `json:"seconds"`
}

// PerSecond is how many clusters were aggregated again per second.
func (s Stale) PerSecond() float64 { return ratio(float64(s.Parents), s.Seconds) }

// measureStale removes the adapter that reports faults from the required adapters, and
// then adds it again. Both changes make all clusters with a fault, one in five of the
// fleet, stale at once. Adapters keep reporting until the last cluster has the correct
// status. For comparison, measureStale makes the same reports without a change: calm,
// stale, stale, calm, so that a machine that becomes faster or slower favors neither.
func (r *run) measureStale(ctx context.Context, clusters []*cluster) error {
	var calm, stale turns
	news := &news{run: r, clusters: clusters}
	for _, change := range []struct {
		required []string // nil: no change
		ready    metav1.ConditionStatus
	}{
		{},
		{slices.Delete(adapterNames(), faulty, faulty+1), metav1.ConditionTrue},
		{adapterNames(), metav1.ConditionFalse},
		{},
	} {
		if change.required == nil {
			err := r.turn(ctx, &calm, func() (samples, error) { return news.tell(ctx, r.duration/2), nil })
			if err != nil {
				return err
			}
			continue
		}
		err := r.turn(ctx, &stale, func() (samples, error) {
			telling, stop := context.WithCancel(ctx)
			told := make(chan samples, 1)
			go func() { told <- news.tell(telling, writeLimit) }()
			err := r.aggregateAnew(ctx, change.required, change.ready)
			stop()
			return <-told, err
		})
		if err != nil {
			return err
		}
	}
	r.recordTurns("stale-parents", stale)
	r.recordTurns("stale-parents-calm", calm)
	r.round.Stale.Seconds /= 2
	fmt.Fprintf(r.out, "    %d parents became stale at once: all right after %.1f s\n", r.round.Stale.Parents, r.round.Stale.Seconds)
	return ctx.Err()
}

// turns are parts of one scenario.
type turns struct {
	samples samples
	usages  usages
	queue   Queue
}

// turn adds a part, up to the time when the processes are idle.
func (r *run) turn(ctx context.Context, to *turns, part func() (samples, error)) error {
	before, most := readUsages(r.pids()), r.watchQueue(ctx)
	s, err := part()
	to.queue = to.queue.atLeast(most())
	if err != nil {
		return err
	}
	r.settle(ctx, settleLimit, r.gathering())
	to.samples.join(s)
	if to.usages == nil {
		to.usages = usages{}
	}
	to.usages.add(readUsages(r.pids()).since(before))
	return nil
}

func (r *run) recordTurns(name string, t turns) {
	r.record(name, t.samples, t.usages)
	r.round.last().Queue = &t.queue
}

// news are reports that each change their cluster's status.
type news struct {
	*run
	clusters []*cluster
	told     int
}

// tell sends reports until the context is done or the time is over.
func (n *news) tell(ctx context.Context, limit time.Duration) samples {
	first := n.told
	s := load{workers: n.concurrency, least: 1, limit: limit, newWorker: func() worker {
		return n.reportWorker(reporting{
			clusters: n.clusters,
			which:    func(i int) int { return (first + i) % (len(n.clusters) * len(adapters)) },
			message:  func(i int) string { return fmt.Sprintf("The adapter has looked, report %d", first+i) },
		})
	}}.run(ctx)
	n.told += len(s.all)
	return s
}

// aggregateAnew changes the required adapters and waits until a watching client has seen
// the resulting status of every cluster with a fault.
func (r *run) aggregateAnew(ctx context.Context, required []string, ready metav1.ConditionStatus) error {
	stale := map[string]bool{}
	for _, c := range r.fleet {
		if available(c.number, faulty) == metav1.ConditionFalse {
			stale[clusterName(c.number)] = true
		}
	}
	r.round.Stale.Parents = len(stale)
	var list v1.ClusterList
	if err := r.admin.List(ctx, &list, client.InNamespace(watched), client.Limit(1)); err != nil {
		return err
	}
	from := &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.ResourceVersion}}
	w, err := r.admin.Watch(ctx, &v1.ClusterList{}, client.InNamespace(watched), from)
	if err != nil {
		return fmt.Errorf("watch the clusters: %w", err)
	}
	defer w.Stop()
	began := time.Now()
	if err := r.require(required); err != nil {
		return err
	}
	late := time.After(writeLimit)
	for len(stale) > 0 {
		select {
		case event, ok := <-w.ResultChan():
			if !ok {
				return errors.Join(ctx.Err(), errors.New("the watch of the clusters has ended"))
			}
			if c, ok := event.Object.(*v1.Cluster); ok && c.Status.Ready == ready {
				delete(stale, c.Name)
			}
		case <-late:
			return fmt.Errorf("%d clusters are still stale after %s", len(stale), writeLimit)
		}
	}
	r.round.Stale.Seconds += time.Since(began).Seconds()
	return nil
}
