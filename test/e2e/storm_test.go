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
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestServerKilledWhileWriting kills the server in the middle of creates and reports,
// several times, and compares what it had acknowledged with what it serves after the
// next start.
func TestServerKilledWhileWriting(t *testing.T) {
	f := newFleet(t, oneProcess)
	f.start(t)
	acknowledged := &ledger{reports: map[string]string{}}
	rounds, writers := 3, 4
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		before := acknowledged.size()
		var running sync.WaitGroup
		for writer := range writers {
			running.Go(func() { f.storm(t, acknowledged, fmt.Sprintf("storm-%d-%d", round, writer)) })
		}
		// Kill it at any moment of the next write, once there were enough.
		eventually(t, "writes are acknowledged", func() bool { return acknowledged.size() > before+10 })
		time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
		f.stop(t, syscall.SIGKILL)
		running.Wait()
		f.start(t)
		acknowledged.check(t, f)
	}
	t.Logf("%d writes were acknowledged", acknowledged.size())
}

// A ledger is what the server has acknowledged: the clusters by their paths, with the
// time of the last report on each, "" for none.
type ledger struct {
	mu      sync.Mutex
	reports map[string]string
	count   int
}

func (l *ledger) record(href, observed string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reports[href] = observed
	l.count++
}

func (l *ledger) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// check compares the ledger with what the server has. A report may be newer than the
// acknowledged one: it was stored, and its answer was lost.
func (l *ledger) check(t *testing.T, f *fleet) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for href, observed := range l.reports {
		status, cluster := f.call(t, http.MethodGet, href, "")
		if status != http.StatusOK {
			t.Errorf("%s was created, and is %d now: %v", href, status, cluster)
			continue
		}
		if observed == "" {
			continue
		}
		statuses := f.want(t, http.StatusOK, http.MethodGet, href+"/statuses", "")
		items := statuses["items"].([]any)
		if len(items) != 1 || instant(t, items[0].(object)["last_report_time"].(string)).Before(instant(t, observed)) {
			t.Errorf("%s was reported on at %s, and has %v", href, observed, items)
		}
	}
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// storm creates clusters and reports on them until the server is gone.
func (f *fleet) storm(t *testing.T, acknowledged *ledger, prefix string) {
	for n := 0; ; n++ {
		created, ok := f.post(t, api+"/clusters", fmt.Sprintf(`{"spec":{},"name":"%s-%d"}`, prefix, n))
		if !ok {
			return
		}
		href := created["href"].(string)
		acknowledged.record(href, "")
		for range 3 {
			observed := time.Now().UTC().Format(time.RFC3339Nano)
			if _, ok := f.post(t, href+"/statuses", report("dns", "True", 1, observed)); !ok {
				return
			}
			acknowledged.record(href, observed)
		}
	}
}

// post returns false where the server is gone, which is no failure.
func (f *fleet) post(t *testing.T, path, body string) (object, bool) {
	response, err := http.Post("http://"+f.rest+path, "application/json", bytes.NewBufferString(body))
	if err != nil {
		return nil, false
	}
	defer func() { _ = response.Body.Close() }()
	decoded := object{}
	if err := json.NewDecoder(response.Body).Decode(&decoded); err != nil {
		return nil, false
	}
	if response.StatusCode != http.StatusCreated {
		t.Errorf("POST %s: %s: %v", path, response.Status, decoded)
		return nil, false
	}
	return decoded, true
}
