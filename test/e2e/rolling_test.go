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

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// leaderDrainDelay is how long the leader serves after it has become unready.
const leaderDrainDelay = 2 * time.Second

// TestRollingRestart ends the leader while clients read and report through it and through
// another replica, as behind a load balancer. No request may fail or be cut off, and every
// acknowledged report must be stored.
func TestRollingRestart(t *testing.T) {
	f := newFleet(t, besideAPIServer)
	f.startControlPlane(t)
	leader := f.startReplica(t, "--drain-delay", leaderDrainDelay.String())
	eventually(t, "the first replica leads", func() bool {
		holder, err := f.tryKubectl(t, "", "-n", "hyperfleet-system", "get", "lease", "manager.hyperfleet.io", "-o", "jsonpath={.spec.holderIdentity}")
		return err == nil && holder != ""
	})
	balancer := &balancer{backends: []*fleet{leader, f.startReplica(t)}}
	done := make(chan struct{})
	var checking sync.WaitGroup
	checking.Go(func() { balancer.check(done) })

	cluster := leader.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"spec":{},"name":"rolling"}`)
	href := cluster["href"].(string)
	var clients sync.WaitGroup
	var requests, reports atomic.Int64
	acknowledged := make([]string, 4) // the time of each client's last acknowledged report
	for n := range acknowledged {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			for {
				select {
				case <-done:
					return
				default:
				}
				requests.Add(1)
				if n%2 == 0 {
					balancer.do(t, client, http.MethodGet, api+"/clusters", "", http.StatusOK)
					continue
				}
				observed := now()
				if balancer.do(t, client, http.MethodPost, href+"/statuses", report(fmt.Sprintf("adapter-%d", n), "True", 1, observed), http.StatusCreated) {
					acknowledged[n] = observed
					reports.Add(1)
				}
			}
		})
	}
	eventually(t, "reports flow", func() bool { return reports.Load() > 20 })
	leader.stop(t, syscall.SIGTERM)
	if err := leader.process.Exited(); !strings.Contains(err.Error(), "exit status 0") {
		t.Errorf("The leader ended with %v", err)
	}
	after := reports.Load()
	eventually(t, "reports flow by the other replica", func() bool { return reports.Load() > after+20 })
	close(done)
	clients.Wait()
	checking.Wait()
	for n, observed := range acknowledged {
		if n%2 == 0 {
			continue
		}
		stored := parseTime(t, f.jsonpath(t, fmt.Sprintf("hfas/rolling.adapter-%d", n), "{.spec.observedTime}"))
		if last := parseTime(t, observed); stored.Before(last) {
			t.Errorf("The report of adapter-%d at %s was acknowledged, and the stored one is of %s", n, last, stored)
		}
	}
	t.Logf("%d requests, %d of them reports", requests.Load(), reports.Load())
}

func parseTime(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// A balancer sends requests to the ready backends in turn.
type balancer struct {
	backends []*fleet
	turn     atomic.Int64
	mu       sync.Mutex
	ready    []target
}

// A target is a backend that was ready.
type target struct {
	*fleet
	seen time.Time // before its readiness was asked for
}

// check polls the backends' readiness.
func (b *balancer) check(done <-chan struct{}) {
	client := &http.Client{Timeout: 10 * time.Second}
	for {
		var ready []target
		for _, backend := range b.backends {
			seen := time.Now()
			response, err := client.Get("http://" + backend.probes + "/readyz")
			if err != nil {
				continue
			}
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				ready = append(ready, target{backend, seen})
			}
		}
		b.mu.Lock()
		b.ready = ready
		b.mu.Unlock()
		select {
		case <-done:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// next waits for a backend that is ready.
func (b *balancer) next() target {
	for ; ; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		ready := b.ready
		b.mu.Unlock()
		if len(ready) > 0 {
			return ready[int(b.turn.Add(1))%len(ready)]
		}
	}
}

// do makes a request through a ready backend, and reports whether it succeeded.
//
// A backend that was ready serves for leaderDrainDelay at least. A request may fail only if
// this process is so slow that it sends the request after half of that time. The other half
// is for the backend to receive it.
func (b *balancer) do(t *testing.T, client *http.Client, method, path, body string, status int) bool {
	backend := b.next()
	var sent atomic.Pointer[time.Time]
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { sent.Store(new(time.Now())) },
	})
	err := send(ctx, client, method, "http://"+backend.rest+path, body, status)
	if err == nil {
		return true
	}
	sent.CompareAndSwap(nil, new(time.Now())) // it was not sent
	if age := sent.Load().Sub(backend.seen); age > leaderDrainDelay/2 {
		t.Logf("Sent %s after the backend was ready: %s %s: %v", age, method, path, err)
	} else {
		t.Errorf("%s %s, sent %s after the backend was ready: %v", method, path, age, err)
	}
	return false
}

// send makes a request, and fails unless it gets the whole answer with that status.
func send(ctx context.Context, client *http.Client, method, url, body string, status int) error {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("it was cut off: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("its answer was cut off: %w", err)
	}
	if response.StatusCode != status || !json.Valid(text) {
		return fmt.Errorf("it returned %s, want %d: %s", response.Status, status, text)
	}
	return nil
}
