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

package feed

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// TestProberOfIdleCollection changes other collections only. The collection's own watch
// has no events that distinguish a current index from one that is behind.
func TestProberOfIdleCollection(t *testing.T) {
	c, namespace := newNamespace(t)
	create(t, c, namespace, "before")
	x := fleet.New(fleet.AdapterStatuses)
	startProber(t, c, namespace, x)
	awaitProof(t, x, time.Now())
	other := otherNamespace(t)
	for _, name := range []string{"first", "second"} { // the first watch of a feed starts with a bookmark
		elsewhere := create(t, c, other, name)
		awaitProof(t, x, time.Now())
		wanted, err := fleet.ParseResourceVersion(elsewhere.ResourceVersion)
		must(t, err)
		if x.ResourceVersion() < wanted {
			t.Errorf("The index is at %d after the proof, want at least %d", x.ResourceVersion(), wanted)
		}
	}
	checkNames(t, x, "before")
}

func TestProberOfBusyCollection(t *testing.T) {
	c, namespace := newNamespace(t)
	x := fleet.New(fleet.AdapterStatuses)
	startProber(t, c, namespace, x)
	busy := create(t, c, namespace, "busy")
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			busy.Spec.ObservedGeneration++
			if err := c.Update(t.Context(), busy); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer writer.Wait()
	defer close(done)
	for range 3 {
		awaitProof(t, x, time.Now())
	}
}

// TestProberOfStalledWatch stalls the feed's watch while the API server answers
// all other requests. No proof may cover an object that the index lacks, and the index
// must recover automatically.
func TestProberOfStalledWatch(t *testing.T) {
	_, namespace := newNamespace(t)
	proxy, c := newProxy(t)
	create(t, c, namespace, "before")
	x := fleet.New(fleet.AdapterStatuses)
	startProber(t, c, namespace, x)
	awaitProof(t, x, time.Now())

	proxy.stall()
	missed := create(t, c, namespace, "missed")
	written := time.Now()
	await(t, "a proof after the stall", func() bool {
		proven := x.Proven()
		_, held := x.Get(v1.ID(missed.UID)) // read after the proof, so that the test cannot fail by mistake
		if proven.After(written) && !held {
			t.Fatal("A proof is newer than an object that the index does not hold")
		}
		return proven.After(written)
	})
	// The proxy may notice only now that the feed has left the watch. If no watch has
	// stalled, the test shows nothing.
	await(t, "a watch that has stalled", func() bool { return proxy.stalled() > 0 })
	checkNames(t, x, "before", "missed")
}

func TestProberWithoutAPIServer(t *testing.T) {
	_, namespace := newNamespace(t)
	proxy, c := newProxy(t)
	x := fleet.New(fleet.AdapterStatuses)
	startProber(t, c, namespace, x)
	awaitProof(t, x, time.Now())
	proxy.setDown(true)
	down := time.Now()
	awaitRefusals(t, proxy, 5)
	if proven := x.Proven(); proven.After(down) {
		t.Errorf("Proven as of %s, when the API server was away since %s", proven, down)
	}
	proxy.setDown(false)
	awaitProof(t, x, time.Now())
}

// TestProberVerifies: an index that is ahead of the API server counts as the index of a
// lost history, until its feed has listed again.
func TestProberVerifies(t *testing.T) {
	c, namespace := newNamespace(t)
	x := fleet.New(fleet.AdapterStatuses)
	must(t, x.Replace(nil, "1"))
	relists := new(relists)
	p := NewProber("statuses", x, ListWatch(c, &v1.AdapterStatusList{}, namespace), relists)
	must(t, p.Verify(t.Context()))
	must(t, x.Observe("1000000000"))
	if _, restored := errors.AsType[*RestoredError](p.Verify(t.Context())); !restored || p.Restored() == nil || *relists != 1 {
		t.Errorf("ahead of the API server: restored %t, %v, %d relists", restored, p.Restored(), *relists)
	}
	must(t, x.Replace(nil, "2"))
	must(t, p.Verify(t.Context()))
	if p.Restored() != nil || *relists != 1 {
		t.Errorf("after the list: %v, %d relists", p.Restored(), *relists)
	}
}

// relists counts the calls of Relist.
type relists int

func (r *relists) Rewatch() {}
func (r *relists) Relist()  { *r++ }

// startProber feeds and probes an index.
func startProber(t *testing.T, c client.WithWatch, namespace string, x *fleet.Index) {
	t.Helper()
	feed := New(x, ListWatch(c, &v1.AdapterStatusList{}, namespace), render)
	start(t, feed)
	metadata := &metav1.PartialObjectMetadataList{}
	metadata.SetGroupVersionKind(v1.GroupVersion.WithKind("AdapterStatusList"))
	p := NewProber("statuses", x, ListWatch(c, metadata, namespace), feed)
	p.interval, p.stallPatience = 10*time.Millisecond, 100*time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- p.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

// awaitProof waits for a proof as of a time or later.
func awaitProof(t *testing.T, x *fleet.Index, since time.Time) {
	t.Helper()
	await(t, "a proof", func() bool {
		return !x.Proven().Before(since)
	})
}

func awaitRefusals(t *testing.T, p *proxy, n int) {
	t.Helper()
	before := p.refusals()
	await(t, "requests that are refused", func() bool { return p.refusals() >= before+n })
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("Waited in vain for %s", what)
		}
	}
}

// A proxy is between a client and the API server. It can hold back the events of the open
// watches, and refuse all requests.
type proxy struct {
	backend http.RoundTripper
	host    string

	mu      sync.Mutex
	gates   []chan struct{} // of the watches; closed ones stall
	down    bool
	held    int
	refused int
}

// newProxy returns a proxy and a client that uses it.
func newProxy(t *testing.T) (*proxy, client.WithWatch) {
	t.Helper()
	backend, err := rest.TransportFor(server.env.Config)
	must(t, err)
	p := &proxy{backend: backend, host: strings.Trim(strings.TrimPrefix(server.env.Config.Host, "https://"), "/")}
	front := httptest.NewServer(p)
	c, err := client.NewWithWatch(&rest.Config{Host: front.URL, QPS: -1}, client.Options{Scheme: server.env.Scheme})
	must(t, err)
	t.Cleanup(func() { front.CloseClientConnections(); front.Close() })
	return p, c
}

// stall holds back all further events of the open watches.
func (p *proxy) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, gate := range p.gates {
		close(gate)
	}
	p.gates = nil
}

func (p *proxy) setDown(down bool) { p.mu.Lock(); defer p.mu.Unlock(); p.down = down }
func (p *proxy) stalled() int      { p.mu.Lock(); defer p.mu.Unlock(); return p.held }
func (p *proxy) refusals() int     { p.mu.Lock(); defer p.mu.Unlock(); return p.refused }

// enter returns the gate of a new request, or false if the request is refused. The short
// watches of proofs have no gate.
func (p *proxy) enter(r *http.Request) (gate <-chan struct{}, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		p.refused++
		return nil, false
	}
	query := r.URL.Query()
	if query.Get("watch") == "" || query.Get("timeoutSeconds") == strconv.Itoa(shortWatch) || query.Get("timeoutSeconds") == strconv.Itoa(longWatch) {
		return nil, true
	}
	stalled := make(chan struct{})
	p.gates = append(p.gates, stalled)
	return stalled, true
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	gate, ok := p.enter(r)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI, out.Host = "https", p.host, "", ""
	response, err := p.backend.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = response.Body.Close() }()
	maps.Copy(w.Header(), response.Header)
	w.WriteHeader(response.StatusCode)
	p.pass(w, r, response.Body, gate)
}

// pass copies a body until the gate is closed.
func (p *proxy) pass(w http.ResponseWriter, r *http.Request, body io.Reader, gate <-chan struct{}) {
	buffer := make([]byte, 32<<10)
	for {
		w.(http.Flusher).Flush()
		n, err := body.Read(buffer)
		select {
		case <-gate:
			p.mu.Lock()
			p.held++
			p.mu.Unlock()
			<-r.Context().Done()
			return
		default:
		}
		_, _ = w.Write(buffer[:n]) // the client may have gone
		if err != nil {
			return
		}
	}
}
