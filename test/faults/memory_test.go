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
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// memoryLimit is more than the server needs for the fleet of this suite, and less than it
// needs for a fleet of large objects.
const memoryLimit = 640 << 20

// memoryGroup is a control group that limits memory.
type memoryGroup struct{ folder, limitFile string }

// newMemoryGroup creates a control group with a limit. Only root may do so.
func newMemoryGroup(t *testing.T, limit int) *memoryGroup {
	t.Helper()
	// Version 1 of control groups has a folder for memory, version 2 one folder for all
	// resources.
	for parent, limitFile := range map[string]string{"/sys/fs/cgroup/memory": "memory.limit_in_bytes", "/sys/fs/cgroup": "memory.max"} {
		group := &memoryGroup{folder: filepath.Join(parent, fmt.Sprintf("hyperfleet-faults-%d", os.Getpid())), limitFile: limitFile}
		if err := os.Mkdir(group.folder, 0o700); err != nil {
			continue
		}
		t.Cleanup(func() { group.remove(t) })
		if err := group.setLimit(limit); err == nil {
			return group
		}
	}
	t.Skip("not run: this user may not create a control group that limits memory")
	return nil
}

func (g *memoryGroup) setLimit(bytes int) error {
	file, err := os.OpenFile(filepath.Join(g.folder, g.limitFile), os.O_WRONLY, 0) // the file must exist
	if err != nil {
		return err
	}
	_, err = file.WriteString(strconv.Itoa(bytes))
	return errors.Join(err, file.Close())
}

// command runs a program in the group.
func (g *memoryGroup) command() []string {
	return []string{"/bin/sh", "-c", `echo $$ > "$0" && exec "$@"`, filepath.Join(g.folder, "cgroup.procs")}
}

func (g *memoryGroup) remove(t *testing.T) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // the last process has just ended
		if err = os.Remove(g.folder); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// TestMemoryLimit creates more objects than the server has memory for. The kernel kills
// it, and kills it again when it starts, until an operator raises the limit.
func TestMemoryLimit(t *testing.T) {
	onlyLong(t)
	group := newMemoryGroup(t, memoryLimit)
	s := startServer(t, serverConfig{command: group.command()})
	s.strike(t, fault{name: "the server has too little memory", strike: func(t *testing.T, s *stack, _ *workload) {
		server := s.replicas[0]
		limited := server.current()
		if limit := s.metric(t, "go_gc_gomemlimit_bytes"); limit != memoryLimit*3/4 {
			t.Errorf("Go collects more often above %.0f bytes, and the control group has %d", limit, memoryLimit)
		}
		var created []string
		for i := 0; limited.Exited() == nil; i++ {
			if i == 2000 {
				t.Fatalf("the server runs with %d large objects", len(created))
			}
			name := fmt.Sprintf("large-%04d", i)
			if err := s.admin.Create(t.Context(), largeCluster(name)); err == nil {
				created = append(created, name)
			}
		}
		if ended := limited.Exited(); !strings.Contains(ended.Error(), "killed") {
			t.Errorf("the server was not killed for its memory: %v", ended)
		}
		t.Logf("killed with %d large objects", len(created))
		time.Sleep(longFrozen)
		if err := group.setLimit(16 * memoryLimit); err != nil {
			t.Fatal(err)
		}
		server.waitReady(t)
		for _, name := range created {
			if err := s.admin.Get(t.Context(), client.ObjectKey{Namespace: metav1.NamespaceDefault, Name: name}, &v1.Cluster{}); err != nil {
				t.Errorf("%s is lost: its creation was acknowledged: %v", name, err)
			}
		}
	}}, "memory")
}

// metric returns a metric of the server's API server.
func (s *stack) metric(t *testing.T, name string) float64 {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(bin, "hyperfleet"), "kubectl",
		"--kubeconfig="+filepath.Join(s.dataDir, "kubeconfig"), "get", "--raw=/metrics")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	for line := range strings.Lines(string(out)) {
		if number, ok := strings.CutPrefix(line, name+" "); ok {
			value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	t.Fatalf("the API server has no metric %s", name)
	return 0
}

func largeCluster(name string) *v1.Cluster {
	return &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault},
		Spec:       runtime.RawExtension{Raw: fmt.Appendf(nil, `{"n":%q}`, strings.Repeat("x", 900<<10))},
	}
}
