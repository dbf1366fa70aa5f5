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

package facade

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

const alphaUID = types.UID("5f3759df-0000-4000-8000-000000000001")

// storedReport is a report as the API server has it, on the cluster or nodepool of
// that name.
func storedReport(resource, adapter string, uid types.UID, n int) *v1.AdapterStatus {
	report := heartbeatOf(adapter, uid, n)
	report.Name = resource + "." + adapter
	report.UID = types.UID(fmt.Sprintf("00000000-0000-4000-8000-%06x%06x", len(resource), adapter[0]))
	report.Spec.ResourceRef.Kind, report.Spec.ResourceRef.Name = reportedKind(resource), resource
	report.CreationTimestamp = metav1.NewTime(dawn)
	return report
}

func rowOf(t *testing.T, report *v1.AdapterStatus) *fleet.Row {
	t.Helper()
	row, err := renderer{}.adapterStatus(report)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// A report from the index is the stored one without what nobody reads of it.
func TestReportOf(t *testing.T) {
	onCluster := storedReport("alpha", "dns", alphaUID, 7)
	onCluster.Spec.Conditions[0].Reason, onCluster.Spec.Conditions[0].Message = "Because", "It is so"
	onCluster.Spec.ObservedTime = v1.NewTimestamp(dawn.Add(123456789))
	withoutResult := storedReport("alpha", "dns", alphaUID, 7)
	withoutResult.Spec.Conditions = withoutResult.Spec.Conditions[1:]
	deleted := storedReport("alpha", "dns", alphaUID, 7)
	deleted.DeletionTimestamp = new(metav1.NewTime(dawn.Add(time.Hour)))
	for name, stored := range map[string]*v1.AdapterStatus{
		"on a Cluster":                 onCluster,
		"on a NodePool":                storedReport("alpha.workers", "dns", alphaUID, 7),
		"by name only":                 storedReport("alpha", "dns", "", 7),
		"with a UID that can't be one": storedReport("alpha", "dns", "what", 7),
		"with a UID that is an id":     storedReport("alpha", "dns", types.UID(v1.ID(alphaUID)), 7),
		"without a result":             withoutResult,
		"deleted":                      deleted,
	} {
		t.Run(name, func(t *testing.T) {
			full := stored.DeepCopy()
			full.Labels, full.Finalizers = map[string]string{"team": "blue"}, []string{"example.com/keep"}
			full.Annotations = map[string]string{v1.FirstObservedAnnotation: "2025-01-01T00:00:00Z"}
			if diff := cmp.Diff(stored, reportOf(rowOf(t, full))); diff != "" {
				t.Errorf("report (-stored +from the index):\n%s", diff)
			}
		})
	}
}

func TestReportsOn(t *testing.T) {
	reports := newReports(t)
	for _, report := range []*v1.AdapterStatus{
		storedReport("alpha", "dns", alphaUID, 1),
		storedReport("alpha", "validator", "", 2),
		storedReport("alpha", "pullsecret", "5f3759df-0000-4000-8000-00000000dead", 3), // a predecessor's
		storedReport("alpha", "hypershift", "what", 4),
		storedReport("beta", "dns", alphaUID, 5), // has taken the UID of another
		storedReport("beta", "validator", "", 6),
		storedReport("alpha.workers", "dns", "", 7),
	} {
		reports.Upsert(rowOf(t, report))
	}
	cluster := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "alpha", UID: alphaUID}}
	var names []string
	for _, report := range reports.On(v1.ClusterKind, cluster) {
		names = append(names, report.Name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"alpha.dns", "alpha.validator"}, names); diff != "" {
		t.Errorf("reports on alpha (-want +got):\n%s", diff)
	}
	if report, ok := reports.Get(types.NamespacedName{Namespace: "default", Name: "alpha.hypershift"}); !ok || report.Spec.ResourceRef.UID != "what" {
		t.Errorf("Get() = %v, %t", report, ok)
	}
	if report, ok := reports.Get(types.NamespacedName{Namespace: "default", Name: "alpha.nobody"}); ok {
		t.Errorf("Get() of what does not exist = %v", report)
	}
}

// Handlers are told what an informer's would be, but for changes that the index
// does not see.
func TestEventsOfReports(t *testing.T) {
	reports := newReports(t)
	early := &told{}
	reports.AddEventHandler(early)
	dns, validator := storedReport("alpha", "dns", alphaUID, 1), storedReport("alpha", "validator", alphaUID, 2)
	replace := func(version string, all ...*v1.AdapterStatus) {
		t.Helper()
		rows := make([]*fleet.Row, len(all))
		for i := range all {
			rows[i] = rowOf(t, all[i])
		}
		if err := reports.Replace(rows, version); err != nil {
			t.Fatal(err)
		}
	}
	replace("2", dns, validator)
	early.expect(t, "the first list", "add alpha.dns initially", "add alpha.validator initially")
	late := &told{}
	reports.AddEventHandler(late)
	late.expectInAnyOrder(t, "what was there", "add alpha.dns initially", "add alpha.validator initially")

	pullsecret := storedReport("alpha", "pullsecret", alphaUID, 3)
	reports.Upsert(rowOf(t, pullsecret))
	early.expect(t, "a new one", "add alpha.pullsecret")

	labelled := pullsecret.DeepCopy()
	labelled.ResourceVersion, labelled.Labels = "4", map[string]string{"team": "blue"}
	reports.Upsert(rowOf(t, labelled))
	early.expect(t, "a label")
	if report, _ := reports.Get(types.NamespacedName{Namespace: "default", Name: pullsecret.Name}); report.ResourceVersion != "4" {
		t.Errorf("resourceVersion is %s, want 4", report.ResourceVersion)
	}

	reports.Upsert(rowOf(t, storedReport("alpha", "pullsecret", alphaUID, 5)))
	early.expect(t, "a heartbeat", "update alpha.pullsecret 4 to 5")

	replace("9", dns, storedReport("alpha", "pullsecret", alphaUID, 8), storedReport("beta", "dns", "", 9))
	early.expect(t, "another list", "update alpha.pullsecret 5 to 8", "add beta.dns", "delete alpha.validator 2")

	reports.Delete(types.NamespacedName{Namespace: "default", Name: "beta.dns"})
	reports.Delete(types.NamespacedName{Namespace: "default", Name: "beta.dns"})
	early.expect(t, "a deletion", "delete beta.dns 9")
	if len(late.events) != 6 {
		t.Errorf("the later handler was told %v", late.events)
	}
}

func newReports(t *testing.T) reportStore {
	t.Helper()
	index := fleet.New(fleet.AdapterStatuses)
	return reportStore{index, &Reports{index: index}}
}

// told is what a handler was told.
type told struct{ events []string }

var _ cache.ResourceEventHandler = (*told)(nil)

func (h *told) OnAdd(o any, isInInitialList bool) {
	event := "add " + o.(*v1.AdapterStatus).Name
	if isInInitialList {
		event += " initially"
	}
	h.events = append(h.events, event)
}

func (h *told) OnUpdate(before, after any) {
	a, b := before.(*v1.AdapterStatus), after.(*v1.AdapterStatus)
	h.events = append(h.events, fmt.Sprintf("update %s %s to %s", b.Name, a.ResourceVersion, b.ResourceVersion))
}

func (h *told) OnDelete(o any) {
	report := o.(*v1.AdapterStatus)
	h.events = append(h.events, fmt.Sprintf("delete %s %s", report.Name, report.ResourceVersion))
}

// expect compares what was told since the last time.
func (h *told) expect(t *testing.T, what string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, h.events); diff != "" {
		t.Errorf("%s: events (-want +got):\n%s", what, diff)
	}
	h.events = nil
}

func (h *told) expectInAnyOrder(t *testing.T, what string, want ...string) {
	t.Helper()
	slices.Sort(h.events)
	h.expect(t, what, want...)
}
