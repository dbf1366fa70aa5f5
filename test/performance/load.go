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
	"sync"
	"sync/atomic"
	"time"
)

// A worker makes one request after the other. do is measured; it returns the
// length of the answer's body. after, if not nil, follows each do and is not
// measured.
type worker struct {
	do    func(i int) (int, error)
	after func(i int, err error)
	close func()
}

// load describes the requests of a number of concurrent workers, until there are
// enough requests or the time is over.
type load struct {
	workers   int
	requests  int // 0: as many as the time allows
	least     int // makes so many requests even if the time is over
	limit     time.Duration
	newWorker func() worker
}

type sample struct {
	index   int
	latency time.Duration
	bytes   int // of the answer's body
	failed  bool
}

// samples are the results of a load.
type samples struct {
	all     []sample
	elapsed time.Duration
	fault   error // one of them
}

// run makes the requests. Each has an index of its own, from 0.
func (l load) run(ctx context.Context) samples {
	var (
		next  atomic.Int64
		group sync.WaitGroup
		parts = make([]samples, l.workers)
	)
	workers := make([]worker, l.workers)
	for w := range workers {
		workers[w] = l.newWorker()
	}
	began := time.Now()
	for w, worker := range workers {
		group.Go(func() {
			part := &parts[w]
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if l.requests > 0 && i >= l.requests {
					return
				}
				start := time.Now()
				if i >= l.least && start.Sub(began) >= l.limit {
					return
				}
				n, err := worker.do(i)
				part.all = append(part.all, sample{i, time.Since(start), n, err != nil})
				if err != nil {
					part.fault = err
				}
				if worker.after != nil {
					worker.after(i, err)
				}
			}
		})
	}
	group.Wait()
	total := samples{elapsed: time.Since(began)}
	for w, worker := range workers {
		if worker.close != nil {
			worker.close()
		}
		total.join(parts[w])
	}
	return total
}

// join adds samples. They come from the same time span or, if they have a duration, from
// another time span.
func (s *samples) join(other samples) {
	s.all = append(s.all, other.all...)
	s.elapsed += other.elapsed
	if s.fault == nil {
		s.fault = other.fault
	}
}

// of returns the samples for whose index fits is true. They have the duration of all
// samples.
func (s samples) of(fits func(index int) bool) samples {
	s.all = slices.Collect(func(yield func(sample) bool) {
		for _, taken := range s.all {
			if fits(taken.index) && !yield(taken) {
				return
			}
		}
	})
	return s
}

// bytes sums the lengths of all answers' bodies.
func (s samples) bytes() int64 {
	var sum int64
	for _, taken := range s.all {
		sum += int64(taken.bytes)
	}
	return sum
}

// latencies returns the latencies of the requests that succeeded, in ascending
// order.
func (s samples) latencies() []time.Duration {
	var sorted []time.Duration
	for _, taken := range s.all {
		if !taken.failed {
			sorted = append(sorted, taken.latency)
		}
	}
	slices.Sort(sorted)
	return sorted
}
