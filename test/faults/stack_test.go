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
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// limit bounds everything that must happen automatically, on a busy machine.
const limit = 4 * time.Minute

// writeVisibility is the managers' flag.
const writeVisibility = 5 * time.Second

// required are the adapters that make a resource ready, by Kind.
var required = map[string][]string{
	v1.ClusterKind:  {"dns", "hypershift", "validator"},
	v1.NodePoolKind: {"hypershift", "validator"},
}

// finalizing are the finalizing adapters, by Kind: a deleted resource is removed once
// they consent.
var finalizing = map[string][]string{
	v1.ClusterKind:  {"dns", "hypershift"},
	v1.NodePoolKind: {"hypershift"},
}

// A stack is a running HyperFleet: a server, or a control plane and two managers.
type stack struct {
	shape             shape
	dir               string
	dataDir           string                     // the server's
	plane             *controlplane.ControlPlane // nil for a server, which has its own
	etcd              string                     // URL
	apiServerPort     int
	managerKubeconfig string
	adaptersFile      string
	admin             client.WithWatch
	certificate       certificate
	tokens            map[string]string // of callers
	open              bool              // the managers run without authentication and leader election
	replicas          []*replica        // the managers, or the server
}

// newStack starts HyperFleet in a shape.
func newStack(t *testing.T, in shape) *stack {
	t.Helper()
	if in == oneProcess {
		return startServer(t, serverConfig{})
	}
	return startManagers(t, false)
}

// newOpenStack starts managers without authentication and without leader election, so
// that both write.
func newOpenStack(t *testing.T) *stack {
	t.Helper()
	return startManagers(t, true)
}

// startManagers starts a control plane and the managers. etcdArgs are additional
// arguments of etcd.
func startManagers(t *testing.T, open bool, etcdArgs ...string) *stack {
	t.Helper()
	etcdPort, apiServerPort := process.PortFor(t), process.PortFor(t)
	s := newFolder(t, besideAPIServer)
	s.etcd, s.apiServerPort, s.open = "http://"+address(etcdPort), apiServerPort, open
	var err error
	if s.plane, err = controlplane.New(controlplane.Config{
		Dir: s.dir, Assets: assets(), EtcdPort: etcdPort, APIServerPort: apiServerPort, EtcdArgs: etcdArgs,
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
	s.admin = newAdmin(t, s.plane.RESTConfig(controlplane.Admin))
	s.tokens = s.newTokens(t)
	for _, name := range []string{"a", "b"} {
		s.replicas = append(s.replicas, s.newManager(t, name))
	}
	s.waitReady(t)
	return s
}

// newFolder returns a stack of which nothing runs. Its folder contains the files that
// both shapes need.
func newFolder(t *testing.T, in shape) *stack {
	t.Helper()
	dir := t.TempDir()
	s := &stack{shape: in, dir: dir, adaptersFile: filepath.Join(dir, "adapters.yaml"), certificate: newCertificate(t, dir)}
	if err := os.WriteFile(s.adaptersFile, adaptersConfig(finalizing), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.keepLogs(t) })
	return s
}

func (s *stack) waitReady(t *testing.T) {
	t.Helper()
	for _, r := range s.replicas {
		r.waitReady(t)
	}
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

func newAdmin(t *testing.T, config *rest.Config) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(v1.AddToScheme(scheme), clientgoscheme.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	config.Timeout = requestLimit
	admin, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return admin
}

// leader returns the replica that holds the lease, or the server, which needs no lease.
func (s *stack) leader(t *testing.T) *replica {
	t.Helper()
	if s.shape == oneProcess {
		return s.replicas[0]
	}
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

// eventually waits until holds returns true. If it does not, the functions why add to the
// message.
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

func withTimeout(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), limit)
}
