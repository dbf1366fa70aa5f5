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
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// A replica is one manager, which reaches the API server through its own proxy, or the
// server, which REST clients reach through a proxy. It is restarted when it ends, as by a
// kubelet: a leader that cannot renew its lease exits.
type replica struct {
	name    string
	spec    process.Spec
	listens string // where it serves REST, host:port
	facade  string // where clients reach it
	probes  string
	proxy   *proxy
	client  *http.Client
	tokens  map[string]string

	mu      sync.Mutex
	process *process.Process // nil while it is down
	held    bool             // it must not be restarted
	changed chan struct{}    // closed when any of these changes
	outages outages

	unreachable outages // times when the manager's requests to the API server may fail
}

func (s *stack) newManager(t *testing.T, name string) *replica {
	t.Helper()
	r := s.newReplica(t, name)
	r.facade = r.listens
	r.proxy = newProxy(t, address(s.apiServerPort))
	r.spec.Name = "manager-" + name
	r.spec.Args = slices.Concat([]string{"manager", "--kubeconfig=" + s.kubeconfig(t, name, r.proxy.port())}, r.spec.Args, s.mode())
	r.run(t)
	return r
}

// newReplica returns a replica that does not run, with the flags of both shapes.
func (s *stack) newReplica(t *testing.T, name string) *replica {
	t.Helper()
	r := &replica{
		name:    name,
		listens: address(process.PortFor(t)),
		probes:  address(process.PortFor(t)),
		client:  s.certificate.client(t),
		tokens:  s.tokens,
		changed: make(chan struct{}),
	}
	r.spec = process.Spec{
		Dir:  filepath.Join(s.dir, "log"),
		Path: filepath.Join(bin, "hyperfleet"),
		Args: []string{
			"--adapters-config=" + s.adaptersFile,
			"--facade-bind-address=" + r.listens,
			"--health-probe-bind-address=" + r.probes,
			"--metrics-bind-address=0",
			"--tls-cert-file=" + s.certificate.certFile,
			"--tls-private-key-file=" + s.certificate.keyFile,
			"--zap-log-level=debug",
			"--write-visibility=" + writeVisibility.String(),
			"--max-staleness=10s", // less than lag
			fmt.Sprintf("--max-requests-inflight=%d", maxReads),
			fmt.Sprintf("--max-mutating-requests-inflight=%d", maxWrites),
		},
	}
	return r
}

// run runs the program until the test ends.
func (r *replica) run(t *testing.T) {
	t.Helper()
	ended := make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer close(ended)
		r.supervise(ctx, t)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
}

// mode returns the managers' arguments for authentication and leader election.
func (s *stack) mode() []string {
	if s.open {
		return []string{"--insecure-disable-authentication", "--user=" + openUser}
	}
	return []string{
		"--leader-elect",
		"--leader-elect-lease-duration=6s",
		"--leader-elect-renew-deadline=4s",
		"--leader-elect-retry-period=1s",
	}
}

// kubeconfig returns the kubeconfig of the manager's service account, through a proxy.
func (s *stack) kubeconfig(t *testing.T, name string, port int) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(s.managerKubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, cluster := range config.Clusters {
		cluster.Server = "https://" + address(port)
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "hyperfleet-manager", Namespace: "hyperfleet-system"}}
	for _, user := range config.AuthInfos {
		user.Token = s.newToken(t, account)
	}
	file := filepath.Join(s.dir, name+".kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// failedStart is the run time below which a start has failed.
const failedStart = time.Second

// supervise runs the program until ctx is done.
func (r *replica) supervise(ctx context.Context, t *testing.T) {
	for count := 0; ; count++ {
		if !r.waitUnlessHeld(ctx) {
			return
		}
		began := time.Now()
		p, err := process.Start(r.spec)
		if err != nil {
			t.Errorf("start %s: %v", r.name, err)
			return
		}
		r.set(func() { r.process = p })
		select {
		case <-p.Done():
		case <-ctx.Done():
			_ = p.Signal(syscall.SIGCONT)
			if err := p.Stop(time.Minute); err != nil {
				t.Errorf("stop %s: %v", r.name, err)
			}
			return
		}
		t.Logf("%s ended: %s", r.name, lastLine(r.spec.LogFile()))
		r.keepLog(count)
		r.outages.begin()
		r.set(func() { r.process = nil })
		if time.Since(began) < failedStart { // like the back-off of a kubelet
			select {
			case <-ctx.Done():
			case <-time.After(failedStart):
			}
		}
	}
}

func (r *replica) waitUnlessHeld(ctx context.Context) bool {
	for {
		r.mu.Lock()
		held, changed := r.held, r.changed
		r.mu.Unlock()
		if !held {
			return ctx.Err() == nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// set changes the replica and wakes goroutines that wait for a change.
func (r *replica) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

// kill ends the process like a crash. The replica stays down until release.
func (r *replica) kill(t *testing.T) {
	t.Helper()
	var p *process.Process
	r.outages.begin()
	r.set(func() { r.held, p = true, r.process })
	if p == nil {
		return
	}
	if err := p.Kill(); err != nil {
		t.Errorf("kill %s: %v", r.name, err)
	}
	eventually(t, r.name+" is gone", func() bool { return !r.isUp() })
}

func (r *replica) isUp() bool { return r.current() != nil }

// current returns the process of the replica, nil while it is down.
func (r *replica) current() *process.Process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.process
}

func (r *replica) release() { r.set(func() { r.held = false }) }

// freeze suspends the process; thaw resumes it.
func (r *replica) freeze(t *testing.T) {
	t.Helper()
	r.outages.begin()
	r.signal(t, syscall.SIGSTOP)
}

func (r *replica) thaw(t *testing.T) {
	t.Helper()
	r.signal(t, syscall.SIGCONT)
}

func (r *replica) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	p := r.current()
	if p == nil {
		return
	}
	if err := p.Signal(signal); err != nil {
		t.Errorf("%s: %v", r.name, err)
	}
}

// waitReady waits until the replica is ready.
func (r *replica) waitReady(t *testing.T) {
	t.Helper()
	probe := process.HTTPProbe(http.DefaultClient, "http://"+r.probes+"/readyz")
	var last error
	eventually(t, r.name+" is ready", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begun := r.outages.begun()
		last = probe(ctx)
		return last == nil && r.outages.end(begun) // unless the process has ended since
	}, func() string { return fmt.Sprint(last) })
}

// wasOut reports whether the replica was out at any time since a moment. A process closes
// its listener some time before it exits, so that time counts, too.
func (r *replica) wasOut(since time.Time) bool {
	const goesDown = 45 * time.Second
	timer := time.NewTimer(goesDown)
	defer timer.Stop()
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if r.outages.wasOut(since) {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// keepLog saves the log of a process that has ended. The next two starts would
// overwrite it.
func (r *replica) keepLog(count int) {
	_ = os.Rename(r.spec.LogFile(), filepath.Join(r.spec.Dir, fmt.Sprintf("%s.%d.log", r.spec.Name, count)))
}

// logged counts the lines of the replica's current log that contain a string.
func (r *replica) logged(t *testing.T, text string) int {
	t.Helper()
	content, err := os.ReadFile(r.spec.LogFile())
	if err != nil && !errors.Is(err, os.ErrNotExist) { // the log moves when the process ends
		t.Fatal(err)
	}
	return strings.Count(string(content), text)
}

func lastLine(file string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return lines[len(lines)-1]
}
