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

package charts

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server/install"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

const (
	releaseNamespace = "ops"
	served           = "fleet"
)

// releaseValues have no adapters, so that the manager alone finalizes.
const releaseValues = `
servedNamespace: fleet
adapters: {requiredAdapters: {Cluster: [], NodePool: []}}
autoscaling: {enabled: true}
adapterIdentity: {enabled: true}
metrics: {dashboard: {enabled: true}}
`

// TestRelease installs, upgrades and uninstalls a release on a real API server, while the
// program runs with the arguments, the files and the rights that the chart gives it.
func TestRelease(t *testing.T) {
	p := startPlane(t)
	p.createNamespace(t, served, nil)
	p.createNamespace(t, releaseNamespace, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	values := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(values, []byte(releaseValues), 0o600); err != nil {
		t.Fatal(err)
	}
	rendered := render(t, releaseValues, "--namespace="+releaseNamespace)
	crds, others := split(rendered)

	p.mustHelm(t, "install", "rel", chart, "--namespace="+releaseNamespace, "--values="+values, "--set=autoscaling.enabled=false")
	p.createCertificate(t, releaseNamespace, "hyperfleet-tls")
	if err := install.WaitInForce(t.Context(), p.config, served, nil); err != nil {
		t.Fatal(err)
	}
	manager := p.startManager(t)
	t.Run("an upgrade that leaves a NodePool without a manager is refused", func(t *testing.T) {
		pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "absent.workers", Namespace: served}, Spec: v1.NodePoolSpec{ClusterName: "absent"}}
		if err := p.client.Create(t.Context(), pool); err != nil {
			t.Fatal(err)
		}
		_, err := p.helm(t.Context(), "upgrade", "rel", chart, "--namespace="+releaseNamespace, "--values="+values, "--set=servedNamespace=default")
		if want := "servedNamespace: there are NodePools in fleet"; err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("helm upgrade = %v, want a refusal that mentions %q", err, want)
		}
		if err := p.client.Delete(t.Context(), pool); err != nil {
			t.Fatal(err)
		}
		gone := func(ctx context.Context) (bool, error) {
			err := p.client.Get(ctx, client.ObjectKeyFromObject(pool), pool)
			return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
		}
		if err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 5*time.Minute, true, gone); err != nil {
			t.Fatalf("wait until the NodePool is gone: %v", err)
		}
	})
	cluster := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "stays", Namespace: served}, Spec: runtime.RawExtension{Raw: []byte("{}")}}
	if err := p.client.Create(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}

	t.Run("an upgrade changes CRDs and deletes what is gone", func(t *testing.T) {
		p.mustHelm(t, "upgrade", "rel", nextChart(t), "--namespace="+releaseNamespace, "--values="+values)
		definition := p.definition(t, "clusters.hyperfleet.io")
		names, _, err := unstructured.NestedStringSlice(definition.Object, "spec", "names", "shortNames")
		if err != nil || !slices.Equal(names, []string{"hfc", "hfcluster"}) {
			t.Errorf("the short names are %q (%v)", names, err)
		}
		if left := p.left(t, pick(rendered, "ValidatingAdmissionPolicy", "hyperfleet-bounds")); len(left) > 0 {
			t.Errorf("%q is left", left)
		}
		kept := &v1.Cluster{}
		if err := p.client.Get(t.Context(), client.ObjectKeyFromObject(cluster), kept); err != nil || kept.UID != cluster.UID {
			t.Errorf("the Cluster is %v (%v)", kept.UID, err)
		}
	})

	t.Run("an upgrade keeps the number of replicas that an autoscaler may change", func(t *testing.T) {
		wantReplicas := func(want int32) {
			t.Helper()
			if got := p.deployment(t).Spec.Replicas; *got != want {
				t.Errorf("the Deployment has %d replicas, want %d", *got, want)
			}
		}
		wantReplicas(2) // the replicas before the upgrade that enabled the autoscaler
		scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 4}}
		if err := p.client.SubResource("scale").Update(t.Context(), p.deployment(t), client.WithSubResourceBody(scale)); err != nil {
			t.Fatal(err)
		}
		p.mustHelm(t, "upgrade", "rel", nextChart(t), "--namespace="+releaseNamespace, "--values="+values)
		wantReplicas(4)
	})

	t.Run("an upgrade that leaves Clusters without a manager is refused", func(t *testing.T) {
		for change, want := range map[string]string{
			"mode=server,autoscaling.enabled=false": "mode: a manager cannot become a server",
			"servedNamespace=default":               "servedNamespace: there are Clusters in fleet",
		} {
			_, err := p.helm(t.Context(), "upgrade", "rel", chart, "--namespace="+releaseNamespace, "--values="+values, "--set="+change)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("helm upgrade to %s = %v, want a refusal that mentions %q", change, err, want)
			}
		}
	})

	runner := p.runJobs(t, releaseNamespace)
	t.Run("uninstalling is refused while there are Clusters", func(t *testing.T) {
		if _, err := p.helm(t.Context(), "uninstall", "rel", "--namespace="+releaseNamespace); err == nil {
			t.Fatal("the release is uninstalled")
		}
		if log := runner.logged(); !strings.Contains(log, "condition not met for clusters/stays") {
			t.Errorf("the Job does not name the Cluster: %s", log)
		}
		p.mustHelm(t, "rollback", "rel", "3", "--namespace="+releaseNamespace)
		p.mustHelm(t, "upgrade", "rel", chart, "--namespace="+releaseNamespace, "--values="+values)
		if left := p.left(t, rendered); len(left) < len(crds)+len(others) {
			t.Errorf("only %q are left", left)
		}
	})

	t.Run("uninstalling deletes the Clusters if it is told to", func(t *testing.T) {
		p.mustHelm(t, "upgrade", "rel", chart, "--namespace="+releaseNamespace, "--reuse-values", "--set=uninstall.deleteObjects=true")
		p.mustHelm(t, "uninstall", "rel", "--namespace="+releaseNamespace)
		if err := p.client.Get(t.Context(), client.ObjectKeyFromObject(cluster), &v1.Cluster{}); !apierrors.IsNotFound(err) {
			t.Errorf("Get() of the Cluster = %v, want not found", err)
		}
		if left := p.left(t, slices.Concat(others, hooks(rendered))); len(left) > 0 {
			t.Errorf("%q are left", left)
		}
		if diff := cmp.Diff(keys(crds), p.left(t, crds)); diff != "" {
			t.Errorf("CRDs that are kept (-want +got):\n%s", diff)
		}
	})
	if err := manager.Stop(time.Minute); err != nil {
		t.Error(err)
	}

	t.Run("a release takes the CRDs of the last one, and may take them along", func(t *testing.T) {
		p.mustHelm(t, "install", "rel", chart, "--namespace="+releaseNamespace, "--values="+values, "--set=crds.keep=false")
		p.mustHelm(t, "uninstall", "rel", "--namespace="+releaseNamespace, "--wait")
		if left := p.left(t, rendered); len(left) > 0 {
			t.Errorf("%q are left", left)
		}
	})
}

// split returns the CRDs and the other objects, without hooks.
func split(objects []*unstructured.Unstructured) (crds, others []*unstructured.Unstructured) {
	for _, object := range objects {
		switch {
		case isHook(object):
		case object.GetKind() == "CustomResourceDefinition":
			crds = append(crds, object)
		default:
			others = append(others, object)
		}
	}
	return crds, others
}

func hooks(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool { return !isHook(o) })
}

func pick(objects []*unstructured.Unstructured, kind, name string) []*unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool { return o.GetKind() != kind || o.GetName() != name })
}

func keys(objects []*unstructured.Unstructured) []string {
	var keys []string
	for _, object := range objects {
		keys = append(keys, key(object))
	}
	return keys
}

// nextChart returns the chart of a later version, with a changed CRD and without one of
// the policies.
func nextChart(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(chart)); err != nil {
		t.Fatal(err)
	}
	generated := filepath.Join(dir, "templates", "generated")
	replace(t, filepath.Join(generated, "crd", "hyperfleet.io_clusters.yaml"), "    - hfc\n", "    - hfc\n    - hfcluster\n")
	replace(t, filepath.Join(dir, "Chart.yaml"), "version: 0.0.0", "version: 0.0.1")
	if err := os.Remove(filepath.Join(generated, "admission", "bounds.yaml")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func replace(t *testing.T, file, before, after string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(content), before) {
		t.Fatalf("%s lacks %q", file, before)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(content), before, after, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *plane) definition(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	definition := &unstructured.Unstructured{}
	definition.SetAPIVersion("apiextensions.k8s.io/v1")
	definition.SetKind("CustomResourceDefinition")
	if err := p.client.Get(t.Context(), client.ObjectKey{Name: name}, definition); err != nil {
		t.Fatal(err)
	}
	return definition
}

// createCertificate creates the Secret that the pods wait for.
func (p *plane) createCertificate(t *testing.T, namespace, name string) {
	t.Helper()
	certificate, privateKey, err := cert.GenerateSelfSignedCertKey("localhost", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Type:       corev1.SecretTypeTLS,
		Data:       map[string][]byte{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: privateKey},
	}
	if err := p.client.Create(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
}

func (p *plane) deployment(t *testing.T) *appsv1.Deployment {
	t.Helper()
	deployment := &appsv1.Deployment{}
	if err := p.client.Get(t.Context(), client.ObjectKey{Namespace: releaseNamespace, Name: deployed}, deployment); err != nil {
		t.Fatal(err)
	}
	return deployment
}

// startManager runs the manager of the release as a process, and waits until it is ready.
func (p *plane) startManager(t *testing.T) *process.Process {
	t.Helper()
	dir, spec := t.TempDir(), &p.deployment(t).Spec.Template.Spec
	kubeconfig, err := p.kubeconfigOf(t.Context(), dir, releaseNamespace, spec.ServiceAccountName)
	if err != nil {
		t.Fatal(err)
	}
	args, err := p.arguments(t.Context(), dir, releaseNamespace, spec, &spec.Containers[0])
	if err != nil {
		t.Fatal(err)
	}
	return startProgram(t, dir, append(args, "--kubeconfig="+kubeconfig, "--drain-delay=0"))
}

// startProgram runs the program on free ports of loopback, and waits until it is ready.
func startProgram(t *testing.T, dir string, args []string) *process.Process {
	t.Helper()
	probes := "127.0.0.1:" + strconv.Itoa(process.PortFor(t))
	args = append(args, "--health-probe-bind-address="+probes)
	for _, listener := range []string{"facade", "metrics"} {
		args = append(args, "--"+listener+"-bind-address=127.0.0.1:"+strconv.Itoa(process.PortFor(t)))
	}
	started, err := process.Start(process.Spec{Name: args[0], Dir: dir, Path: program(), Args: args})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Stop(time.Minute); err != nil {
			t.Error(err)
		}
	})
	ready := process.HTTPProbe(http.DefaultClient, "http://"+probes+"/readyz")
	if err := process.WaitReady(t.Context(), started, process.Wait{Ready: ready, Stall: 3 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	return started
}
