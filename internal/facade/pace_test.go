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

package facade

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// TestSlowReadersTakeLittleMemory has many clients ask for a long list of large
// resources and receive only its beginning.
func TestSlowReadersTakeLittleMemory(t *testing.T) {
	const (
		readers, rows, size = 50, 200, 1 << 20 // 10 GiB if responses were kept in memory
		allowed             = readers * (1 << 20)
	)
	s := &Server{log: logr.Discard(), replica: &replica.Replica{Turns: fairness.NewTurns(1)}}
	s.options.Limits = Limits{}.withDefaults()
	s.inFlight = newInFlight(s.options.Limits)
	row := &fleet.Row{JSON: make([]byte, size)}
	for i := range row.JSON {
		row.JSON[i] = byte(i * i >> 8)
	}
	page := fleet.Page{Total: rows}
	for range rows {
		page.Rows = append(page.Rows, row)
	}
	for name, encoding := range map[string]string{"as it is": "identity", "compressed": "gzip"} {
		t.Run(name, func(t *testing.T) {
			before := heapInUse()
			release := make(chan struct{})
			var stuck, done sync.WaitGroup
			for range readers {
				stuck.Add(1)
				done.Go(func() {
					r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
					r = r.WithContext(context.WithValue(r.Context(), observationKey{}, &observation{}))
					defer s.newPlace(r).leave()
					r.Header.Set("Accept-Encoding", encoding)
					s.writeList(&stuckWriter{discard: discard{header: http.Header{}}, stuck: stuck.Done, release: release}, r, listHead{kind: "ClusterList", page: 1}, page)
				})
			}
			stuck.Wait()
			if taken := int64(heapInUse()) - int64(before); taken > allowed {
				t.Errorf("%d slow readers take %d MiB, want at most %d", readers, taken>>20, allowed>>20)
			}
			close(release)
			done.Wait()
		})
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // the second run collects objects with a finalizer
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// stuckWriter accepts one piece of a response, then blocks until it is released, then
// fails.
type stuckWriter struct {
	discard
	pieces  int
	stuck   func()
	release <-chan struct{}
}

func (w *stuckWriter) Write(p []byte) (int, error) {
	w.pieces++
	if w.pieces == 1 {
		return len(p), nil
	}
	if w.pieces == 2 {
		w.stuck()
	}
	<-w.release
	return 0, http.ErrHandlerTimeout
}

func (w *stuckWriter) SetWriteDeadline(time.Time) error { return nil }

func TestLimitsCheck(t *testing.T) {
	for name, c := range map[string]struct {
		limits Limits
		ok     bool
	}{
		"defaults":          {Limits{}, true},
		"negative number":   {Limits{MaxInFlight: -1}, false},
		"negative time-out": {Limits{RequestTimeout: -time.Second}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.limits.check(); (err == nil) != c.ok {
				t.Errorf("got error %v, want none: %t", err, c.ok)
			}
		})
	}
}

// A large response may take as long as it needs, if the client keeps receiving.
func TestDeadlineMovesWithResponse(t *testing.T) {
	w := &deadlines{discard: discard{header: http.Header{}}}
	p := &pacedWriter{ResponseWriter: w, stall: time.Hour}
	for _, size := range []int{3 * paceBytes, 1, paceBytes + 1} {
		if n, err := p.Write(make([]byte, size)); n != size || err != nil {
			t.Fatalf("wrote %d of %d bytes: %v", n, size, err)
		}
	}
	// The first piece has the deadline of the server.
	if want := 5; len(w.set) != want {
		t.Fatalf("%d deadlines were set, want %d", len(w.set), want)
	}
	for i, deadline := range w.set {
		if i > 0 && deadline.Before(w.set[i-1]) || time.Until(deadline) > time.Hour || time.Until(deadline) < 59*time.Minute {
			t.Errorf("deadlines %v do not move on with the pieces", w.set)
		}
	}
	if w.largest > paceBytes {
		t.Errorf("a piece has %d bytes, want at most %d", w.largest, paceBytes)
	}
}

type deadlines struct {
	discard
	set     []time.Time
	largest int
}

func (w *deadlines) Write(p []byte) (int, error) {
	w.largest = max(w.largest, len(p))
	return len(p), nil
}

func (w *deadlines) SetWriteDeadline(t time.Time) error {
	w.set = append(w.set, t)
	return nil
}
