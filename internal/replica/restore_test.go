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

package replica

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	restclient "k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

const root = "../.."

// TestRestore restores etcd to an older revision while a replica runs.
func TestRestore(t *testing.T) {
	log.SetLogger(klog.Background())
	p := newPlane(t)
	for name, test := range map[string]struct {
		lost  int // writes of the history that the restore loses
		after int // writes of the history after it, before the replica reaches the API server
	}{
		// The API server answers with older resourceVersions than the replica knows.
		"the version goes back": {lost: 500},
		// The answers of the API server look like progress.
		"the version is past that of the lost history": {lost: 5, after: 300},
	} {
		t.Run(name, func(t *testing.T) { testRestore(t, p, test.lost, test.after) })
	}
}

func testRestore(t *testing.T, p *plane, lost, after int) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // bounds the waits; the control plane starts twice
	defer cancel()
	prefix := fmt.Sprintf("lost-%d", lost)
	changed, deleted := p.create(ctx, t, prefix+"-changed"), p.create(ctx, t, prefix+"-deleted")
	restore := p.backup(ctx, t)

	network := newNetwork(t, p.config.APIServerPort)
	r := p.replica(t, network)
	r.Clusters.resolver.patience = time.Hour // the answer to a look-up of an unknown id must not wait
	eventually(ctx, t, "the replica is current", r.CheckCurrent)
	clusters := len(r.Clusters.Index.Rows())
	if got, want := r.Loading(ctx), fmt.Sprintf("%d of %[1]d clusters, 0 of 0 nodepools, 0 of 0 statuses", clusters); got != want {
		t.Errorf("Loading() = %q, want %q", got, want)
	}
	gone := p.create(ctx, t, prefix+"-gone")
	p.label(ctx, t, changed, "lost")
	p.delete(ctx, t, deleted)
	for n := range lost {
		p.label(ctx, t, gone, fmt.Sprint(n))
	}
	if err := r.Clusters.AwaitWrite(ctx, v1.ID(gone.UID), gone.ResourceVersion, func(row *fleet.Row) bool { return row.ResourceVersion == gone.ResourceVersion }); err != nil {
		t.Fatal(err)
	}
	p.wantRows(ctx, t, r)
	if row, err := r.Clusters.Lookup(ctx, v1.ID(deleted.UID)); row != nil || err != nil {
		t.Fatalf("look up a deleted cluster: found %t, %v", row != nil, err)
	}
	held := r.Clusters.Index.ResourceVersion()

	network.cut()
	restore()
	fresh := p.create(ctx, t, prefix+"-fresh") // at a resourceVersion of the lost history
	for n := range after {
		p.label(ctx, t, fresh, fmt.Sprint(n))
	}
	if version, err := fleet.ParseResourceVersion(fresh.ResourceVersion); err != nil || version > held != (after > 0) {
		t.Fatalf("the store is at %d (%v) and the index at %d: the test shows nothing", version, err, held)
	}
	network.mend()
	written := p.create(ctx, t, prefix+"-written")
	if err := r.Clusters.AwaitWrite(ctx, v1.ID(written.UID), written.ResourceVersion, func(*fleet.Row) bool { return true }); err != nil {
		t.Errorf("wait for a write after the restore: %v", err)
	}
	if _, ok := r.Clusters.Index.Get(v1.ID(written.UID)); !ok {
		t.Error("reads do not show a write that AwaitWrite has waited for")
	}
	p.wantRows(ctx, t, r)
	eventually(ctx, t, "the replica is current again", r.CheckCurrent)
	if row, err := r.Clusters.Lookup(ctx, v1.ID(deleted.UID)); row == nil || err != nil {
		t.Errorf("look up what the restore has brought back: found %t, %v", row != nil, err)
	}
	if row, err := r.Clusters.Lookup(ctx, v1.ID(gone.UID)); row != nil || err != nil {
		t.Errorf("look up what the restore has removed: found %t, %v", row != nil, err)
	}
}

// plane is a control plane whose etcd a test can restore.
type plane struct {
	*controlplane.ControlPlane
	config controlplane.Config
	client client.Client
	scheme *runtime.Scheme
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join(root, "bin", "controlplane")
	}
	p := &plane{
		config: controlplane.Config{Dir: t.TempDir(), Assets: assets, EtcdPort: process.PortFor(t), APIServerPort: process.PortFor(t)},
		scheme: runtime.NewScheme(),
	}
	var err error
	if p.ControlPlane, err = controlplane.New(p.config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Install(t.Context(), filepath.Join(root, "config", "local")); err != nil {
		t.Fatal(err)
	}
	if err := v1.AddToScheme(p.scheme); err != nil {
		t.Fatal(err)
	}
	if p.client, err = client.New(p.RESTConfig(controlplane.Admin), client.Options{Scheme: p.scheme}); err != nil {
		t.Fatal(err)
	}
	return p
}

// backup returns a function that restores etcd's data as they are now.
func (p *plane) backup(ctx context.Context, t *testing.T) (restore func()) {
	t.Helper()
	data, backup := filepath.Join(p.config.Dir, controlplane.EtcdName), filepath.Join(t.TempDir(), "backup")
	whileStopped := func(do func() error) {
		t.Helper()
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	whileStopped(func() error { return os.CopyFS(backup, os.DirFS(data)) })
	return func() {
		t.Helper()
		whileStopped(func() error {
			if err := os.RemoveAll(data); err != nil {
				return err
			}
			return os.CopyFS(data, os.DirFS(backup))
		})
	}
}

func (p *plane) create(ctx context.Context, t *testing.T, name string) *v1.Cluster {
	t.Helper()
	cluster := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault}, Spec: runtime.RawExtension{Raw: []byte("{}")}}
	// For some time after its start, the API server does not serve custom resources. It may
	// also have stored the object of a request that failed.
	eventually(ctx, t, "a cluster is created", func() error {
		err := p.client.Create(ctx, cluster)
		if apierrors.IsAlreadyExists(err) {
			return p.client.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)
		}
		return err
	})
	return cluster
}

func (p *plane) label(ctx context.Context, t *testing.T, cluster *v1.Cluster, value string) {
	t.Helper()
	before := cluster.DeepCopy()
	cluster.Labels = map[string]string{"history": value}
	eventually(ctx, t, "a cluster is labelled", func() error { return p.client.Patch(ctx, cluster, client.MergeFrom(before)) })
}

// delete deletes a cluster and does what the reconcilers would do then.
func (p *plane) delete(ctx context.Context, t *testing.T, cluster *v1.Cluster) {
	t.Helper()
	if err := p.client.Delete(ctx, cluster); err != nil {
		t.Fatal(err)
	}
	if err := p.client.Patch(ctx, cluster, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
		t.Fatal(err)
	}
}

// replica returns a running replica that reaches the API server by the network.
func (p *plane) replica(t *testing.T, by *network) *Replica {
	t.Helper()
	config := restclient.CopyConfig(p.RESTConfig(controlplane.Admin))
	config.Host = "https://" + by.listener.Addr().String()
	r, err := New(config, p.scheme, Options{
		Namespace:        metav1.NamespaceDefault,
		RequiredAdapters: func(string) []string { return nil },
		MaxStaleness:     10 * time.Second,
		ArrivalTimeout:   time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var feeds sync.WaitGroup
	for _, f := range r.Feeds() {
		feeds.Go(func() { _ = f.Start(ctx) })
	}
	t.Cleanup(func() { cancel(); feeds.Wait() })
	return r
}

// wantRows waits until a replica shows the clusters of the API server, and a repeated
// search those with the label that it selects.
func (p *plane) wantRows(ctx context.Context, t *testing.T, r *Replica) {
	t.Helper()
	search, err := tsl.Parse("labels.history = 'lost'")
	if err != nil {
		t.Fatal(err)
	}
	eventually(ctx, t, "the rows are those of the API server", func() error {
		var list v1.ClusterList
		if err := p.client.List(ctx, &list, client.InNamespace(metav1.NamespaceDefault)); err != nil {
			return err
		}
		want, wantFound, got := map[string]string{}, 0, map[string]string{}
		for _, cluster := range list.Items {
			want[cluster.Name] = cluster.ResourceVersion
			if cluster.Labels["history"] == "lost" {
				wantFound++
			}
		}
		for _, row := range r.Clusters.Index.Rows() {
			got[row.Key.Name] = row.ResourceVersion
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("resourceVersions (-want +got):\n%s", diff)
		}
		page, err := r.Clusters.Index.List(ctx, fleet.Query{Filter: search})
		if err != nil {
			return err
		}
		if page.Total != wantFound {
			return fmt.Errorf("a search finds %d clusters, want %d", page.Total, wantFound)
		}
		return nil
	})
}

func eventually(ctx context.Context, t *testing.T, what string, check func() error) {
	t.Helper()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s: %v", what, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// network passes connections on to a port of loopback, unless it is cut.
type network struct {
	listener net.Listener
	mu       sync.Mutex
	isCut    bool
	open     map[net.Conn]bool
}

func newNetwork(t *testing.T, port int) *network {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &network{listener: listener, open: map[net.Conn]bool{}}
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			if n.add(conn) {
				passing.Go(func() { n.pass(conn, port) })
			}
		}
	})
	t.Cleanup(func() { _ = listener.Close(); n.cut(); passing.Wait() })
	return n
}

// add records a connection that the network is to pass on; a cut network closes it.
func (n *network) add(conn net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isCut {
		_ = conn.Close()
		return false
	}
	n.open[conn] = true
	return true
}

func (n *network) pass(conn net.Conn, port int) {
	defer func() { _ = conn.Close() }()
	server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() { _, _ = io.Copy(server, conn); _ = server.Close() }()
	_, _ = io.Copy(conn, server)
}

func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.isCut = true
	for conn := range n.open {
		_ = conn.Close()
	}
	clear(n.open)
}

func (n *network) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.isCut = false
}
