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

package controllers

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/hyperfleet-io/hyperfleet/client/testenv"
	"github.com/hyperfleet-io/hyperfleet/internal/adapters"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// requiredAdapters do not finalize, finalizingAdapters do.
const (
	requiredAdapters = `
requiredAdapters:
  Cluster:
  - {name: validator, finalizes: false}
  - {name: dns, finalizes: false}
  - {name: pullsecret, finalizes: false}
  - {name: hypershift, finalizes: false}
  NodePool:
  - {name: validator, finalizes: false}
  - {name: hypershift, finalizes: false}
`
	finalizingAdapters = `
requiredAdapters:
  Cluster:
  - validator
  - dns
  - {name: pullsecret, finalizes: false}
  - {name: hypershift, finalizes: false}
  NodePool:
  - validator
  - {name: hypershift, finalizes: false}
`
)

var (
	env          *testenv.Env
	mgr          manager.Manager
	probe        *probeClient // the client with which the reconcilers write
	live         *probeReader // the reader with which they read from the API server
	reports      *replica.Reports
	adaptersFile string
	config       *adapters.Source // of that file
)

func TestControllers(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Controllers")
}

var _ = BeforeSuite(func(ctx context.Context) {
	ctrl.SetLogger(zap.New(zap.WriteTo(GinkgoWriter), zap.UseDevMode(true)))
	EnforceDefaultTimeoutsWhenUsingContexts()
	SetDefaultEventuallyTimeout(3 * time.Minute) // a failed reconcile is repeated after up to maxBackoff
	SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	SetDefaultConsistentlyDuration(500 * time.Millisecond)
	SetDefaultConsistentlyPollingInterval(20 * time.Millisecond)

	var err error
	env, err = testenv.Start(ctx)
	DeferCleanup(func() error { return env.Stop() })
	Expect(err).NotTo(HaveOccurred())

	adaptersFile = filepath.Join(GinkgoT().TempDir(), "adapters.yaml")
	writeRequiredAdapters(requiredAdapters)
	config, err = adapters.NewSource(adaptersFile)
	Expect(err).NotTo(HaveOccurred())

	// The manager has the rights of the role that is generated from the markers
	// in this package, and no others.
	Expect(env.InstallRoles(ctx)).To(Succeed())
	Expect(env.Client.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "controllers-under-test"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "hyperfleet-manager"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "controllers-under-test"}},
	})).To(Succeed())
	access := rest.CopyConfig(env.Config)
	access.Impersonate = rest.ImpersonationConfig{UserName: "controllers-under-test"}
	access.QPS = -1 // no limit: fairness among clients is the API server's task
	mgr, err = ctrl.NewManager(access, ctrl.Options{
		Scheme:  env.Scheme,
		Cache:   CacheOptions(""),
		Metrics: metricsserver.Options{BindAddress: "0"},
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(mgr.Add(config)).To(Succeed())

	rep, err := replica.New(access, env.Scheme, replica.Options{RequiredAdapters: config.Required, FinalizingAdapters: config.Finalizing})
	Expect(err).NotTo(HaveOccurred())
	Expect(rep.SetupWithManager(mgr)).To(Succeed())
	reports = rep.Reports

	probe = newProbeClient(mgr.GetClient())
	live = &probeReader{Reader: mgr.GetAPIReader()}
	Expect(SetupWithManager(ctx, mgr, Options{
		Client: probe, APIReader: live, Reports: reports, Spec: rep.Spec, Pending: rep.Pending, Adapters: config, Clock: clock.RealClock{}, MaxConcurrentReconciles: 4,
	})).To(Succeed())

	running, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(running) }()
	DeferCleanup(func() {
		stop()
		Eventually(stopped).Should(Receive(Succeed()))
	})
	Expect(mgr.GetCache().WaitForCacheSync(ctx)).To(BeTrue())
}, NodeTimeout(3*time.Minute))

func writeRequiredAdapters(content string) {
	GinkgoHelper()
	Expect(os.WriteFile(adaptersFile, []byte(content), 0o600)).To(Succeed())
}

func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace, err := env.NewNamespace(ctx)
	Expect(err).NotTo(HaveOccurred())
	return namespace
}

// key is short for the name of a namespaced object.
func key(namespace, name string) client.ObjectKey {
	return client.ObjectKey{Namespace: namespace, Name: name}
}
