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
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/ssa"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fluxGroup is the group of Flux Kustomizations, in the labels and annotations of the
// objects that they apply.
const fluxGroup = "kustomize.toolkit.fluxcd.io"

// kustomizeController acts on a plane like Flux's kustomize-controller.
type kustomizeController struct {
	plane   *plane
	manager *ssa.ResourceManager
}

func newFlux(_ *testing.T, p *plane) tool {
	poller := polling.NewStatusPoller(p.client, p.client.RESTMapper(), polling.Options{})
	return &kustomizeController{plane: p, manager: ssa.NewResourceManager(p.client, poller, ssa.Owner{Field: "kustomize-controller", Group: fluxGroup})}
}

func (f *kustomizeController) own(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	f.manager.SetOwnerLabels(objects, "hyperfleet", "flux-system")
	return objects
}

func (f *kustomizeController) apply(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	options := ssa.DefaultApplyOptions()
	options.WaitInterval, options.WaitTimeout = 20*time.Millisecond, 5*time.Minute
	if _, err := f.manager.ApplyAllStaged(t.Context(), f.own(objects), options); err != nil {
		t.Fatal(err)
	}
}

func (f *kustomizeController) drift(t *testing.T, objects []*unstructured.Unstructured) (drift []string) {
	t.Helper()
	for _, object := range f.own(shuffled(objects)) {
		entry, live, merged, err := f.manager.Diff(t.Context(), object, ssa.DefaultDiffOptions())
		if err != nil {
			t.Fatal(err)
		}
		if entry.Action != ssa.UnchangedAction {
			drift = append(drift, fmt.Sprintf("%s (-live +applied):\n%s", nameOf(object), cmp.Diff(live, merged)))
		}
	}
	return drift
}

func (f *kustomizeController) unhealthy(t *testing.T, objects []*unstructured.Unstructured) (waits []string) {
	t.Helper()
	for _, object := range f.plane.live(t, objects) {
		result, err := status.Compute(object)
		if err != nil {
			t.Fatal(err)
		}
		if result.Status != status.CurrentStatus {
			waits = append(waits, nameOf(object))
		}
	}
	return waits
}

func (f *kustomizeController) prune(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	options := ssa.DefaultDeleteOptions()
	options.Inclusions = f.manager.GetOwnerLabels("hyperfleet", "flux-system")
	options.Exclusions = map[string]string{fluxGroup + "/prune": "disabled", fluxGroup + "/reconcile": "disabled"}
	if _, err := f.manager.DeleteAll(t.Context(), objects, options); err != nil {
		t.Fatal(err)
	}
}
