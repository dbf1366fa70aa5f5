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

package faults

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// The managers' limits of concurrent requests. One caller floods a replica with more
// requests than both limits.
const (
	maxReads, maxWrites = 60, 30
	slowDownloads       = 2 * maxReads
	slowBodies          = 2 * maxWrites
	searchers           = 8
)

// flood makes one caller with all rights send slow bodies, receive slowly and search
// without a pause, at both replicas. The other callers continue to work, and none of them
// is throttled.
func flood(t *testing.T, s *stack, w *workload) {
	s.createBallast(t)
	s.waitReady(t)
	before := w.counted("throttled")
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for _, r := range s.replicas {
		hostile := r.unpooled()
		for range slowBodies {
			clients.Go(func() { keepOn(ctx, func() { hostile.sendSlowly(ctx) }) })
		}
		for range slowDownloads {
			clients.Go(func() { keepOn(ctx, func() { hostile.receiveSlowly(ctx) }) })
		}
		for range searchers {
			clients.Go(func() { keepOn(ctx, func() { hostile.search(ctx) }) })
		}
	}
	time.Sleep(down) // for the flood to build up
	w.progress(t, 100)
	cancel()
	clients.Wait()
	if n := w.counted("throttled") - before; n > 0 {
		w.wrong("%d requests of other callers were answered 429 during a flood by one caller", n)
	}
}

// keepOn repeats a request until the context ends. The replica may refuse it immediately.
func keepOn(ctx context.Context, do func()) {
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(500+rand.IntN(1000)) * time.Millisecond):
		}
	}
}

// createBallast creates enough clusters that a list of them exceeds the buffers of a
// connection.
func (s *stack) createBallast(t *testing.T) {
	t.Helper()
	for i := range 20 {
		cluster := &v1.Cluster{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "ballast-", Namespace: metav1.NamespaceDefault, Labels: map[string]string{runLabel: "ballast"}},
			Spec:       runtime.RawExtension{Raw: fmt.Appendf(nil, `{"n":%d,"noise":%q}`, i, strings.Repeat("x", 40<<10))},
		}
		if err := s.admin.Create(t.Context(), cluster); err != nil {
			t.Fatal(err)
		}
	}
}

// A flooder has a connection for each request, with a small receive buffer.
type flooder struct {
	*replica
	client *http.Client
}

func (r *replica) unpooled() flooder {
	trusted := r.client.Transport.(*http.Transport).TLSClientConfig.RootCAs
	return flooder{r, &http.Client{Transport: &http.Transport{
		DialContext:         (&net.Dialer{Control: smallBuffer}).DialContext,
		MaxIdleConnsPerHost: slowDownloads + slowBodies,
		TLSClientConfig:     &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
	}}}
}

func smallBuffer(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10)
	})
	return errors.Join(err, failed)
}

// sendSlowly sends a body that does not end before the context ends.
func (f flooder) sendSlowly(ctx context.Context) {
	body, pen := io.Pipe()
	go func() {
		defer func() { _ = pen.CloseWithError(io.ErrUnexpectedEOF) }()
		for text := `{"name":"flood","spec":{"n":"`; ctx.Err() == nil; text = "x" {
			if _, err := pen.Write([]byte(text)); err != nil {
				return
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	f.do(ctx, http.MethodPost, clustersPath, body, func(response *http.Response) { _, _ = io.Copy(io.Discard, response.Body) })
	_ = body.Close()
}

// receiveSlowly requests a long list, and reads only its beginning.
func (f flooder) receiveSlowly(ctx context.Context) {
	f.do(ctx, http.MethodGet, clustersPath+"?pageSize=100&search="+url.QueryEscape("labels."+runLabel+"='ballast'"), nil, func(response *http.Response) {
		if _, err := io.CopyN(io.Discard, response.Body, 1<<10); err == nil {
			<-ctx.Done()
		}
	})
}

// search scans all specs.
func (f flooder) search(ctx context.Context) {
	search := fmt.Sprintf("spec.noise='%d'", rand.Uint64())
	f.do(ctx, http.MethodGet, clustersPath+"?pageSize=1&search="+url.QueryEscape(search), nil, func(response *http.Response) {
		_, _ = io.Copy(io.Discard, response.Body)
	})
}

// do makes a request. The replica may refuse it, or break the connection.
func (f flooder) do(ctx context.Context, method, path string, body io.Reader, use func(*http.Response)) {
	request, err := http.NewRequestWithContext(ctx, method, "https://"+f.listens+path, body)
	if err != nil {
		panic(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Authorization", "Bearer "+f.tokens[floodCaller])
	response, err := f.client.Do(request)
	if err != nil {
		return
	}
	defer func() { _ = response.Body.Close() }()
	use(response)
}
