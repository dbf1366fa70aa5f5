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
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A Server that drains is not ready, continues to serve, and finishes the requests in
// flight.
func TestDrain(t *testing.T) {
	server, _ := newReplicaServer(t, func(o *replicaOptions) { o.DrainDelay, o.Limits.ReadTimeout = time.Hour, time.Hour })
	base := "http://" + server.Address().String()
	conn := dial(t, server)
	send(t, conn, "POST "+api+"/clusters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
	reader := bufio.NewReader(conn)
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") { // the request is in flight
		t.Fatalf("%q: %v", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}

	delay, endDelay := context.WithCancel(t.Context())
	defer endDelay()
	drained := make(chan error, 1)
	go func() { drained <- server.Drain(delay) }()
	eventually(t, "not ready", func() bool { return server.Ready(nil) != nil })
	response, err := http.Get(base + api + "/clusters")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || !response.Close {
		t.Errorf("During the delay: %s, Connection: close is %t; want 200 and true", response.Status, response.Close)
	}

	endDelay()
	eventually(t, "nothing new is accepted", func() bool {
		other, err := net.Dial("tcp", server.Address().String())
		if err == nil {
			_ = other.Close()
		}
		return err != nil
	})
	select {
	case err := <-drained:
		t.Fatalf("Drained with a request under way: %v", err)
	default:
	}
	send(t, conn, "{}")
	last, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = last.Body.Close()
	if last.StatusCode != http.StatusBadRequest || !last.Close {
		t.Errorf("The request under way is answered %s, Connection: close is %t; want 400, its body is empty, and true", last.Status, last.Close)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}
