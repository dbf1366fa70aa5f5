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
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fluxcd/pkg/ssa/utils"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server/install"
)

const (
	ownNamespace    = "hyperfleet-system"
	servedNamespace = "default"
)

// noAdapters lets the reconcilers finalize alone.
const noAdapters = "requiredAdapters: {Cluster: [], NodePool: []}\n"

// kept are the objects that no tool prunes.
var kept = []string{
	"CustomResourceDefinition/adapterstatuses.hyperfleet.io",
	"CustomResourceDefinition/clusters.hyperfleet.io",
	"CustomResourceDefinition/nodepools.hyperfleet.io",
}

// workloads are the objects whose health needs nodes.
var workloads = []string{"Deployment/hyperfleet-manager", "PodDisruptionBudget/hyperfleet-manager"}

// A tool installs objects on a plane.
type tool interface {
	// apply applies the objects to the plane.
	apply(t *testing.T, objects []*unstructured.Unstructured)

	// drift returns a difference for each object that the tool would show as changed.
	drift(t *testing.T, objects []*unstructured.Unstructured) []string

	// unhealthy returns the names of the objects that the tool waits for.
	unhealthy(t *testing.T, objects []*unstructured.Unstructured) []string

	// prune deletes the objects, as the tool does after their removal from Git.
	prune(t *testing.T, objects []*unstructured.Unstructured)
}

// TestToolsInstall installs HyperFleet itself with each tool, and removes it while
// Clusters exist.
func TestToolsInstall(t *testing.T) {
	cases := map[string]struct {
		tool    func(*testing.T, *plane) tool
		objects func(*testing.T) []*unstructured.Unstructured
	}{
		"Flux, config/default":                          {newFlux, renderDefault},
		"Argo CD, config/default":                       {newArgo, renderDefault},
		"Argo CD, config/default, by client-side apply": {newArgoClientSide, renderDefault},
		"Argo CD, the chart":                            {newArgoWithHooks, renderChart},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, objects := startPlane(t), c.objects(t)
			installed := c.tool(t, p)
			installed.apply(t, shuffled(objects))
			checkInstalled(t, p, installed, objects)
			stays, goes := p.createClusters(t)
			installed.prune(t, shuffled(objects))
			p.awaitLeft(t, objects, kept)
			checkKept(t, p, objects, stays, goes)

			installed.apply(t, shuffled(objects))
			stop, err := startReconcilers(t.Context(), p.config, noAdapters)
			if err != nil {
				t.Fatal(err)
			}
			p.awaitGone(t, goes)
			if err := p.client.Delete(t.Context(), stays); err != nil {
				t.Fatal(err)
			}
			p.awaitGone(t, stays)
			if err := stop(); err != nil {
				t.Error(err)
			}
			installed.prune(t, shuffled(objects))
			for _, object := range objects {
				if slices.Contains(kept, nameOf(object)) {
					if err := p.client.Delete(t.Context(), object.DeepCopy()); err != nil {
						t.Error(err)
					}
				}
			}
			p.awaitLeft(t, objects, nil)
		})
	}
}

// checkInstalled checks the drift and health that a tool shows after it has applied the
// objects, and that it writes nothing when it applies them again.
func checkInstalled(t *testing.T, p *plane, installed tool, objects []*unstructured.Unstructured) {
	t.Helper()
	if err := install.WaitInForce(t.Context(), p.config, servedNamespace, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range installed.unhealthy(t, objects) {
		if !slices.Contains(workloads, name) {
			t.Errorf("The tool waits for %s", name)
		}
	}
	p.playWorkloads(t, ownNamespace)
	if waits := installed.unhealthy(t, objects); len(waits) > 0 {
		t.Errorf("The tool waits for %q although all pods are ready", waits)
	}
	for _, difference := range installed.drift(t, objects) {
		t.Errorf("The tool shows a drift of %s", difference)
	}
	before := p.versions(t, objects)
	installed.apply(t, shuffled(objects))
	if diff := cmp.Diff(before, p.versions(t, objects)); diff != "" {
		t.Errorf("The second apply writes (resource versions, -before +after):\n%s", diff)
	}
}

// createClusters creates two Clusters, and deletes one of them, which remains because
// nothing finalizes it.
func (p *plane) createClusters(t *testing.T) (stays, goes *v1.Cluster) {
	t.Helper()
	stays, goes = newCluster("stays"), newCluster("goes")
	for _, cluster := range []*v1.Cluster{stays, goes} {
		if err := p.client.Create(t.Context(), cluster); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.client.Delete(t.Context(), goes); err != nil {
		t.Fatal(err)
	}
	return stays, goes
}

func newCluster(name string) *v1.Cluster {
	return &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: servedNamespace}, Spec: runtime.RawExtension{Raw: []byte("{}")}}
}

// checkKept checks that pruning deletes neither a CustomResourceDefinition nor a Cluster.
func checkKept(t *testing.T, p *plane, objects []*unstructured.Unstructured, stays, goes *v1.Cluster) {
	t.Helper()
	for _, object := range p.live(t, objects) {
		if object != nil && object.GetDeletionTimestamp() != nil {
			t.Errorf("%s is being deleted", nameOf(object))
		}
	}
	for cluster, want := range map[*v1.Cluster]bool{stays: false, goes: true} {
		if err := p.client.Get(t.Context(), client.ObjectKeyFromObject(cluster), cluster); err != nil {
			t.Fatal(err)
		}
		if got := cluster.DeletionTimestamp != nil; got != want {
			t.Errorf("%s is being deleted: %t, want %t", cluster.Name, got, want)
		}
	}
}

func (p *plane) awaitGone(t *testing.T, cluster *v1.Cluster) {
	t.Helper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(v1.GroupVersion.WithKind(v1.ClusterKind))
	object.SetName(cluster.Name)
	object.SetNamespace(cluster.Namespace)
	p.awaitLeft(t, []*unstructured.Unstructured{object}, nil)
}

// shuffled returns copies of the objects in any order.
func shuffled(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	copies := make([]*unstructured.Unstructured, len(objects))
	for i, from := range rand.Perm(len(objects)) {
		copies[i] = objects[from].DeepCopy()
	}
	return copies
}

// renderDefault returns the objects that kustomize renders from config/default.
func renderDefault(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), manifests+"/default")
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

// renderChart returns the objects that Helm renders from the chart without hooks, and the
// namespace, which Argo CD creates with CreateNamespace=true.
func renderChart(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	namespace := parse(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+ownNamespace+"}\n")
	return append(slices.DeleteFunc(templates(t), isHook), namespace...)
}

// renderHooks returns the hooks that Helm runs before it uninstalls the chart.
func renderHooks(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	return slices.DeleteFunc(templates(t), func(object *unstructured.Unstructured) bool { return !isHook(object) })
}

func templates(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	return parse(t, helm(t, "template", "rel", chart, "--namespace="+ownNamespace))
}

func isHook(object *unstructured.Unstructured) bool {
	return object.GetAnnotations()["helm.sh/hook"] != ""
}

func parse(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := utils.ReadObjects(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}
