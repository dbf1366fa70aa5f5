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
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// measureMemory compares the memory of a manager that has just started with the
// JSON that it serves. It reads the resident memory first, because the requests
// that follow add to it.
func (r *run) measureMemory(ctx context.Context, s *StartUp) error {
	s.ResidentBytes = readUsages(r.pids())[r.shape].RSSBytes
	var err error
	if s.JSONBytes, err = r.renderedBytes(); err != nil {
		return fmt.Errorf("measure the JSON: %w", err)
	}
	if s.HeapBytes, err = r.liveHeap(ctx); err != nil {
		return fmt.Errorf("measure the heap: %w", err)
	}
	return nil
}

// renderedBytes sums the sizes of all clusters and of all reports on them, as
// REST shows them.
func (r *run) renderedBytes() (int64, error) {
	const most = 1000 // items per page
	w := newWire(r.facade)
	defer w.close()
	var sum int64
	for page := 1; (page-1)*most < len(r.fleet); page++ {
		n, err := itemBytes(w, r.facade, fmt.Sprintf("%s?page=%d&pageSize=%d", clustersPath, page, most))
		if err != nil {
			return 0, err
		}
		sum += n
	}
	for _, c := range r.fleet {
		n, err := itemBytes(w, r.facade, clusterPath(c)+"/statuses")
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// itemBytes returns the length of a list's items.
func itemBytes(w *wire, host, uri string) (int64, error) {
	body, err := w.read(getRequest(host, uri), http.StatusOK)
	if err != nil {
		return 0, fmt.Errorf("GET %s: %w", uri, err)
	}
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&list); err != nil {
		return 0, fmt.Errorf("GET %s: %w", uri, err)
	}
	var sum int64
	for _, item := range list.Items {
		sum += int64(len(item))
	}
	return sum, nil
}

// liveHeap returns the size of the manager's live heap after a garbage collection. After
// two collections, no garbage of the start is left. Reading the metrics allocates enough
// to trigger a collection in a small heap, and Go collects at least every two minutes.
func (r *run) liveHeap(ctx context.Context) (int64, error) {
	const cycles, live = "go_gc_cycles_total_gc_cycles_total", "go_gc_heap_live_bytes"
	before, err := r.scrape(ctx)
	if err != nil {
		return 0, err
	}
	if gauge(before, live) == 0 {
		return 0, fmt.Errorf("the %s has no metric %s", r.shape, live)
	}
	const limit = 5 * time.Minute
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		now, err := r.scrape(ctx)
		if err != nil {
			return 0, err
		}
		if gauge(now, cycles) >= gauge(before, cycles)+2 {
			return int64(gauge(now, live)), nil
		}
	}
	return 0, fmt.Errorf("the garbage collector of the %s did not run twice within %s", r.shape, limit)
}
