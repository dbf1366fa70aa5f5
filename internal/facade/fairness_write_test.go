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
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"

	"github.com/hyperfleet-io/hyperfleet/internal/facade"
)

// dialFrom opens a connection from an address of this machine.
func dialFrom(ctx context.Context, from, address string) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	return dialer.DialContext(ctx, "tcp", address)
}

// postAs returns the status of the answer to a caller's POST.
func postAs(t *testing.T, server *facade.Server, caller, path, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+server.Address().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+caller)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// TestSlowBodiesOfOneCaller has one caller begin more writes than may be in flight, and
// finish none. All writes of another caller succeed.
func TestSlowBodiesOfOneCaller(t *testing.T) {
	server, _ := newReplicaServer(t, func(o *replicaOptions) {
		o.Authenticator, o.Limits.ReadHeaderTimeout, o.Limits.ReadTimeout = facade.NamedUsers, time.Hour, time.Hour
	})
	var held []net.Conn
	for range 220 {
		conn := dial(t, server)
		send(t, conn, "POST "+api+"/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hostile\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, "100 Continue") { // the server waits for the body
			held = append(held, conn)
		}
	}
	if len(held) != 100 {
		t.Errorf("%d bodies of the hostile caller are awaited, want 100: half of those that there may be", len(held))
	}
	for range 20 {
		if status := postAs(t, server, devUser, api+"/clusters", fmt.Sprintf(`{"name":%q,"spec":{}}`, uniqueName(t))); status != http.StatusCreated {
			t.Errorf("The honest caller's write is answered %d, want 201", status)
		}
	}
	for _, conn := range held {
		send(t, conn, "{}")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("A body of the hostile caller was not awaited to its end: %v", err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusBadRequest {
			t.Fatalf("A body of the hostile caller is answered %s, error %v; want 400", response.Status, err)
		}
	}
}

// TestHangingWritesOfOneCaller has one caller begin more writes than may be in flight,
// while the API server does not answer them. All writes of another caller succeed.
func TestHangingWritesOfOneCaller(t *testing.T) {
	var hanging atomic.Int32
	release := make(chan struct{})
	defer close(release)
	config := throughProxy(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || r.Header.Get("Impersonate-User") != "hostile" {
			return false
		}
		hanging.Add(1)
		<-release
		return true
	})
	server, _ := newReplicaOf(t, config, func(o *replicaOptions) {
		o.Authenticator, o.Limits.MaxMutatingInFlight, o.Limits.RequestTimeout = facade.NamedUsers, 10, time.Hour
	})
	for range 12 {
		conn := dial(t, server)
		send(t, conn, "POST "+api+"/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hostile\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n"+`{"name":"never","spec":{}}`)
	}
	eventually(t, "the writes of the hostile caller hang", func() bool { return hanging.Load() == 5 })
	for range 5 {
		if status := postAs(t, server, devUser, api+"/clusters", fmt.Sprintf(`{"name":%q,"spec":{}}`, uniqueName(t))); status != http.StatusCreated {
			t.Errorf("The honest caller's write is answered %d, want 201", status)
		}
	}
}

// TestUnauthenticatedRequests has a client invent more tokens than may be checked at a
// time, while no check ends. Clients at other addresses are served, and after the end of
// the checks, all clients are. Many requests with one token count once.
func TestUnauthenticatedRequests(t *testing.T) {
	release := make(chan struct{})
	var checking atomic.Int32
	server, _ := newReplicaServer(t, func(o *replicaOptions) {
		o.BindAddress, o.Limits.MaxInFlight, o.Limits.MaxMutatingInFlight = "localhost:0", 6, 4
		o.Authenticator = authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
			if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer invented") {
				checking.Add(1)
				<-release
				return nil, false, nil
			}
			return facade.NamedUsers(r)
		})
	})
	_, port, err := net.SplitHostPort(server.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	request := func(from, token string) (status int, err error) {
		conn, err := dialFrom(t.Context(), from, "127.0.0.1:"+port)
		if err != nil {
			return 0, err
		}
		defer func() { _ = conn.Close() }()
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", api, token); err != nil {
			return 0, err
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	answered := make(chan int)
	for i := range 9 {
		go func() {
			status, err := request("127.0.0.1", fmt.Sprintf("invented%d", min(i, 4)))
			if err != nil {
				status = 0
			}
			answered <- status
		}()
	}
	eventually(t, "half of the places are taken", func() bool { return checking.Load() == 9 })
	for from, want := range map[string]int{"127.0.0.1": http.StatusTooManyRequests, "127.0.0.2": http.StatusOK} {
		if status, err := request(from, "known"); err != nil || status != want {
			t.Errorf("A request from %s is answered %d, error %v; want %d", from, status, err, want)
		}
	}
	close(release)
	for range 9 {
		if status := <-answered; status != http.StatusUnauthorized {
			t.Errorf("An invented token is answered %d, want 401", status)
		}
	}
	if status, err := request("127.0.0.1", "known"); err != nil || status != http.StatusOK {
		t.Errorf("After the checks: status %d, error %v; want 200", status, err)
	}
}

// TestConnectionsOfOneNetwork opens idle connections from one address.
func TestConnectionsOfOneNetwork(t *testing.T) {
	server, _ := newReplicaServer(t, func(o *replicaOptions) { o.Limits.MaxConnections = 8 })
	dial := func(from string) net.Conn {
		conn, err := dialFrom(t.Context(), from, server.Address().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	isServed := func(conn net.Conn) bool {
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", api); err != nil {
			return false
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return false
		}
		_, err = io.Copy(io.Discard, response.Body)
		return errors.Join(err, response.Body.Close()) == nil
	}
	var idle []net.Conn
	for range 4 {
		idle = append(idle, dial("127.0.0.1"))
	}
	for _, conn := range idle {
		if !isServed(conn) {
			t.Error("A connection within the network's share is not served")
		}
	}
	if isServed(dial("127.0.0.1")) {
		t.Error("A connection beyond the network's share is served")
	}
	if !isServed(dial("127.0.0.2")) {
		t.Error("Connections of one network keep out another")
	}
	if err := idle[0].Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the closed connection's place is free", func() bool { return isServed(dial("127.0.0.1")) })
}
