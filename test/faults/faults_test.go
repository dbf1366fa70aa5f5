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
	"testing"
	"time"
)

// A fault is a failure that occurs while clients write and read.
type fault struct {
	name  string
	long  bool // only with -long
	model bool // also occurs in the model check
	// strike causes the fault, and ends it unless it ends on its own.
	strike func(t *testing.T, s *stack, w *workload)
}

var faults = map[shape][]fault{besideAPIServer: {
	{"etcd is killed", false, true, killEtcd},
	{"kube-apiserver is killed", false, true, killAPIServer},
	{"the leader is killed in a storm of reports", false, true, killLeader},
	{"a manager is frozen", false, true, freezeManager},
	{"one caller floods both replicas", true, false, flood},
	{"the leader is frozen", true, false, freezeLeader},
	{"kube-apiserver is frozen", true, false, freezeAPIServer},
	{"kube-apiserver is away for a minute", true, false, removeAPIServer},
	{"a manager is cut off from the API server", true, false, cutOff},
	{"a manager's watches expire", true, false, expireWatches},
}, oneProcess: {
	{"the server is killed again and again", false, false, crash},
	{"the server is stopped", false, true, stopServer},
	{"the server is frozen", true, true, freezeServer},
	{"clients are cut off from the server", true, true, cutClients},
	{"the server is killed, and away for some time", true, true, killServer},
	{"the server is stopped and killed while it starts", true, false, interruptStarts},
	{"the server is frozen for a long time", true, false, freezeServerLong},
	{"one caller floods the server", true, false, flood},
}}

// TestFaults causes one fault after the other in the same fleet.
func TestFaults(t *testing.T) {
	inBothShapes(t, func(t *testing.T, s *stack) {
		for i, f := range faults[s.shape] {
			if f.long && !*long {
				continue
			}
			t.Run(f.name, func(t *testing.T) {
				s.strike(t, f, fmt.Sprintf("f%d", i))
			})
		}
	})
}

// TestOpenManagers causes faults in managers that run without authentication and without
// leader election. The API server still decides which requests are allowed. Each manager
// overwrites the other's writes.
func TestOpenManagers(t *testing.T) {
	s := newOpenStack(t)
	s.strike(t, fault{name: "kube-apiserver is killed", strike: killAPIServer}, "open")
	s.strike(t, fault{name: "one of two writers is frozen", strike: freezeWriter}, "two")
}

// TestFullDisk fills the managers' etcd up to its quota, and the disk of a server.
func TestFullDisk(t *testing.T) {
	t.Run(string(besideAPIServer), func(t *testing.T) {
		onlyLong(t)
		s := startManagers(t, false, fmt.Sprintf("--quota-backend-bytes=%d", etcdQuota))
		s.strike(t, fault{name: "etcd has no space left", strike: fillEtcd}, "full")
	})
	t.Run(string(oneProcess), func(t *testing.T) {
		s := startServer(t, serverConfig{dataDir: newDisk(t, diskSize)})
		s.strike(t, fault{name: "the disk is full", strike: fillDisk}, "full")
	})
}

// strike causes one fault while clients write and read, and afterwards checks all answers
// to them.
func (s *stack) strike(t *testing.T, f fault, run string) {
	t.Helper()
	t.Logf("seed %d", *seed)
	began := time.Now()
	w := newWorkload(s, newLedger(t), run, 12)
	stop := w.start(t)
	w.progress(t, 100)
	f.strike(t, s, w)
	s.waitReady(t)
	w.progress(t, 100)
	stop()
	w.settled(t)
	t.Logf("%s: %s, %d requests", f.name, time.Since(began).Round(time.Second), w.operations())
}
