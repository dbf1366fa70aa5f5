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
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
)

// TestRestoredStore restores etcd from a snapshot while the managers run, or the server's
// data while clients keep sending requests. The restore undoes the clients' writes since
// the snapshot: changed resources are as they were, created resources do not exist, and
// their names are free. The managers remember versions that the restored store never had,
// or that it has again with different content.
func TestRestoredStore(t *testing.T) {
	onlyLong(t)
	inBothShapes(t, restoredStore)
}

func restoredStore(t *testing.T, s *stack) {
	t.Logf("seed %d", *seed)
	kept := newWorkload(s, newLedger(t), "kept", 8)
	kept.work(t)
	snapshot := s.snapshot(t)
	s.waitReady(t)

	lost := newWorkload(s, newLedger(t), "lost", 8)
	lost.work(t)
	kept.disturb(t)
	during := newWorkload(s, newLedger(t), "during", 8)
	stop := func() {}
	s.restore(t, snapshot, func() {
		if s.shape == oneProcess { // the managers of the other shape notice the restore later
			stop = during.start(t)
		}
	})
	began := time.Now()
	s.waitReady(t)
	kept.settled(t)
	lost.vanished(t)
	stop()
	during.settled(t)
	t.Logf("all replicas show the restored store after %s", time.Since(began).Round(100*time.Millisecond))

	anew := newWorkload(s, newLedger(t), "lost", 8)
	stop = anew.start(t)
	kept.work(t)
	stop()
	anew.settled(t)
}

// work runs the clients for a while.
func (w *workload) work(t *testing.T) {
	t.Helper()
	stop := w.start(t)
	w.progress(t, 200)
	stop()
	w.settled(t)
}

func (s *stack) etcdData() string { return filepath.Join(s.dir, controlplane.EtcdName) }

// snapshot returns a snapshot of the data of a running server, or a folder with a copy of
// etcd's data.
func (s *stack) snapshot(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(s.dir, "snapshot")
	if s.shape == oneProcess {
		s.maintain(t, "snapshot", "save", folder)
		return folder
	}
	s.withoutStore(t, func() error { return os.CopyFS(folder, os.DirFS(s.etcdData())) })
	return folder
}

// restore replaces the stored data by a snapshot, and calls meanwhile before the store
// runs again.
func (s *stack) restore(t *testing.T, snapshot string, meanwhile func()) {
	t.Helper()
	if s.shape == oneProcess {
		server := s.replicas[0]
		server.stop(t)
		meanwhile()
		s.maintain(t, "snapshot", "restore", snapshot)
		server.release()
		return
	}
	s.withoutStore(t, func() error {
		meanwhile()
		if err := os.RemoveAll(s.etcdData()); err != nil {
			return err
		}
		return os.CopyFS(s.etcdData(), os.DirFS(snapshot))
	})
}

// withoutStore calls do while etcd does not run, nor kube-apiserver, which must also lose
// its cache of the store.
func (s *stack) withoutStore(t *testing.T, do func() error) {
	t.Helper()
	s.kill(t, s.plane.APIServer())
	if err := s.plane.Etcd().Stop(time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := do(); err != nil {
		t.Fatal(err)
	}
	if err := s.plane.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.waitReachable(t)
}

// disturb changes every resource without a record in the ledger, so that replicas and
// reconcilers remember versions that the ledger does not contain.
func (w *workload) disturb(t *testing.T) {
	t.Helper()
	s, err := w.stored(t)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(*seed, 4000))
	for mark, o := range s.resources {
		known := w.marked(mark)
		unrecorded := &resource{kind: known.kind, name: known.name, mark: mark, parent: known.parent}
		unrecorded.identify(o.GetUID())
		if err := w.stack.admin.Patch(t.Context(), o, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"n":"disturbed"}}`))); err != nil {
			t.Fatal(err)
		}
		for _, adapter := range required[known.kind] {
			w.report(random, unrecorded, w.begin(unrecorded, &report{
				adapter: adapter, generation: o.GetGeneration(), observed: w.observedNow(0), available: metav1.ConditionTrue,
			}))
		}
	}
}

// vanished waits until no replica shows any of the resources.
func (w *workload) vanished(t *testing.T) {
	t.Helper()
	for _, through := range w.stack.replicas {
		search := "?search=" + url.QueryEscape(fmt.Sprintf("labels.%s='%s'", runLabel, w.run))
		var last answer
		eventually(t, through.name+" lists nothing of what is lost", func() bool {
			last = through.call(http.MethodGet, clustersPath+search, "")
			return last.status == http.StatusOK && last.total() == 0
		}, func() string { return fmt.Sprint(last) })
		for _, r := range w.all() {
			if id, _ := r.identity(); id == "" {
				continue
			}
			eventually(t, fmt.Sprintf("%s does not show %s, which is lost", through.name, r), func() bool {
				last = through.call(http.MethodGet, r.href(), "")
				return last.status == http.StatusNotFound
			}, func() string { return fmt.Sprint(last) })
		}
	}
}
