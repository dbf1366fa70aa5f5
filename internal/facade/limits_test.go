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

package facade_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/facade"
)

func TestLongURI(t *testing.T) {
	longest := strings.Repeat("%20", 4096-len("name='a'")) + "name='a'"
	wantStatus(t, suite.base+api+"/clusters?search="+longest, http.StatusOK, "")
	wantStatus(t, suite.base+api+"/clusters?search="+strings.Repeat(longest, 2), http.StatusRequestURITooLong, "HYPERFLEET-LMT-003")
}

// The server does not wait for clients that send their requests slowly.
func TestSlowRequests(t *testing.T) {
	// Each server has one short limit: a pause of this test must not exceed the other one.
	dialWith := func(t *testing.T, header, whole time.Duration) net.Conn {
		t.Helper()
		server, _ := newReplicaServer(t, func(o *replicaOptions) {
			o.Limits.ReadHeaderTimeout, o.Limits.ReadTimeout = header, whole
		})
		conn := dial(t, server)
		if err := conn.SetReadDeadline(time.Now().Add(3 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	t.Run("header", func(t *testing.T) {
		conn := dialWith(t, 100*time.Millisecond, time.Hour)
		send(t, conn, "GET "+api+" HTTP/1.1\r\nHost: x\r\nX-Slow: ")
		if _, err := bufio.NewReader(conn).ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("After an unfinished header: error %v, want the connection closed", err)
		}
	})
	t.Run("body", func(t *testing.T) {
		conn := dialWith(t, time.Hour, 300*time.Millisecond)
		send(t, conn, "POST "+api+"/clusters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusRequestTimeout {
			t.Errorf("An unfinished body is answered %s, want 408", response.Status)
		}
	})
}

// The server disconnects a client that stops receiving, and frees its place. Until then,
// the client holds none of the places of requests in service.
func TestStuckReader(t *testing.T) {
	namespace, err := suite.env.NewNamespace(t.Context()) // or every other server of the suite would read these objects, too
	if err != nil {
		t.Fatal(err)
	}
	server, _ := newReplicaServer(t, func(o *replicaOptions) {
		o.replica.Namespace, o.Limits.MaxInFlight, o.Limits.WriteStallTimeout = namespace, 1, time.Second
	})
	const count = 12 // more than the connections buffer
	for i := range count {
		if err := suite.env.Client.Create(t.Context(), &v1.Cluster{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("large-%d", i), Namespace: namespace},
			Spec:       runtime.RawExtension{Raw: fmt.Appendf(nil, `{"text":%q}`, strings.Repeat("x", 900<<10))},
		}); err != nil {
			t.Fatal(err)
		}
	}
	path := query(api+"/clusters", "pageSize", strconv.Itoa(count))
	base := "http://" + server.Address().String()
	eventually(t, "the replica has all", func() bool {
		response, err := http.Head(base + query(api+"/clusters", "page", strconv.Itoa(count), "pageSize", "1"))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.ContentLength > 900<<10
	})

	// If this test pauses, the server disconnects the client before the next request. Then
	// another client gets stuck.
	eventually(t, "a stuck client has the place", func() bool {
		conn := dial(t, server)
		if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
		send(t, conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, " 200 ") {
			return false
		}
		wantStatus(t, base+api, http.StatusOK, "")
		response, err := http.Get(base + api + "/clusters")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode == http.StatusOK {
			return false
		}
		if problem := readProblem(t, response); response.StatusCode != http.StatusTooManyRequests || problem.Code != "HYPERFLEET-LMT-002" {
			t.Fatalf("Beside a stuck client: %s, %s; want 429 HYPERFLEET-LMT-002", response.Status, problem.Code)
		}
		return true
	})
	eventually(t, "the place is free", func() bool {
		response, err := http.Get(base + api + "/clusters")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// Writes in flight keep out other writes, but not reads.
func TestRequestsInFlight(t *testing.T) {
	server, _ := newReplicaServer(t, func(o *replicaOptions) { o.Limits.MaxMutatingInFlight = 1 })
	base := "http://" + server.Address().String()
	conn := dial(t, server)
	send(t, conn, "POST "+api+"/clusters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
	reader := bufio.NewReader(conn)
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") { // the server reads the body
		t.Fatalf("%q: %v", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(base+api+"/clusters", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") == "" {
		t.Errorf("The second write is answered %s, want 429 with Retry-After", response.Status)
	}
	wantStatus(t, base+api+"/clusters", http.StatusOK, "")

	send(t, conn, "{}")
	first, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Body.Close()
	if first.StatusCode != http.StatusBadRequest {
		t.Errorf("The first write is answered %s, want 400: its body is empty", first.Status)
	}
}

// A write that waits to be visible leaves its place to other writes.
func TestWaitingWriteGivesItsPlaceUp(t *testing.T) {
	server, freeze := newReplicaServer(t, func(o *replicaOptions) {
		o.Limits.MaxMutatingInFlight, o.Limits.RequestTimeout, o.WriteVisibility = 1, 5*time.Minute, 5*time.Minute
	})
	freeze()
	base := "http://" + server.Address().String()
	answered := make(chan struct{})
	name := uniqueName(t)
	go func() {
		defer close(answered)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+api+"/clusters", strings.NewReader(fmt.Sprintf(`{"spec":{},"name":%q}`, name)))
		if err != nil {
			t.Error(err)
			return
		}
		request.Header.Set("Content-Type", "application/json")
		if response, err := http.DefaultClient.Do(request); err == nil { // else the test has ended
			_ = response.Body.Close()
		}
	}()
	eventually(t, "the cluster is created", func() bool {
		return strings.Contains(string(get(t, query(api+"/clusters", "search", "name='"+name+"'")).body), name)
	})
	eventually(t, "another write is let in", func() bool {
		response, err := http.Post(base+api+"/clusters", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusBadRequest
	})
	select {
	case <-answered:
		t.Error("The first write is answered, though no read shows it: the test shows nothing")
	default:
	}
	// The request goes on without its client, until the write is visible.
	var created v1.Cluster
	if err := suite.env.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: name}, &created); err != nil {
		t.Fatal(err)
	}
	if err := server.Replica().Clusters.Index.Observe(created.ResourceVersion); err != nil {
		t.Fatal(err)
	}
}

// If the API server refuses a request for the moment, the facade refuses it at once, and
// no request takes longer than its limit.
func TestAPIServerThatIsBusy(t *testing.T) {
	var answer atomic.Pointer[http.HandlerFunc]
	var asked atomic.Int32
	config := throughProxy(t, func(w http.ResponseWriter, r *http.Request) bool {
		do := answer.Load()
		if r.Method != http.MethodPost || do == nil {
			return false
		}
		asked.Add(1)
		(*do)(w, r)
		return true
	})
	refuse := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			http.Error(w, "Too many requests, please try again later.", status)
		}
	}
	for name, c := range map[string]struct {
		answer           http.HandlerFunc
		timeout          time.Duration // longer than any pause of this test, unless it has to pass
		status           int
		code, retryAfter string
	}{
		"throttles": {refuse(http.StatusTooManyRequests), time.Hour, http.StatusTooManyRequests, "HYPERFLEET-LMT-002", "7"},
		"is down":   {refuse(http.StatusServiceUnavailable), time.Hour, http.StatusServiceUnavailable, "HYPERFLEET-SVC-001", "7"},
		"hangs":     {hang, 2 * time.Second, http.StatusGatewayTimeout, "HYPERFLEET-SVC-002", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := newReplicaOf(t, config, func(o *replicaOptions) { o.Limits.RequestTimeout = c.timeout })
			answer.Store(&c.answer)
			defer answer.Store(nil)
			asked.Store(0)
			requests := int32(0)
			// In a pause, the short time may pass before the facade asks.
			for requests == 0 || asked.Load() == 0 && requests < 5 && c.status == http.StatusGatewayTimeout {
				requests++
				response, err := http.Post("http://"+server.Address().String()+api+"/clusters", "application/json", strings.NewReader(`{"spec":{},"name":"busy"}`))
				if err != nil {
					t.Fatal(err)
				}
				problem := readProblem(t, response)
				_ = response.Body.Close()
				if response.StatusCode != c.status || problem.Code != c.code || response.Header.Get("Retry-After") != c.retryAfter {
					t.Errorf("answered %s, %s, Retry-After %q; want %d, %s, %q", response.Status, problem.Code, response.Header.Get("Retry-After"), c.status, c.code, c.retryAfter)
				}
			}
			if n := asked.Load(); n == 0 || n > requests {
				t.Errorf("the API server was asked %d times for %d requests, want once for each", n, requests)
			}
		})
	}
}

// hang sends no answer until the client has disconnected, which net/http detects once the
// body is read.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// throughProxy returns a configuration that reaches the API server through a
// proxy, which lets intercept answer instead.
func throughProxy(t *testing.T, intercept func(http.ResponseWriter, *http.Request) bool) *rest.Config {
	t.Helper()
	target, err := url.Parse(suite.env.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(suite.env.Config)
	if err != nil {
		t.Fatal(err)
	}
	backend := httputil.NewSingleHostReverseProxy(target)
	backend.Transport, backend.FlushInterval = transport, -1
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !intercept(w, r) {
			backend.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { proxy.CloseClientConnections(); proxy.Close() })
	return &rest.Config{Host: proxy.URL, QPS: -1}
}

func dial(t *testing.T, server *facade.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", server.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}
