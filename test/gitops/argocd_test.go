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
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/cache"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/engine"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/common"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	argoTracking = "argocd.argoproj.io/tracking-id" // annotation of the objects that an Application applies
	argoManager  = "argocd-controller"              // field manager
)

// argo acts on a plane like Argo CD's application controller.
type argo struct {
	plane      *plane
	serverSide bool // the sync option ServerSideApply=true
	hooks      []*unstructured.Unstructured
}

func newArgo(_ *testing.T, p *plane) tool { return &argo{plane: p, serverSide: true} }

// newArgoWithHooks gives Argo CD the chart's hooks, too. A sync must not run them.
func newArgoWithHooks(t *testing.T, p *plane) tool {
	t.Helper()
	hooks := renderHooks(t)
	if len(hooks) == 0 {
		t.Fatal("the chart has no hooks")
	}
	return &argo{plane: p, serverSide: true, hooks: hooks}
}

func newArgoClientSide(_ *testing.T, p *plane) tool { return &argo{plane: p} }

// track returns copies of the objects with the annotation of an Application.
func track(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	tracked := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		tracked[i] = object.DeepCopy()
		annotations := maps.Clone(object.GetAnnotations())
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[argoTracking] = fmt.Sprintf("hyperfleet:%s/%s:%s/%s", object.GroupVersionKind().Group, object.GetKind(), object.GetNamespace(), object.GetName())
		tracked[i].SetAnnotations(annotations)
	}
	return tracked
}

// settings leave out APIServices. After an event of an APIService, the engine looks for
// new resources in a goroutine that continues after the cache has ended, and then panics.
type settings struct{}

// IsExcludedResource implements kube.ResourceFilter.
func (settings) IsExcludedResource(_, kind, _ string) bool { return kind == "APIService" }

// GetResourceHealth implements health.HealthOverride. It overrides none.
func (settings) GetResourceHealth(*unstructured.Unstructured) (*health.HealthStatus, error) {
	return nil, nil //nolint:nilnil // as the interface has it
}

func (a *argo) newCache() cache.ClusterCache {
	return cache.NewClusterCache(a.plane.config, cache.SetLogr(logr.Discard()),
		cache.SetSettings(cache.Settings{ResourceHealthOverride: settings{}, ResourcesFilter: settings{}}),
		cache.SetPopulateResourceInfoHandler(func(object *unstructured.Unstructured, _ bool) (any, bool) {
			_, tracked := object.GetAnnotations()[argoTracking]
			return tracked, tracked
		}))
}

// sync applies the objects to the plane, and deletes all others that the Application has
// applied.
func (a *argo) sync(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	gitops := engine.NewEngine(a.plane.config, a.newCache(), engine.WithLogr(logr.Discard()))
	stop, err := gitops.Run()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	isManaged := func(r *cache.Resource) bool { return r.Info == true }
	results, err := gitops.Sync(t.Context(), track(objects), isManaged, "main", ownNamespace,
		sync.WithPrune(true), sync.WithServerSideApply(a.serverSide), sync.WithServerSideApplyManager(argoManager), sync.WithLogr(logr.Discard()))
	if err != nil {
		t.Errorf("sync: %v", err)
	}
	for _, result := range results {
		if result.Status == common.ResultCodeSyncFailed {
			t.Errorf("sync of %s: %s", result.ResourceKey, result.Message)
		}
	}
}

func (a *argo) apply(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	a.sync(t, slices.Concat(a.hooks, objects))
	if ran := a.plane.left(t, a.hooks); len(ran) > 0 {
		t.Errorf("Argo CD has run the hooks %q", ran)
	}
}

func (a *argo) prune(t *testing.T, _ []*unstructured.Unstructured) {
	t.Helper()
	a.sync(t, nil)
}

// drift compares in each way that Argo CD can be configured to use for its way to apply.
func (a *argo) drift(t *testing.T, objects []*unstructured.Unstructured) (drift []string) {
	t.Helper()
	clusterCache := a.newCache()
	if err := clusterCache.EnsureSynced(); err != nil {
		t.Fatal(err)
	}
	defer clusterCache.Invalidate()
	kubectl := &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}}
	applier, cleanup, err := kubectl.ManageServerSideDiffDryRuns(a.plane.config)
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	options := []diff.Option{diff.WithLogr(logr.Discard()), diff.WithManager(argoManager), diff.WithGVKParser(clusterCache.GetGVKParser())}
	ways := map[string]diff.Option{"legacy": diff.WithLogr(logr.Discard())}
	if a.serverSide {
		ways = map[string]diff.Option{
			"structured merge": diff.WithStructuredMergeDiff(true),
			"server-side":      diff.WithServerSideDiff(true),
		}
		options = append(options, diff.WithServerSideDryRunner(diff.NewK8sServerSideDryRunner(applier)))
	}
	tracked := track(objects)
	for i, live := range a.plane.live(t, tracked) {
		for way, option := range ways {
			result, err := diff.Diff(tracked[i], live, append(options, option)...)
			if err != nil {
				t.Fatalf("%s diff of %s: %v", way, nameOf(live), err)
			}
			if result.Modified {
				drift = append(drift, fmt.Sprintf("%s, %s diff (-live +applied):\n%s", nameOf(live), way,
					cmp.Diff(string(result.NormalizedLive), string(result.PredictedLive))))
			}
		}
	}
	return drift
}

func (a *argo) unhealthy(t *testing.T, objects []*unstructured.Unstructured) (waits []string) {
	t.Helper()
	for _, object := range a.plane.live(t, objects) {
		result, err := health.GetResourceHealth(object, nil)
		if err != nil {
			t.Fatal(err)
		}
		if result != nil && result.Status != health.HealthStatusHealthy {
			waits = append(waits, nameOf(object))
		}
	}
	return waits
}
