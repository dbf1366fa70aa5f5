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

package gitops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/cli-utils/pkg/kstatus/polling/engine"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"github.com/fluxcd/pkg/ssa"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/yaml"

	"github.com/hyperfleet-io/hyperfleet/client/testenv"
	"github.com/hyperfleet-io/hyperfleet/controllers"
	"github.com/hyperfleet-io/hyperfleet/internal/adapters"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// required requires only one adapter, whose reports the tests write.
const required = `
requiredAdapters:
  Cluster: [validator]
  NodePool: [validator]
`

// manifests is the folder of the manifests of this repository.
const manifests = "../../config"

var (
	env    *testenv.Env
	checks []kustomize.CustomHealthCheck // of config/gitops/flux
	flux   *ssa.ResourceManager          // applies, waits and prunes as Flux does
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	env, err = testenv.Start(ctx)
	defer func() { err = errors.Join(err, env.Stop()) }()
	if err != nil {
		return 0, err
	}
	env.Config.QPS = -1 // the API server's priority and fairness decides
	if env.Client, err = client.New(env.Config, client.Options{Scheme: env.Scheme}); err != nil {
		return 0, err
	}
	stop, err := startReconcilers(ctx, env.Config, required)
	if err != nil {
		return 0, fmt.Errorf("start the reconcilers: %w", err)
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := startFlux(); err != nil {
		return 0, fmt.Errorf("start Flux: %w", err)
	}
	return m.Run(), nil
}

// startReconcilers runs the reconcilers like the manager, with the rights of the client's
// configuration and with the content of an adapters' configuration.
func startReconcilers(ctx context.Context, config *rest.Config, content string) (stop func() error, err error) {
	dir, err := os.MkdirTemp("", "gitops")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "adapters.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		return nil, err
	}
	source, err := adapters.NewSource(file)
	if err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: env.Scheme, Cache: controllers.CacheOptions(""), Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: ctrlconfig.Controller{SkipNameValidation: new(true)}, // each control plane has its own reconcilers
	})
	if err != nil {
		return nil, err
	}
	rep, err := replica.New(config, env.Scheme, replica.Options{RequiredAdapters: source.Required, FinalizingAdapters: source.Finalizing})
	if err != nil {
		return nil, err
	}
	err = errors.Join(mgr.Add(source), rep.SetupWithManager(mgr), controllers.SetupWithManager(ctx, mgr, controllers.Options{
		Client: mgr.GetClient(), APIReader: mgr.GetAPIReader(), Reports: rep.Reports, Pending: rep.Pending, Adapters: source,
		Clock: clock.RealClock{}, MaxConcurrentReconciles: 4,
	}))
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(running) }()
	return func() error {
		cancel()
		return errors.Join(<-stopped, os.RemoveAll(dir))
	}, nil
}

// startFlux sets up what Flux's kustomize-controller uses, with the shipped checks.
func startFlux() error {
	content, err := os.ReadFile(filepath.Join(manifests, "gitops", "flux", "health-checks.yaml"))
	if err != nil {
		return err
	}
	var kustomization struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        metav1.ObjectMeta `json:"metadata"`
		Spec            struct {
			HealthCheckExprs []kustomize.CustomHealthCheck `json:"healthCheckExprs"`
		} `json:"spec"`
	}
	if err := yaml.UnmarshalStrict(content, &kustomization); err != nil {
		return fmt.Errorf("read the health checks: %w", err)
	}
	checks = kustomization.Spec.HealthCheckExprs
	reader, err := cel.NewStatusReader(checks)
	if err != nil {
		return err
	}
	mapper := env.Client.RESTMapper()
	poller := polling.NewStatusPoller(env.Client, mapper, polling.Options{CustomStatusReaders: []engine.StatusReader{reader(mapper)}})
	flux = ssa.NewResourceManager(env.Client, poller, ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"})
	return nil
}
