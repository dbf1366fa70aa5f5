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

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const api = "/api/hyperfleet/v1"

// bin is the folder of the binaries under test.
var bin string

func TestMain(m *testing.M) {
	var err error
	if bin, err = os.MkdirTemp("", "hyperfleet-e2e-"); err != nil {
		panic(err)
	}
	code := 1
	if err := errors.Join(build("hyperfleet-manager", "."), build("hyperfleet-local", "./cmd/hyperfleet-local"), build("kubectl-hyperfleet", "./cmd/kubectl-hyperfleet")); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(bin)
	os.Exit(code)
}

func build(name, pkg string) error {
	command := exec.Command("go", "build", "-o", filepath.Join(bin, name), pkg)
	command.Dir = root()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return nil
}

func root() string {
	folder, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return folder
}

func assets() string {
	if folder := os.Getenv("KUBEBUILDER_ASSETS"); folder != "" {
		return folder
	}
	return filepath.Join(root(), "bin", "controlplane")
}

// A fleet is a running HyperFleet.
type fleet struct {
	dir     string
	ports   []string
	token   string // of the caller, if the fleet authenticates
	process *exec.Cmd
	output  *bytes.Buffer
	drained chan struct{} // closed when the process has closed its output
}

// newFleet chooses a folder and ports. It starts no process.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{dir: t.TempDir()}
	for range 5 {
		f.ports = append(f.ports, freePort(t))
	}
	return f
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// start starts the fleet with additional arguments, and returns when it prints
// that it runs.
func (f *fleet) start(t *testing.T, args ...string) {
	t.Helper()
	f.process = exec.Command(filepath.Join(bin, "hyperfleet-local"), append([]string{
		"-assets", assets(), "-dir", f.dir, "-manager", filepath.Join(bin, "hyperfleet-manager"),
		"-etcd-port", f.ports[0], "-apiserver-port", f.ports[1], "-facade-address", "127.0.0.1:" + f.ports[2],
		"-probe-address", "127.0.0.1:" + f.ports[3], "-metrics-address", "127.0.0.1:" + f.ports[4],
	}, args...)...)
	f.process.Dir = root()
	f.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt of the tests does not reach the fleet
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	f.process.Stdout, f.process.Stderr = writer, writer
	if err := f.process.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	f.output, f.drained = &bytes.Buffer{}, make(chan struct{})
	runs := make(chan struct{})
	go f.read(reader, runs)
	t.Cleanup(func() { _ = f.process.Process.Signal(os.Interrupt); <-f.drained })
	select {
	case <-runs:
	case <-f.drained:
		t.Fatalf("the fleet did not start:\n%s", f.output)
	case <-time.After(3 * time.Minute):
		t.Fatal("the fleet does not start in time")
	}
}

func (f *fleet) read(from io.ReadCloser, runs chan<- struct{}) {
	defer close(f.drained)
	defer func() { _ = from.Close() }()
	for lines := bufio.NewScanner(from); lines.Scan(); {
		fmt.Fprintln(f.output, lines.Text())
		if strings.HasPrefix(lines.Text(), "HyperFleet runs") {
			close(runs)
		}
	}
}

// stop sends the process a signal and returns how it ended.
func (f *fleet) stop(t *testing.T, signal os.Signal) error {
	t.Helper()
	if err := f.process.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	err := f.process.Wait()
	if signal != os.Kill {
		<-f.drained
	}
	return err
}

// pids returns the ids of the fleet's processes.
func (f *fleet) pids(t *testing.T) map[string]int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(f.dir, "log", "*.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pids := map[string]int{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pid int
		if _, err := fmt.Sscan(string(content), &pid); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		pids[filepath.Base(file)] = pid
	}
	return pids
}

// kubectl runs kubectl as the administrator, with input, and returns its output.
// It fails the test if kubectl fails.
func (f *fleet) kubectl(t *testing.T, input string, args ...string) string {
	t.Helper()
	out, err := f.tryKubectl(t, input, args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (f *fleet) tryKubectl(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(assets(), "kubectl"), args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(f.dir, "kubeconfig"), "HOME="+f.dir)
	command.Dir = root()
	command.Stdin = strings.NewReader(input)
	out, err := command.CombinedOutput()
	return string(out), err
}

// object decodes a JSON object of any shape.
type object = map[string]any

func (f *fleet) call(t *testing.T, method, path, body string) (int, object) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:"+f.ports[2]+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if f.token != "" {
		request.Header.Set("Authorization", "Bearer "+f.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) == 0 {
		return response.StatusCode, nil
	}
	var decoded object
	if err := json.Unmarshal(text, &decoded); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, text)
	}
	return response.StatusCode, decoded
}

// want makes a request and fails the test if the status differs.
func (f *fleet) want(t *testing.T, status int, method, path, body string) object {
	t.Helper()
	got, decoded := f.call(t, method, path, body)
	if got != status {
		t.Fatalf("%s %s: status %d, want %d: %v", method, path, got, status, decoded)
	}
	return decoded
}

// restCondition returns the status of a condition as REST shows it.
func restCondition(resource object, conditionType string) any {
	conditions, _ := resource["status"].(object)["conditions"].([]any)
	for _, c := range conditions {
		if c.(object)["type"] == conditionType {
			return c.(object)["status"]
		}
	}
	return nil
}
