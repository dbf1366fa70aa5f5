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

package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	machinery "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Env is a running control plane.
type Env struct {
	// Config has the rights of an administrator.
	Config *rest.Config

	// Scheme knows the Kinds of Kubernetes and of this repository.
	Scheme *machinery.Scheme

	// Client reads and writes as the administrator, without a cache.
	Client client.Client

	control *envtest.Environment
}

// An Option configures the API server.
type Option func(*envtest.APIServer)

// WithAuditLog makes the API server write its audit log to a file, with the policy of
// another file.
func WithAuditLog(policy, log string) Option {
	return func(server *envtest.APIServer) {
		server.Configure().Append("audit-policy-file", policy).Append("audit-log-path", log)
	}
}

// startLimit bounds each wait of a start, except envtest's wait for the default namespace,
// which has a fixed limit of 5 seconds. Waits are long only on a machine that is very busy,
// such as one that builds.
const startLimit = 5 * time.Minute

// Start starts a control plane and returns when the CRDs are served and the admission
// policies are in force. It takes the binaries from KUBEBUILDER_ASSETS or, if that is not
// set, from bin/controlplane of this repository. The caller must stop the Env even if
// Start fails.
func Start(ctx context.Context, options ...Option) (*Env, error) {
	e := &Env{Scheme: machinery.NewScheme()}
	e.control = &envtest.Environment{
		Scheme:                   e.Scheme,
		ControlPlaneStartTimeout: startLimit,
		ControlPlaneStopTimeout:  time.Minute,
		CRDInstallOptions:        envtest.CRDInstallOptions{MaxTime: startLimit},
	}
	for _, option := range options {
		option(e.control.ControlPlane.GetAPIServer())
	}
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		e.control.BinaryAssetsDirectory = builtAssets()
	}
	err := errors.Join(clientgoscheme.AddToScheme(e.Scheme), hyperfleetv1.AddToScheme(e.Scheme))
	if err != nil {
		return e, fmt.Errorf("build scheme: %w", err)
	}
	if e.control.CRDs, err = crds(); err != nil {
		return e, err
	}
	if e.Config, err = e.control.Start(); err != nil {
		return e, fmt.Errorf("start control plane: %w", err)
	}
	if e.Client, err = client.New(e.Config, client.Options{Scheme: e.Scheme}); err != nil {
		return e, fmt.Errorf("build client: %w", err)
	}
	if err := e.applyPolicies(ctx); err != nil {
		return e, err
	}
	return e, e.WaitForPolicies(ctx)
}

// Stop stops the control plane.
func (e *Env) Stop() error { return e.control.Stop() }

// As returns a client that acts as another user. The user has the rights that the
// installed roles and role bindings grant to the name and the groups.
func (e *Env) As(user string, groups ...string) (client.Client, error) {
	config := rest.CopyConfig(e.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
	return client.New(config, client.Options{Scheme: e.Scheme})
}

// InstallRoles installs config/rbac. ClusterRoles are not aggregated, because
// kube-controller-manager does not run.
func (e *Env) InstallRoles(ctx context.Context) error {
	isNamespace := func(o *unstructured.Unstructured) bool { return o.GetKind() == "Namespace" }
	if err := e.apply(ctx, "rbac", isNamespace); err != nil {
		return err
	}
	return e.apply(ctx, "rbac", func(o *unstructured.Unstructured) bool { return !isNamespace(o) })
}

// Manager returns the config of a user with the name and the groups of the manager's
// service account, and so with the rights that InstallRoles grants to it.
func (e *Env) Manager() (*rest.Config, error) {
	return e.ClientCertificate("system:serviceaccount:hyperfleet-system:hyperfleet-manager",
		"system:serviceaccounts", "system:serviceaccounts:hyperfleet-system")
}

// ClientCertificate returns the config of a user that authenticates by a client
// certificate. It has no client-side rate limit, like the manager's own.
func (e *Env) ClientCertificate(name string, groups ...string) (*rest.Config, error) {
	user, err := e.control.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: -1})
	if err != nil {
		return nil, fmt.Errorf("add the user %s: %w", name, err)
	}
	return user.Config(), nil
}

// Kubeconfig returns the kubeconfig of a user that authenticates by a client certificate,
// for a program under test.
func (e *Env) Kubeconfig(name string, groups ...string) ([]byte, error) {
	user, err := e.control.AddUser(envtest.User{Name: name, Groups: groups}, nil)
	if err != nil {
		return nil, fmt.Errorf("add the user %s: %w", name, err)
	}
	return user.KubeConfig()
}

// ServiceAccountKey returns the PEM key that signs the service account tokens that the
// API server accepts.
func (e *Env) ServiceAccountKey() ([]byte, error) {
	return os.ReadFile(filepath.Join(e.control.ControlPlane.GetAPIServer().CertDir, "sa-signer.key"))
}

// NewNamespace creates a namespace for one test and returns its name.
func (e *Env) NewNamespace(ctx context.Context) (string, error) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := e.Client.Create(ctx, namespace); err != nil {
		return "", fmt.Errorf("create namespace: %w", err)
	}
	return namespace.Name, nil
}

// builtAssets returns bin/controlplane of this repository or, if the package is not in
// its working tree, "", which means envtest's own default.
func builtAssets() string {
	_, file, _, _ := runtime.Caller(0)
	folder := filepath.Join(filepath.Dir(file), "..", "..", "bin", "controlplane")
	if _, err := os.Stat(folder); err != nil {
		return ""
	}
	return folder
}

// apply creates the wanted objects of the manifests in a folder.
func (e *Env) apply(ctx context.Context, folder string, wanted func(*unstructured.Unstructured) bool) error {
	objects, err := readObjects(folder)
	if err != nil {
		return err
	}
	return e.create(ctx, slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool { return !wanted(o) }))
}

// applyPolicies creates the admission policies and makes them apply in the namespaces of
// all tests. The manifests bind them to the served namespace.
//
// The objects are created in reverse. The API server learns of the objects of each Kind in
// the order of their creation, so WaitForPolicies must probe the first policy of each Kind in
// the manifests.
func (e *Env) applyPolicies(ctx context.Context) error {
	objects, err := readObjects("admission")
	if err != nil {
		return err
	}
	for _, object := range objects {
		if strings.HasSuffix(object.GetKind(), "PolicyBinding") {
			unstructured.RemoveNestedField(object.Object, "spec", "matchResources", "namespaceSelector", "matchExpressions")
		}
	}
	slices.Reverse(objects)
	return e.create(ctx, objects)
}

func (e *Env) create(ctx context.Context, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		if err := e.Client.Create(ctx, object); err != nil {
			return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// WaitForPolicies waits until the API server applies every policy: its watch delivers
// them with a delay. WaitForPolicies probes with dry runs, which leave no objects.
func (e *Env) WaitForPolicies(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, startLimit, true, func(ctx context.Context) (bool, error) {
		cluster := probe()
		report := &hyperfleetv1.AdapterStatus{
			ObjectMeta: metav1.ObjectMeta{Name: "probe.probe", Namespace: metav1.NamespaceDefault},
			Spec: hyperfleetv1.AdapterStatusSpec{
				ResourceRef:        hyperfleetv1.ResourceReference{Kind: hyperfleetv1.ClusterKind, Name: "probe"},
				Adapter:            "probe",
				ObservedGeneration: 1,
				ObservedTime:       hyperfleetv1.NewTimestamp(time.Now()),
				Conditions:         []hyperfleetv1.AdapterCondition{},
			},
		}
		for _, object := range []client.Object{cluster, report} {
			err := e.Client.Create(ctx, object, client.DryRunAll)
			if apierrors.IsServiceUnavailable(err) {
				return false, nil // policies find the schema of a new CRD after some seconds only
			}
			if err != nil {
				return false, err
			}
		}
		return cluster.Annotations[hyperfleetv1.CreatedByAnnotation] != "" &&
			controllerutil.ContainsFinalizer(cluster, hyperfleetv1.CascadeFinalizer) &&
			report.Annotations[hyperfleetv1.FirstObservedAnnotation] != "" &&
			e.refuses(ctx, func(c *hyperfleetv1.Cluster) {
				c.Annotations = map[string]string{hyperfleetv1.ForceDeleteAnnotation: "probe"}
			}) &&
			e.refuses(ctx, func(c *hyperfleetv1.Cluster) { c.Labels = map[string]string{hyperfleetv1.OwnPrefix + "probe": ""} }) &&
			e.refuses(ctx, func(c *hyperfleetv1.Cluster) { c.Spec.Raw = []byte(`{"a":[` + strings.Repeat("0,", 10_000) + `0]}`) }), nil
	})
	if err != nil {
		return fmt.Errorf("wait for the admission policies: %w", err)
	}
	return nil
}

// probe returns a valid Cluster for a dry run.
func probe() *hyperfleetv1.Cluster {
	return &hyperfleetv1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: "probe", Namespace: metav1.NamespaceDefault},
		Spec:       machinery.RawExtension{Raw: []byte("{}")},
	}
}

// refuses reports whether the API server refuses to create such a Cluster.
func (e *Env) refuses(ctx context.Context, change func(*hyperfleetv1.Cluster)) bool {
	cluster := probe()
	change(cluster)
	return apierrors.IsInvalid(e.Client.Create(ctx, cluster, client.DryRunAll))
}
