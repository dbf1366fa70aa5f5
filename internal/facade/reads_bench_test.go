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
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
	"github.com/hyperfleet-io/hyperfleet/internal/rest/resttest"
)

// BenchmarkReads measures each kind of read in process and over a loopback connection.
// For comparison, it measures the upper limit: a bare net/http handler that answers with
// equal bytes from memory.
func BenchmarkReads(b *testing.B) {
	for _, clusters := range []int{1_000, 20_000, 100_000} {
		reads := newReads(b, clusters)
		for _, s := range reads.scenarios {
			target := rest.ClustersPath + s.path
			b.Run(fmt.Sprintf("%s/%d/InProcess", s.name, clusters), func(b *testing.B) {
				r := s.request(target)
				w := &discard{header: http.Header{}}
				b.ReportAllocs()
				for b.Loop() {
					clear(w.header)
					reads.handler.ServeHTTP(w, r)
				}
				if w.status != http.StatusOK && w.status != http.StatusNotModified {
					b.Fatalf("status %d", w.status)
				}
			})
			recorded := httptest.NewRecorder()
			reads.handler.ServeHTTP(recorded, s.request(target))
			handlers := map[string]http.Handler{"Loopback": reads.handler, "LoopbackBare": bare(recorded)}
			for _, name := range []string{"Loopback", "LoopbackBare"} {
				b.Run(fmt.Sprintf("%s/%d/%s", s.name, clusters, name), func(b *testing.B) {
					client := newRawClient(b, handlers[name], target, s.header)
					for b.Loop() {
						client.ask(b)
					}
				})
			}
		}
	}
}

type reads struct {
	handler   http.Handler
	scenarios []readScenario
}

type readScenario struct {
	name, path, header string
}

func (s readScenario) request(target string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	if key, value, ok := strings.Cut(strings.TrimSuffix(s.header, "\r\n"), ": "); ok {
		r.Header.Set(key, value)
	}
	return r
}

func newReads(tb testing.TB, clusters int) reads {
	tb.Helper()
	renderer := rest.Renderer{RequiredAdapters: func(string) []string { return []string{"dns"} }}
	rows := make([]*fleet.Row, clusters)
	for n := range rows {
		cluster := resttest.Cluster(n)
		cluster.CreationTimestamp = metav1.NewTime(time.Date(2026, 1, 1, 0, 0, n/100, 0, time.UTC))
		if n%5 == 0 {
			cluster.Status.Conditions[1].Status = metav1.ConditionFalse
		}
		var err error
		if rows[n], err = renderer.Cluster(cluster); err != nil {
			tb.Fatal(err)
		}
	}
	s := newOffline(tb, Options{}, rows...)
	search := func(text string, more ...string) string {
		query := url.Values{"search": {text}, "pageSize": {"20"}}
		for i := 0; i < len(more); i += 2 {
			query.Set(more[i], more[i+1])
		}
		return "?" + query.Encode()
	}
	page := func(of int) string { return strconv.Itoa(of / 40) }
	get := "/" + rows[clusters/2].ID
	return reads{handler: s.handler(), scenarios: []readScenario{
		{name: "Get", path: get},
		{name: "GetUnchanged", path: get, header: "If-None-Match: *\r\n"},
		{name: "GetGzip", path: get, header: "Accept-Encoding: gzip\r\n"},
		{name: "FirstPage", path: "?pageSize=20"},
		{name: "FirstPageUnchanged", path: "?pageSize=20", header: "If-None-Match: *\r\n"},
		{name: "FirstPageGzip", path: "?pageSize=20", header: "Accept-Encoding: gzip\r\n"},
		{name: "MiddlePage", path: "?pageSize=20&page=" + page(clusters)},
		{name: "Label", path: search("labels.environment='staging'")},
		{name: "LabelMiddlePage", path: search("labels.environment='staging'", "page", page(clusters/4))},
		{name: "AndOr", path: search("labels.environment='staging' and (labels.region='region-1' or labels.region='region-3')")},
		{name: "Condition", path: search("status.conditions.Ready='False'")},
		{name: "ConditionMiddlePageByName", path: search("status.conditions.Ready='False'", "page", page(clusters/5), "orderBy", "name")},
	}}
}

// bare returns a handler that answers with the recorded response, from memory.
func bare(recorded *httptest.ResponseRecorder) http.Handler {
	body := recorded.Body.Bytes()
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if recorded.Code == http.StatusOK {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		w.WriteHeader(recorded.Code)
		_, _ = w.Write(body)
	})
}

// discard is a response that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// rawClient repeats one request over one connection. The client and the server share the
// processors, so the client must cost next to nothing: it only reads as many bytes as the
// first answer had.
type rawClient struct {
	conn    net.Conn
	request []byte
	answer  []byte
}

func newRawClient(b *testing.B, handler http.Handler, target, header string) *rawClient {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(listener) })
	b.Cleanup(func() { _ = server.Close(); done.Wait() })
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	c := &rawClient{conn: conn, request: []byte("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n")}

	// Read the first answer to its end.
	if _, err := conn.Write(c.request); err != nil {
		b.Fatal(err)
	}
	buffer := make([]byte, 1<<20)
	length := 0
	for {
		if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			b.Fatal(err)
		}
		n, err := conn.Read(buffer[length:])
		length += n
		if err != nil {
			break
		}
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		b.Fatal(err)
	}
	c.answer = buffer[:length]
	b.SetBytes(int64(length))
	return c
}

func (c *rawClient) ask(b *testing.B) {
	b.Helper()
	if _, err := c.conn.Write(c.request); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(c.conn, c.answer); err != nil {
		b.Fatal(err)
	}
}
