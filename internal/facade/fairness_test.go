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
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// serveOffline serves clusters over HTTP without an API server. Callers have the name that
// they send as a bearer token.
func serveOffline(t *testing.T, limits Limits, clusters ...*fleet.Row) *Server {
	t.Helper()
	s := newOffline(t, Options{Authenticator: NamedUsers, Limits: limits}, clusters...)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Start(context.WithoutCancel(t.Context())) // Close below closes its listener
	}()
	t.Cleanup(func() {
		_ = s.httpServer.Close() // hostile clients do not finish
		<-served
	})
	return s
}

// largeCluster returns the n-th cluster with a string in its spec.
func largeCluster(n int, text string) *fleet.Row {
	uid := types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
	name := fmt.Sprintf("cluster-%d", n)
	return &fleet.Row{
		ID:   v1.ID(uid),
		Key:  types.NamespacedName{Namespace: "default", Name: name},
		Name: name,
		JSON: fmt.Appendf(nil, `{"kind":"Cluster","name":%q,"spec":{"n":"%d","text":%q}}`, name, n, text),
	}
}

// get returns the status of the answer to a caller's GET, read to its end.
func (s *Server) get(ctx context.Context, caller, path string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Address().String()+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+caller)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// A patientCaller repeats requests that are refused. A few refusals in a test are right: the
// machine may stop for longer than a request waits for its turn.
type patientCaller struct {
	name    string
	refused int
}

// wantOK fails the test unless a GET is answered within three attempts.
func (c *patientCaller) wantOK(t *testing.T, s *Server, path string) {
	t.Helper()
	for range 3 {
		status, err := s.get(t.Context(), c.name, path)
		if err == nil && status == http.StatusOK {
			return
		}
		if err != nil || status != http.StatusTooManyRequests {
			t.Errorf("The %s caller's GET %s: status %d, error %v; want 200", c.name, path, status, err)
			return
		}
		c.refused++
	}
	t.Errorf("The %s caller's GET %s: refused three times in a row, want 200", c.name, path)
}

// wantFewRefusals fails the test if more requests were refused than pauses of the machine
// explain.
func (c *patientCaller) wantFewRefusals(t *testing.T) {
	t.Helper()
	if c.refused > 3 {
		t.Errorf("The %s caller was refused %d times, want 3 at most", c.name, c.refused)
	}
}

// TestSlowDownloadsOfOneCaller has one caller start more downloads than reads may be in
// flight, and receive none of them. All reads of another caller are answered.
func TestSlowDownloadsOfOneCaller(t *testing.T) {
	var clusters []*fleet.Row
	text := strings.Repeat("x", 1<<20)
	for n := range 16 { // more than the connections buffer
		clusters = append(clusters, largeCluster(n, text))
	}
	s := serveOffline(t, Limits{MaxInFlight: 20, WriteStallTimeout: time.Hour}, clusters...)
	held := 0
	for range 30 {
		conn, err := net.Dial("tcp", s.Address().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hostile\r\n\r\n", rest.ClustersPath); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReaderSize(conn, 16).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, " 200 ") {
			held++
		}
	}
	if held != 10 {
		t.Errorf("%d downloads of the hostile caller are under way, want 10: half of those that there may be", held)
	}
	for _, path := range []string{rest.RootPath, rest.ClustersPath + "?pageSize=3", rest.ClusterHref(clusters[0].ID), rest.OpenAPIPath, rest.OpenAPIPagePath} {
		for range 5 {
			if status, err := s.get(t.Context(), "honest", path); err != nil || status != http.StatusOK {
				t.Errorf("The honest caller's GET %s: status %d, error %v; want 200", path, status, err)
			}
		}
	}
}

// TestCostlySearchesOfOneCaller has one caller repeat searches that scan the fleet for
// longer than a search may. All searches of another caller, which also scan the fleet,
// are answered.
func TestCostlySearchesOfOneCaller(t *testing.T) {
	var clusters []*fleet.Row
	text := strings.Repeat("a", 32<<10)
	for n := range 3000 { // more than are scanned without a turn
		clusters = append(clusters, largeCluster(n, text))
	}
	s := serveOffline(t, Limits{}, clusters...)
	ctx, stop := context.WithCancel(t.Context())
	var begun, group sync.WaitGroup
	for thread := range 8 {
		begun.Add(1)
		group.Go(func() {
			search := fmt.Sprintf("spec.text ~= '(a|aa)+%d$'", thread)
			path := rest.ClustersPath + "?search=" + url.QueryEscape(search)
			_, _ = s.get(ctx, "hostile", path)
			begun.Done()
			for ctx.Err() == nil {
				_, _ = s.get(ctx, "hostile", path) // mostly refused
			}
		})
	}
	begun.Wait()
	honest := patientCaller{name: "honest"}
	for n := range 20 {
		path := rest.ClustersPath + "?search=" + url.QueryEscape(fmt.Sprintf("spec.n ~= '^%d[05]$'", n))
		honest.wantOK(t, s, path)
	}
	honest.wantFewRefusals(t)
	stop()
	group.Wait()
}

// TestCostlyOrdersOfOneCaller has one caller repeat searches by many times, and lists in an order
// of three fields, in a fleet that one user made at one time. The reads of another caller are
// answered, and rows change.
func TestCostlyOrdersOfOneCaller(t *testing.T) {
	var clusters []*fleet.Row
	for n := range 12_000 { // more than are sorted without a turn
		clusters = append(clusters, largeCluster(n, "x"))
	}
	s := serveOffline(t, Limits{}, clusters...)
	index := s.replica.Clusters.Index
	times := make([]string, 90)
	for i := range times {
		times[i] = fmt.Sprintf("created_time <= '2026-01-01T00:00:%02dZ'", i%60)
	}
	ctx, stop := context.WithCancel(t.Context())
	var begun, group sync.WaitGroup
	for thread := range 160 {
		begun.Add(1)
		group.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				other := fmt.Sprintf("name != '%d.%d'", thread, n) // no standing search answers it
				query := "?orderBy=" + url.QueryEscape("created_by asc,updated_by asc,generation asc") + "&page=300&search=" + url.QueryEscape(other)
				if thread%2 == 0 {
					query = "?search=" + url.QueryEscape("("+strings.Join(times, " or ")+") and "+other)
				}
				_, _ = s.get(ctx, "hostile", rest.ClustersPath+query) // mostly refused
				if n == 0 {
					begun.Done()
				}
			}
		})
	}
	begun.Wait()
	honest := patientCaller{name: "honest"}
	for n := range 20 {
		changed := largeCluster(n, "y")
		index.Upsert(changed)
		for _, path := range []string{
			rest.ClusterHref(changed.ID),
			rest.ClustersPath + "?search=" + url.QueryEscape("name = '"+changed.Name+"'"),
			rest.ClustersPath + fmt.Sprintf("?pageSize=10&page=%d", n+1),
		} {
			honest.wantOK(t, s, path)
		}
	}
	honest.wantFewRefusals(t)
	stop()
	group.Wait()
}
