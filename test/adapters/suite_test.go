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

package adapters

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/testenv"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// namespace is the served namespace.
const namespace = metav1.NamespaceDefault

// adapterUser has only the role hyperfleet-adapter, over both doors.
const adapterUser = "adapter"

// suite is a running HyperFleet, which requires the adapter files.
var suite struct {
	env    *testenv.Env
	folder string // for the files of the suite
	rest   string // URL of the REST API, where everybody is adapterUser
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctrl.SetLogger(klog.NewKlogr())
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if suite.folder, err = os.MkdirTemp("", "hyperfleet-adapters-"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(suite.folder)) }()
	suite.env, err = testenv.Start(ctx)
	defer func() { err = errors.Join(err, suite.env.Stop()) }()
	if err != nil {
		return 1, err
	}
	suite.env.Config.QPS = -1 // the API server's priority and fairness decides
	if suite.env.Client, err = client.New(suite.env.Config, client.Options{Scheme: suite.env.Scheme}); err != nil {
		return 1, err
	}
	if err := errors.Join(suite.env.InstallRoles(ctx), grantAdapter(ctx)); err != nil {
		return 1, err
	}
	manager, err := startManager(ctx)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, manager.Stop(15*time.Second)) }()
	return m.Run(), nil
}

func grantAdapter(ctx context.Context) error {
	return suite.env.Client.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: adapterUser},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "hyperfleet-adapter"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: adapterUser}},
	})
}

func startManager(ctx context.Context) (*process.Process, error) {
	program := filepath.Join(suite.folder, "hyperfleet")
	if err := build(ctx, "../..", program); err != nil {
		return nil, err
	}
	kubeconfig, err := suite.env.Kubeconfig("system:serviceaccount:hyperfleet-system:hyperfleet-manager",
		"system:serviceaccounts", "system:serviceaccounts:hyperfleet-system")
	if err != nil {
		return nil, err
	}
	required := "requiredAdapters:\n  Cluster: [files]\n  NodePool: [files]\n"
	if err := errors.Join(write("manager.kubeconfig", kubeconfig), write("adapters.yaml", []byte(required))); err != nil {
		return nil, err
	}
	facade, err := freeAddress()
	if err != nil {
		return nil, err
	}
	probes, err := freeAddress()
	if err != nil {
		return nil, err
	}
	suite.rest = "http://" + facade
	manager, err := process.Start(process.Spec{Name: "manager", Dir: suite.folder, Path: program, Args: []string{
		"manager", "--kubeconfig=" + filepath.Join(suite.folder, "manager.kubeconfig"), "--namespace=" + namespace,
		"--adapters-config=" + filepath.Join(suite.folder, "adapters.yaml"),
		"--insecure-disable-authentication", "--user=" + adapterUser,
		"--facade-bind-address=" + facade, "--health-probe-bind-address=" + probes, "--metrics-bind-address=0", "--drain-delay=0",
	}})
	if err != nil {
		return nil, err
	}
	ready := process.Wait{Ready: process.HTTPProbe(http.DefaultClient, "http://"+probes+"/readyz"), Stall: 2 * time.Minute}
	if err := process.WaitReady(ctx, manager, ready); err != nil {
		return nil, errors.Join(err, manager.Kill())
	}
	return manager, nil
}

func write(name string, content []byte) error {
	return os.WriteFile(filepath.Join(suite.folder, name), content, 0o600)
}

// build builds the main package in a folder.
func build(ctx context.Context, folder, program string) error {
	command := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	command.Dir = folder
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return nil
}

func freeAddress() (string, error) {
	port, err := process.FreePort()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}

var names atomic.Int64

// newCluster creates a Cluster with labels and a name that no other test uses.
func newCluster(t *testing.T, labels map[string]string) *v1.Cluster {
	t.Helper()
	cluster := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: fmt.Sprintf("cluster-%d", names.Add(1)), Labels: labels,
	}}
	cluster.Spec.Raw = []byte(`{"region":"us-east"}`)
	if err := suite.env.Client.Create(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	return cluster
}

// changeSpec changes the spec, which makes the next generation.
func changeSpec(t *testing.T, cluster *v1.Cluster, spec string) {
	t.Helper()
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":`+spec+`}`))
	if err := suite.env.Client.Patch(t.Context(), cluster, patch); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, object client.Object) {
	t.Helper()
	if err := suite.env.Client.Delete(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

// waitReady waits until a parent is Ready at its current generation.
func waitReady(t *testing.T, parent interface {
	client.Object
	v1.Parent
}) {
	t.Helper()
	waitFor(t, parent.GetName()+" to be Ready", func(ctx context.Context) (bool, error) {
		err := suite.env.Client.Get(ctx, client.ObjectKeyFromObject(parent), parent)
		status := parent.GetStatus()
		return status.Ready == metav1.ConditionTrue && status.ObservedGeneration == parent.GetGeneration(), err
	})
}

// waitGone waits until an object does not exist.
func waitGone(t *testing.T, object client.Object) {
	t.Helper()
	waitFor(t, object.GetName()+" to be gone", func(ctx context.Context) (bool, error) {
		err := suite.env.Client.Get(ctx, client.ObjectKeyFromObject(object), object)
		return err != nil, client.IgnoreNotFound(err)
	})
}

func waitFor(t *testing.T, what string, holds func(context.Context) (bool, error)) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 5*time.Minute, true, holds); err != nil {
		t.Fatalf("wait for %s: %v", what, err)
	}
}
