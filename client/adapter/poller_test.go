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

package adapter

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// lists serves the two lists that a poller requests, in pages of three, with entity tags.
// The facade's own answers are tested in test/adapters.
type lists struct {
	items     map[string]item
	failing   bool // the next list of parents that are not Ready fails
	unchanged int  // answers 304
}

func (l *lists) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer struct {
		Items []item `json:"items"`
		Next  string `json:"nextPageToken,omitempty"`
	}
	unready := r.FormValue("search") != ""
	if unready && l.failing {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	after := r.FormValue("pageToken")
	for _, id := range slices.Sorted(maps.Keys(l.items)) {
		row := l.items[id]
		switch {
		case unready && !row.notReady || id <= after:
		case len(answer.Items) == 3:
			answer.Next = answer.Items[2].ID
		case unready:
			answer.Items = append(answer.Items, item{ID: id})
		default:
			answer.Items = append(answer.Items, row)
		}
	}
	body, _ := json.Marshal(answer)
	tag := strconv.Quote(fmt.Sprintf("%x", body))
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		l.unchanged++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body)
}

// TestPollerLikeModel changes a fleet at random, polls, and compares what the poller
// enqueues with the differences of the fleet between two successful polls.
func TestPollerLikeModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	fleet := &lists{items: map[string]item{}}
	server := httptest.NewServer(fleet)
	defer server.Close()
	options := Options{Selector: labels.SelectorFromSet(labels.Set{"shard": "1"}), Clock: clock.RealClock{}}
	door, err := newRESTDoor(&REST{Server: server.URL}, "dns", hyperfleetv1.ClusterKind, options)
	if err != nil {
		t.Fatal(err)
	}
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[ctrl.Request]())
	defer queue.ShutDown()
	p := newPoller(door, queue)
	polled := map[string]item{} // at the last poll that succeeded
	for step := range 1000 {
		for range random.IntN(3) {
			id := fmt.Sprintf("2%02d", random.IntN(20))
			row := item{ID: id, Generation: int64(random.IntN(3)), Labels: map[string]string{"shard": strconv.Itoa(random.IntN(2))}, notReady: random.IntN(2) == 0}
			if random.IntN(3) == 0 {
				delete(fleet.items, id)
			} else {
				fleet.items[id] = row
			}
		}
		fleet.failing = random.IntN(4) == 0
		if err := p.poll(t.Context()); (err != nil) != fleet.failing {
			t.Fatalf("step %d: poll: %v, want an error: %t", step, err, fleet.failing)
		}
		var got, want []string
		for queue.Len() > 0 {
			request, _ := queue.Get()
			queue.Done(request)
			got = append(got, request.Name)
		}
		if !fleet.failing {
			want = differences(polled, fleet.items)
			polled = maps.Clone(fleet.items)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("step %d: the poller enqueues %v, want %v", step, got, want)
		}
	}
	if fleet.unchanged == 0 {
		t.Error("no page was answered 304")
	}
}

// differences returns the ids for which the adapter must be called, in order.
func differences(before, after map[string]item) []string {
	mine := func(row item) bool { return row.Labels["shard"] == "1" }
	wanted := map[string]bool{}
	for id, row := range after {
		last, ok := before[id]
		if mine(row) && (!ok || !mine(last) || last.Generation != row.Generation || last.notReady != row.notReady) {
			wanted[id] = true
		}
	}
	for id, last := range before {
		if _, ok := after[id]; !ok && mine(last) {
			wanted[id] = true
		}
	}
	return slices.Sorted(maps.Keys(wanted))
}
