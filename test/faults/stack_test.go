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
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
)

// limit bounds everything that has to happen by itself, on a busy machine.
const limit = 4 * time.Minute

// writeVisibility is the managers' flag.
const writeVisibility = 5 * time.Second

// required are the adapters that make a resource ready, by Kind.
var required = map[string][]string{
	v1.ClusterKind:  {"dns", "hypershift", "validator"},
	v1.NodePoolKind: {"hypershift", "validator"},
}

// finalizing are the required adapters whose consent a deleted resource needs to go.
var finalizing = map[string][]string{
	v1.ClusterKind:  {"dns", "hypershift"},
	v1.NodePoolKind: {"hypershift"},
}

// A stack is a control plane and two managers.
type stack struct {
	dir               string
	plane             *controlplane.ControlPlane
	etcd              string // URL
	apiServerPort     int
	managerKubeconfig string
	adaptersFile      string
	admin             client.WithWatch
	certificate       certificate
	tokens            map[string]string // of callers
	open              bool              // the managers run without authentication and leader election
	replicas          []*replica
}

// newStack starts the control plane and the managers. etcdArgs are additional
// arguments of etcd.
func newStack(t *testing.T, etcdArgs ...string) *stack {
	t.Helper()
	return startStack(t, false, etcdArgs)
}

// newOpenStack starts managers without authentication and without leader election, so
// that both write.
func newOpenStack(t *testing.T) *stack {
	t.Helper()
	return startStack(t, true, nil)
}

func startStack(t *testing.T, open bool, etcdArgs []string) *stack {
	t.Helper()
	ports := freePorts(t, 2)
	s := &stack{dir: t.TempDir(), etcd: "http://" + address(ports[0]), apiServerPort: ports[1], open: open}
	t.Cleanup(func() { s.keepLogs(t) })
	var err error
	if s.plane, err = controlplane.New(controlplane.Config{
		Dir: s.dir, Assets: assets(), EtcdPort: ports[0], APIServerPort: ports[1], EtcdArgs: etcdArgs,
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.plane.Stop(); err != nil {
			t.Errorf("stop the control plane: %v", err)
		}
	})
	if err := s.plane.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.plane.Install(t.Context(), filepath.Join(root(), "config", "local")); err != nil {
		t.Fatal(err)
	}
	s.managerKubeconfig = s.plane.KubeconfigFile(controlplane.Manager)
	s.adaptersFile = filepath.Join(s.dir, "adapters.yaml")
	if err := os.WriteFile(s.adaptersFile, adaptersConfig(finalizing), 0o600); err != nil {
		t.Fatal(err)
	}
	s.admin = newAdmin(t, s.plane)
	s.tokens = s.newTokens(t)
	s.certificate = newCertificate(t, s.dir)
	for _, name := range []string{"a", "b"} {
		s.replicas = append(s.replicas, s.newReplica(t, name))
	}
	for _, r := range s.replicas {
		r.waitReady(t)
	}
	return s
}

// keepLogs copies the logs of a failed test to a folder that outlives it.
func (s *stack) keepLogs(t *testing.T) {
	if !t.Failed() {
		return
	}
	kept, err := os.MkdirTemp("", "hyperfleet-faults-logs-")
	if err == nil {
		err = os.CopyFS(kept, os.DirFS(filepath.Join(s.dir, "log")))
	}
	t.Logf("logs are kept in %s (%v)", kept, err)
}

// withoutFinalizing changes the configuration so that no deletion waits for adapters.
func (s *stack) withoutFinalizing(t *testing.T) {
	t.Helper()
	changed := s.adaptersFile + ".new"
	if err := os.WriteFile(changed, adaptersConfig(nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(changed, s.adaptersFile); err != nil {
		t.Fatal(err)
	}
	for _, r := range s.replicas {
		eventually(t, r.name+" has read the configuration", func() bool { return r.logged(t, "Adapters' configuration changed") > 0 })
	}
}

func adaptersConfig(finalizing map[string][]string) []byte {
	config := "requiredAdapters:\n"
	for kind, names := range required {
		config += "  " + kind + ":\n"
		for _, name := range names {
			config += fmt.Sprintf("  - {name: %s, finalizes: %t}\n", name, slices.Contains(finalizing[kind], name))
		}
	}
	return []byte(config)
}

func newAdmin(t *testing.T, plane *controlplane.ControlPlane) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(v1.AddToScheme(scheme), clientgoscheme.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	config := plane.RESTConfig(controlplane.Admin)
	config.Timeout = requestLimit
	admin, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return admin
}

// leader returns the replica that holds the lease.
func (s *stack) leader(t *testing.T) *replica {
	t.Helper()
	var found *replica
	eventually(t, "a replica leads", func() bool {
		for _, r := range s.replicas {
			if r.leads(t) {
				found = r
				return true
			}
		}
		return false
	})
	return found
}

// leads reports whether the replica has become the leader. A replica that stops
// leading exits.
func (r *replica) leads(t *testing.T) bool {
	t.Helper()
	return r.isUp() && r.logged(t, "Successfully acquired lease") > 0
}

// other returns the replica that is not r.
func (s *stack) other(r *replica) *replica {
	if s.replicas[0] == r {
		return s.replicas[1]
	}
	return s.replicas[0]
}

// eventually waits until holds returns true. If it does not, the functions add to
// the message.
func eventually(t *testing.T, what string, holds func() bool, why ...func() string) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			for _, say := range why {
				what += ": " + say()
			}
			t.Fatalf("not true after %s: %s", limit, what)
		}
	}
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close() //nolint:gocritic // held until all are found, or one port could be returned twice
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func withTimeout(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), limit)
}
