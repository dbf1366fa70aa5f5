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
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const api = "/api/hyperfleet/v1"

// bin is the folder of the binaries under test.
var bin string

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard()) // clients log retries, which the tests expect
	var err error
	if bin, err = os.MkdirTemp("", "hyperfleet-e2e-"); err != nil {
		panic(err)
	}
	code := 1
	if err := errors.Join(run("make", "build", "BIN="+bin), run("go", "build", "-o", filepath.Join(bin, "kubectl-hyperfleet"), "./cmd/kubectl-hyperfleet")); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(bin)
	os.Exit(code)
}

func run(name string, args ...string) error {
	command := exec.Command(name, args...)
	command.Dir = root()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
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
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit(t)+10*time.Second) // kubectl's own limit ends first
	defer cancel()
	command := exec.CommandContext(ctx, f.kubectlProgram(), args...)
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
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+f.rest+path, strings.NewReader(body))
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
