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

package fleet

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/hyperfleet-io/hyperfleet/client/testenv"
)

// server is the control plane that the tests share; each test has its own namespace. The
// first test that needs the control plane starts it.
var server struct {
	start sync.Once
	env   *testenv.Env
	err   error
}

func TestMain(m *testing.M) {
	log.SetLogger(klog.Background())
	// No search may fail because the machine is slow. Tests of these limits set their own.
	defaultLimits.scanTime, defaultLimits.patience = time.Hour, time.Hour
	code := m.Run()
	if server.env != nil {
		if err := server.env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "Stop control plane:", err)
		}
	}
	os.Exit(code)
}

// newNamespace returns a client of a real API server and a namespace that only this test
// uses.
func newNamespace(t *testing.T) (client.WithWatch, string) {
	t.Helper()
	server.start.Do(func() { server.env, server.err = testenv.Start(context.Background()) })
	if server.err != nil {
		t.Fatal(server.err)
	}
	c, err := client.NewWithWatch(server.env.Config, client.Options{Scheme: server.env.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	namespace, err := server.env.NewNamespace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c, namespace
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
