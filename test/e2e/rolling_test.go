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
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestRollingRestart ends the leader while clients read and report through it and through
// another replica, as behind a load balancer. No request may fail or be cut off, and
// every acknowledged report must be stored.
func TestRollingRestart(t *testing.T) {
	f := newFleet(t, besideAPIServer)
	f.startControlPlane(t)
	leader := f.startReplica(t, "--drain-delay", "2s")
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
	for n := range 4 {
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
				observed := time.Now().UTC().Format(time.RFC3339Nano)
				balancer.do(t, client, http.MethodPost, href+"/statuses", report(fmt.Sprintf("adapter-%d", n), "True", 1, observed), http.StatusCreated)
				reports.Add(1)
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
	t.Logf("%d requests, %d of them reports", requests.Load(), reports.Load())
}

// A balancer sends requests to the ready backends in turn.
type balancer struct {
	backends []*fleet
	turn     atomic.Int64
	mu       sync.Mutex
	ready    []*fleet
}

// check polls the backends' readiness.
func (b *balancer) check(done <-chan struct{}) {
	client := &http.Client{Timeout: 10 * time.Second}
	for {
		var ready []*fleet
		for _, backend := range b.backends {
			response, err := client.Get("http://" + backend.probes + "/readyz")
			if err != nil {
				continue
			}
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				ready = append(ready, backend)
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
func (b *balancer) next() *fleet {
	for ; ; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		ready := b.ready
		b.mu.Unlock()
		if len(ready) > 0 {
			return ready[int(b.turn.Add(1))%len(ready)]
		}
	}
}

func (b *balancer) do(t *testing.T, client *http.Client, method, path, body string, status int) {
	backend := b.next()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+backend.rest+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		t.Errorf("%s %s was cut off: %v", method, path, err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status || !json.Valid(text) {
		t.Errorf("%s %s returned %s, want %d: %s %v", method, path, response.Status, status, text, err)
	}
}
