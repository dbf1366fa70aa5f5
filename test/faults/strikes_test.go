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
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// Durations of faults. Recovery has no duration: tests wait for it.
const (
	down       = 2 * time.Second  // of a killed process
	frozen     = 5 * time.Second  // of a manager
	longFrozen = 20 * time.Second // of components that other components wait for
	away       = 60 * time.Second // longer than clients back off
)

func killEtcd(t *testing.T, s *stack, _ *workload) {
	s.kill(t, s.plane.Etcd())
	time.Sleep(down)
	if err := s.plane.StartEtcd(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.waitReachable(t)
}

func killAPIServer(t *testing.T, s *stack, _ *workload) {
	s.kill(t, s.plane.APIServer())
	time.Sleep(down)
	s.startAPIServer(t)
}

func (s *stack) kill(t *testing.T, p *process.Process) {
	t.Helper()
	for _, r := range s.replicas {
		r.unreachable.begin()
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
}

func (s *stack) startAPIServer(t *testing.T) {
	t.Helper()
	if err := s.plane.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.waitReachable(t)
}

// waitReachable waits until the API server lists every Kind: it has a client of etcd for
// each, and these connect again independently.
func (s *stack) waitReachable(t *testing.T) {
	t.Helper()
	begun := map[*replica]int{}
	for _, r := range s.replicas {
		begun[r] = r.unreachable.begun()
	}
	var last error
	eventually(t, "the API server answers", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		last = nil
		for _, list := range []client.ObjectList{&v1.ClusterList{}, &v1.NodePoolList{}, &v1.AdapterStatusList{}} {
			last = errors.Join(last, s.admin.List(ctx, list, client.Limit(1)))
		}
		return last == nil
	}, func() string { return fmt.Sprint(last) })
	for r, number := range begun {
		r.unreachable.end(number)
	}
}

// waitReconnected waits until the replica is ready after its network was broken.
func (r *replica) waitReconnected(t *testing.T) {
	t.Helper()
	begun := r.unreachable.begun()
	r.waitReady(t)
	r.unreachable.end(begun)
}

// removeAPIServer keeps the API server away for a minute. It logs when each replica
// serves reads and writes again. All must do so, but the time depends on the machine.
func removeAPIServer(t *testing.T, s *stack, w *workload) {
	s.kill(t, s.plane.APIServer())
	time.Sleep(away)
	s.startAPIServer(t)
	began := time.Now()
	for _, r := range s.replicas {
		eventually(t, r.name+" serves lists", func() bool {
			return r.call(http.MethodGet, clustersPath+"?pageSize=1", "").status == http.StatusOK
		})
		t.Logf("%s serves lists %s after the API server was ready", r.name, time.Since(began).Round(100*time.Millisecond))
	}
	w.progress(t, 20)
	t.Logf("clients write %s after the API server was ready", time.Since(began).Round(100*time.Millisecond))
}

func freezeAPIServer(t *testing.T, s *stack, _ *workload) {
	if err := s.plane.APIServer().Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(longFrozen)
	if err := s.plane.APIServer().Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// killLeader kills the manager that aggregates. The other one takes over.
func killLeader(t *testing.T, s *stack, w *workload) {
	leader := s.leader(t)
	leader.kill(t)
	s.leader(t)
	w.progress(t, 50)
	leader.release()
}

// freezeManager freezes the replica that does not lead.
func freezeManager(t *testing.T, s *stack, _ *workload) { s.other(s.leader(t)).freezeFor(t, frozen) }

// freezeWriter freezes one of two managers without leader election. It resumes with its
// earlier copy of the reports.
func freezeWriter(t *testing.T, s *stack, _ *workload) { s.replicas[0].freezeFor(t, frozen) }

func (r *replica) freezeFor(t *testing.T, duration time.Duration) {
	t.Helper()
	r.freeze(t)
	time.Sleep(duration)
	r.thaw(t)
}

// freezeLeader freezes the manager that aggregates until the other one leads, then
// resumes it. The resumed manager acts as if it still led.
func freezeLeader(t *testing.T, s *stack, _ *workload) {
	leader := s.leader(t)
	leader.freeze(t)
	other := s.other(leader)
	eventually(t, "the other manager leads", func() bool { return other.leads(t) })
	leader.thaw(t)
}

// cutOff breaks the network between the leader and the API server: first
// connections fail, then they hang.
func cutOff(t *testing.T, s *stack, _ *workload) {
	r := s.leader(t)
	r.unreachable.begin()
	r.proxy.setCut(true)
	time.Sleep(longFrozen)
	r.proxy.setCut(false)
	r.waitReconnected(t)
	r.unreachable.begin()
	r.proxy.stall()
	time.Sleep(longFrozen)
	r.proxy.resume()
	r.waitReconnected(t)
}

// expireWatches stalls the watches of one manager until the API server no longer has the
// changes that followed.
func expireWatches(t *testing.T, s *stack, w *workload) {
	r := s.other(s.leader(t))
	from := s.version(t)
	loaded := r.logged(t, "Replaced all rows")
	r.proxy.stall()
	w.progress(t, 10)
	s.compact(t)
	s.kill(t, s.plane.APIServer()) // it loses its cache of recent changes
	s.startAPIServer(t)
	s.wantExpired(t, from)
	r.unreachable.begin()
	r.proxy.setCut(true) // connections to the killed API server break
	r.proxy.resume()
	r.proxy.setCut(false)
	eventually(t, "the manager reads all anew", func() bool {
		return !r.isUp() || r.logged(t, "Replaced all rows") > loaded
	})
	r.waitReconnected(t)
}

// version returns the current resourceVersion.
func (s *stack) version(t *testing.T) string {
	t.Helper()
	ctx, cancel := withTimeout(t)
	defer cancel()
	list := &v1.ClusterList{}
	if err := s.admin.List(ctx, list, client.Limit(1)); err != nil {
		t.Fatal(err)
	}
	return list.ResourceVersion
}

// wantExpired checks that a watch from a resourceVersion is refused as expired.
func (s *stack) wantExpired(t *testing.T, version string) {
	t.Helper()
	ctx, cancel := withTimeout(t)
	defer cancel()
	watcher, err := s.admin.Watch(ctx, &v1.ClusterList{}, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: version}})
	if err == nil {
		defer watcher.Stop()
		event := <-watcher.ResultChan()
		if event.Type != watch.Error {
			t.Fatalf("a watch from %s begins with %s", version, event.Type)
		}
		err = apierrors.FromObject(event.Object)
	}
	if !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
		t.Fatalf("a watch from %s: %v, want an error that it has expired", version, err)
	}
}

// compact makes etcd drop all history.
func (s *stack) compact(t *testing.T) {
	t.Helper()
	s.callEtcd(t, "/v3/kv/compaction", map[string]any{"revision": s.revision(t), "physical": true})
}

func (s *stack) revision(t *testing.T) string {
	t.Helper()
	status := s.callEtcd(t, "/v3/maintenance/status", map[string]any{})
	return status["header"].(map[string]any)["revision"].(string)
}

// callEtcd calls etcd's JSON gateway.
func (s *stack) callEtcd(t *testing.T, path string, body any) map[string]any {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(s.etcd+path, "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	var decoded map[string]any
	if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(answer, &decoded) != nil {
		t.Fatalf("etcd: %s: %s: %v: %s", path, response.Status, err, answer)
	}
	return decoded
}

// etcdQuota is the size limit of etcd's database, in bytes.
const etcdQuota = 24 << 20

// fillEtcd writes until etcd refuses every write, waits some time, and frees space like
// an administrator.
func fillEtcd(t *testing.T, s *stack, _ *workload) {
	filling := 0
	eventually(t, "etcd is full", func() bool {
		err := s.admin.Create(t.Context(), &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "filling-" + strconv.Itoa(filling), Namespace: metav1.NamespaceDefault},
			BinaryData: map[string][]byte{"noise": noise(900 << 10)},
		})
		filling++
		return err != nil && strings.Contains(err.Error(), "database space exceeded")
	}, func() string { return fmt.Sprintf("after %d objects", filling) })
	time.Sleep(longFrozen)
	if err := s.admin.DeleteAllOf(t.Context(), &corev1.ConfigMap{}, client.InNamespace(metav1.NamespaceDefault)); err != nil {
		t.Fatal(err)
	}
	s.compact(t)
	s.callEtcd(t, "/v3/maintenance/defragment", map[string]any{})
	alarms, _ := s.callEtcd(t, "/v3/maintenance/alarm", map[string]any{"action": "GET"})["alarms"].([]any)
	if len(alarms) != 1 {
		t.Fatalf("alarms of etcd: %v, want one", alarms)
	}
	disarm := alarms[0].(map[string]any)
	disarm["action"] = "DEACTIVATE"
	s.callEtcd(t, "/v3/maintenance/alarm", disarm)
}

// noise returns data that does not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return b
}
