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
	"cmp"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// serverConfig contains the differences between servers.
type serverConfig struct {
	dataDir string   // empty for a folder of its own
	command []string // prefix of the command that runs the program; may be empty
}

// startServer starts a server. REST clients reach it through a proxy, and clients of the
// Kubernetes API directly.
func startServer(t *testing.T, c serverConfig) *stack {
	t.Helper()
	s := newFolder(t, oneProcess)
	s.dataDir = cmp.Or(c.dataDir, filepath.Join(s.dir, "data"))
	kubernetes := address(process.PortFor(t))
	r := s.newReplica(t, "server")
	r.proxy = newProxy(t, r.listens)
	r.facade = address(r.proxy.port())
	r.spec.Name = "server"
	program := slices.Concat(c.command, []string{r.spec.Path})
	r.spec.Path = program[0]
	r.spec.Args = slices.Concat(program[1:], []string{"server", "--data-dir=" + s.dataDir, "--kubernetes-bind-address=" + kubernetes}, r.spec.Args)
	r.run(t)
	s.replicas = []*replica{r}
	s.waitReady(t)
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(s.dataDir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	s.admin = newAdmin(t, config)
	s.tokens = s.newTokens(t)
	r.tokens = s.tokens
	return s
}

// maintain runs a command on the data directory.
func (s *stack) maintain(t *testing.T, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(bin, "hyperfleet"), slices.Concat([]string{"server"}, args, []string{"--data-dir=" + s.dataDir})...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// stop signals the process to end, and waits until it has ended in order. The replica
// stays down until release.
func (r *replica) stop(t *testing.T) {
	t.Helper()
	// Before this message, the program may not handle signals yet.
	eventually(t, r.name+" starts", func() bool { return r.logged(t, "Starting etcd") > 0 })
	r.outages.begin()
	p := r.current()
	r.set(func() { r.held = true })
	if p == nil {
		return
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stop %s: %v", r.name, err)
	}
	eventually(t, r.name+" has ended", func() bool { return !r.isUp() })
	if ended := p.Exited(); !strings.Contains(ended.Error(), "exit status 0") {
		t.Errorf("%s did not end in order: %v", r.name, ended)
	}
}
