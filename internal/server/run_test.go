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
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/go-logr/logr"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/server"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard())
	log.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// A plane is a control plane in this process.
type plane struct {
	// manager is the configuration of the manager, whose writes stay in the process.
	manager *rest.Config
	// watch watches in the process, with the manager's identity.
	watch feed.WatchFunc
	// wire is the manager's configuration for the network.
	wire *rest.Config
	// admin may do everything.
	admin *rest.Config
}

// withPlane calls test with a control plane that has everything installed but runs no
// reconcilers.
func withPlane(tb testing.TB, test func(ctx context.Context, p plane)) {
	tb.Helper()
	withPlaneOf(tb, server.NewOptions(), test)
}

// withPlaneOf is like withPlane, with further options.
func withPlaneOf(tb testing.TB, o *server.Options, test func(ctx context.Context, p plane)) {
	tb.Helper()
	o.DataDir, o.BindAddress, o.Namespace, o.Version = tb.TempDir(), freeAddress(tb), "default", "v0.0.0-test"
	err := server.Run(tb.Context(), o, zap.NewNop(), func(string) {}, func(ctx context.Context, own server.Connection) error {
		own.Loaded()
		if err := waitInForce(ctx, own); err != nil {
			return err
		}
		own.Config.QPS = -1
		p := plane{manager: own.Config, watch: own.Watch, wire: rest.CopyConfig(own.Config)}
		p.wire.WrapTransport = nil
		var err error
		if p.admin, err = clientcmd.BuildConfigFromFlags("", o.KubeconfigFile()); err != nil {
			return err
		}
		p.admin.QPS = -1
		test(ctx, p)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// waitInForce returns when the admission policies are in force.
func waitInForce(ctx context.Context, own server.Connection) error {
	select {
	case <-own.InForce:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// newEtcd returns a client of the etcd in a data directory.
func newEtcd(t *testing.T, dataDir string) *clientv3.Client {
	t.Helper()
	etcd, err := clientv3.New(clientv3.Config{Endpoints: []string{"unix://" + filepath.Join(dataDir, "etcd.sock")}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	return etcd
}

// freeAddress returns an address for a server. The server needs seconds until it listens.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(process.PortFor(tb)))
}
