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
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// TestWire sends all requests over one wire. Bytes that one answer leaves unread
// would break the next.
func TestWire(t *testing.T) {
	long := strings.Repeat("0123456789", 20_000)
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/chunked":
			_, _ = w.Write([]byte(long[:50_000]))
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write([]byte(long[50_000:]))
		case "/last":
			w.Header().Set("Connection", "close")
			_, _ = w.Write([]byte("bye"))
		case "/refused":
			http.Error(w, "no such thing", http.StatusNotFound)
		default:
			w.Header().Set("Content-Length", strconv.Itoa(len(long)))
			_, _ = w.Write([]byte(long))
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	address := server.Listener.Addr().String()
	w := newWire(address)
	defer w.close()

	for i, step := range []struct {
		path            string
		status          int
		want            int    // length of the body
		wantErr         string // "" if the request succeeds
		wantConnections int64
	}{
		{"/", 200, len(long), "", 1},
		{"/empty", 204, 0, "", 1},
		{"/chunked", 200, len(long), "", 1},
		{"/", 200, len(long), "", 1},
		{"/last", 200, 3, "", 1},
		{"/", 200, len(long), "", 2},
		{"/refused", 200, 0, "status 404, want 200: no such thing", 2},
		{"/", 200, len(long), "", 3},
	} {
		n, err := w.do(getRequest(address, step.path), step.status)
		if step.wantErr == "" && err != nil || step.wantErr != "" && (err == nil || !strings.Contains(err.Error(), step.wantErr)) {
			t.Errorf("step %d: error %v, want %q", i, err, step.wantErr)
		}
		if n != step.want || connections.Load() != step.wantConnections {
			t.Errorf("step %d: %d bytes, want %d; %d connections so far, want %d", i, n, step.want, connections.Load(), step.wantConnections)
		}
	}
	body, err := w.read(postRequest(address, "/", []byte(`{}`)), 200)
	if err != nil || string(body) != long {
		t.Errorf("read() = %d bytes, %v", len(body), err)
	}
}

func TestBareHandler(t *testing.T) {
	const uri = "/clusters?page=1&search=name%3D'x'"
	handler := bareHandler(map[string][]byte{uri: []byte("[]")})
	for asked, want := range map[string]int{uri: http.StatusOK, "/clusters": http.StatusNotFound} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, asked, nil))
		if recorder.Code != want || want == http.StatusOK && recorder.Body.String() != "[]" {
			t.Errorf("GET %s: %d %q, want %d", asked, recorder.Code, recorder.Body, want)
		}
	}
}
