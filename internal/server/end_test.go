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

package server_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/hyperfleet-io/hyperfleet/internal/server"
)

// gracePeriod is shorter than the termination grace period of a pod of the server.
const gracePeriod = 30 * time.Second

// TestEndWithOpenWatch ends a server that a client watches.
func TestEndWithOpenWatch(t *testing.T) {
	var ends time.Time
	withPlane(t, func(_ context.Context, p plane) {
		client, err := kubernetes.NewForConfig(p.admin)
		if err != nil {
			t.Error(err)
			return
		}
		watch, err := client.CoreV1().Namespaces().Watch(context.Background(), metav1.ListOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(watch.Stop)
		ends = time.Now()
	})
	if took := time.Since(ends); took > gracePeriod {
		t.Errorf("the end took %s", took)
	}
}

// TestInterruptedStart ends a server whose API server listens but has not started yet. If
// a hook of the API server fails, it ends the whole process, and so this test.
func TestInterruptedStart(t *testing.T) {
	for range 5 {
		if interruptStart(t) {
			return
		}
	}
	t.Error("The API server has started each time before the test could end it")
}

// interruptStart reports whether it ended the server before the API server had started. It
// may be too late once in a while, if the machine stops.
func interruptStart(t *testing.T) bool {
	t.Helper()
	o := server.NewOptions()
	o.DataDir, o.BindAddress, o.Namespace, o.Version = t.TempDir(), freeAddress(t), "default", "v0.0.0-test"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	late := false // whether the API server has started before the test ends it
	progress := func(what string) {
		if strings.HasPrefix(what, "Installing") && ctx.Err() == nil {
			late = true
		}
	}
	go func() {
		for ctx.Err() == nil {
			if conn, err := net.Dial("tcp", o.BindAddress); err == nil {
				_ = conn.Close()
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	err := server.Run(ctx, o, zap.NewNop(), progress, func(ctx context.Context, _ server.Connection) error {
		if !late {
			t.Error("the manager is started")
			return nil
		}
		<-ctx.Done()
		return context.Cause(ctx)
	})
	if late {
		t.Logf("The API server had started already, so this start proves nothing. Run() = %v", err)
		return false
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Run() = %v, want %v", err, context.Canceled)
	}
	return true
}
