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

package controlplane_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

const repository = "../.."

// patience bounds the waits for what must happen, on a busy machine.
const patience = 4 * time.Minute

func TestMain(m *testing.M) {
	ctrllog.SetLogger(logr.Discard()) // clients log retries, which the tests expect
	os.Exit(m.Run())
}

// TestControlPlane takes one control plane through its life. Its steps build on
// each other, since a start takes seconds.
func TestControlPlane(t *testing.T) {
	config := newConfig(t)
	plane := newPlane(t, config)
	if err := plane.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := plane.Install(t.Context(), filepath.Join(repository, "config", "local")); err != nil {
		t.Fatal(err)
	}

	t.Run("kubeconfigs are private and trust only this API server", func(t *testing.T) {
		for _, user := range controlplane.Users() {
			file := plane.KubeconfigFile(user)
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode != 0o600 {
				t.Errorf("mode of %s is %o, want 600", file, mode)
			}
			config, err := clientcmd.BuildConfigFromFlags("", file)
			if err != nil {
				t.Fatal(err)
			}
			if config.Insecure || len(config.CAData) == 0 {
				t.Errorf("%s does not verify the API server", file)
			}
			if got := whoAmI(t, config).Username; got != user.Name {
				t.Errorf("%s makes one %q, want %q", file, got, user.Name)
			}
		}
	})

	t.Run("nobody gets in without a token", func(t *testing.T) {
		config := plane.RESTConfig(controlplane.Admin)
		config.BearerToken = ""
		_, err := kubernetes.NewForConfigOrDie(config).CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
		if !apierrors.IsUnauthorized(err) {
			t.Errorf("List() = %v, want unauthorized", err)
		}
	})

	t.Run("the manager has the rights of its service account and no more", func(t *testing.T) {
		manager := newClient(t, plane, controlplane.Manager)
		soon(t, func() error { // until RBAC sees the bindings
			return manager.List(t.Context(), &v1.ClusterList{}, client.InNamespace(metav1.NamespaceDefault))
		})
		if err := manager.List(t.Context(), &v1.ClusterList{}); !apierrors.IsForbidden(err) {
			t.Errorf("List() of clusters everywhere = %v, want forbidden", err)
		}
		if err := manager.List(t.Context(), &corev1.SecretList{}); !apierrors.IsForbidden(err) {
			t.Errorf("List() of secrets = %v, want forbidden", err)
		}
	})

	t.Run("the manager may act as its caller where it serves it, and nowhere else", func(t *testing.T) {
		config := plane.RESTConfig(controlplane.Manager)
		config.Impersonate = rest.ImpersonationConfig{
			UserName: "somebody@example.com",
			UID:      "8f6a",
			Groups:   []string{"owners", "system:authenticated"},
			Extra:    map[string][]string{"authentication.kubernetes.io/credential-id": {"JTI=1"}},
		}
		// Discovery uses the manager's own identity: it is not a request that the
		// manager makes for a caller.
		mapper := newClient(t, plane, controlplane.Manager).RESTMapper()
		caller, err := client.New(config, client.Options{Scheme: scheme(t), Mapper: mapper})
		if err != nil {
			t.Fatal(err)
		}
		binding := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "owners", Namespace: metav1.NamespaceDefault},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "hyperfleet-editor"},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "owners"}},
		}
		if err := newClient(t, plane, controlplane.Admin).Create(t.Context(), binding); err != nil {
			t.Fatal(err)
		}
		cluster := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "of-somebody", Namespace: metav1.NamespaceDefault}, Spec: runtime.RawExtension{Raw: []byte("{}")}}
		for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) { // until RBAC sees the binding
			err := caller.Create(t.Context(), cluster)
			if err == nil {
				break
			}
			if !apierrors.IsForbidden(err) || time.Now().After(deadline) {
				t.Fatalf("Create() as a caller = %v", err)
			}
		}
		if by := cluster.Annotations[v1.CreatedByAnnotation]; by != "somebody@example.com" {
			t.Errorf("created by %q, want the caller", by)
		}
		if err := caller.Delete(t.Context(), cluster); err != nil {
			t.Errorf("Delete() as a caller who may = %v", err)
		}
		report := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Name: cluster.Name + ".dns", Namespace: cluster.Namespace}}
		if err := caller.Delete(t.Context(), report); !apierrors.IsForbidden(err) {
			t.Errorf("Delete() of a report as a caller = %v, want forbidden: the facade deletes no report of callers", err)
		}
	})

	t.Run("a crash of etcd loses nothing", func(t *testing.T) {
		create(t, plane, "before-the-crash")
		if err := plane.Etcd().Kill(); err != nil {
			t.Fatal(err)
		}
		var exit *process.ExitError
		if err := plane.Etcd().Exited(); !errors.As(err, &exit) {
			t.Errorf("Exited() = %v, want an ExitError", err)
		}
		if err := plane.StartEtcd(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantCluster(t, plane, "before-the-crash")
	})

	t.Run("a crash of kube-apiserver loses nothing", func(t *testing.T) {
		if err := plane.APIServer().Kill(); err != nil {
			t.Fatal(err)
		}
		if err := plane.StartAPIServer(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantCluster(t, plane, "before-the-crash")
	})

	t.Run("a manager that loads shows how far it is", func(t *testing.T) { testLoading(t, plane) })

	again := newPlane(t, config)
	t.Run("another run keeps data and credentials", func(t *testing.T) {
		create(t, plane, "before-the-stop")
		if err := plane.Stop(); err != nil {
			t.Fatal(err)
		}
		if got, want := again.RESTConfig(controlplane.Admin).BearerToken, plane.RESTConfig(controlplane.Admin).BearerToken; got != want {
			t.Error("the token is another one")
		}
		if err := again.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantCluster(t, again, "before-the-stop")
	})
}

func TestNewWithoutPrograms(t *testing.T) {
	config := newConfig(t)
	config.Assets = t.TempDir()
	if _, err := controlplane.New(config); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("New() = %v, want an error that names the missing program", err)
	}
}

// TestNewAfterUnfinished starts with the folder of a run that was killed while it created
// the credentials.
func TestNewAfterUnfinished(t *testing.T) {
	config := newConfig(t)
	if err := os.MkdirAll(filepath.Join(config.Dir, "pki.unfinished"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := controlplane.New(config); err != nil {
		t.Error(err)
	}
}

func newConfig(t *testing.T) controlplane.Config {
	t.Helper()
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join(repository, "bin", "controlplane")
	}
	return controlplane.Config{Dir: t.TempDir(), Assets: assets, EtcdPort: process.PortFor(t), APIServerPort: process.PortFor(t)}
}

func newPlane(t *testing.T, config controlplane.Config) *controlplane.ControlPlane {
	t.Helper()
	plane, err := controlplane.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	return plane
}

func newClient(t *testing.T, plane *controlplane.ControlPlane, user controlplane.User) client.Client {
	t.Helper()
	c, err := client.New(plane.RESTConfig(user), client.Options{Scheme: scheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// whoAmI asks the API server for the user of a configuration.
func whoAmI(t *testing.T, config *rest.Config) authenticationv1.UserInfo {
	t.Helper()
	review, err := kubernetes.NewForConfigOrDie(config).AuthenticationV1().SelfSubjectReviews().
		Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return review.Status.UserInfo
}

func scheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	s := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(s), rbacv1.AddToScheme(s), v1.AddToScheme(s)); err != nil {
		t.Fatal(err)
	}
	return s
}

func create(t *testing.T, plane *controlplane.ControlPlane, name string) {
	t.Helper()
	soon(t, func() error {
		cluster := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: name}, Spec: runtime.RawExtension{Raw: []byte("{}")}}
		// An attempt that had no answer may have created it.
		return client.IgnoreAlreadyExists(newClient(t, plane, controlplane.Admin).Create(t.Context(), cluster))
	})
}

func wantCluster(t *testing.T, plane *controlplane.ControlPlane, name string) {
	t.Helper()
	soon(t, func() error {
		key := client.ObjectKey{Namespace: metav1.NamespaceDefault, Name: name}
		return newClient(t, plane, controlplane.Admin).Get(t.Context(), key, &v1.Cluster{})
	})
}

// soon retries while kube-apiserver reconnects to etcd, serves its custom resources again,
// or has not seen a change yet.
func soon(t *testing.T, try func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	t.Fatal(err)
}
