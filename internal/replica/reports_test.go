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

package replica

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

const alphaUID = types.UID("5f3759df-0000-4000-8000-000000000001")

// storedReport returns a report as the API server stores it, on the cluster or nodepool
// of that name.
func storedReport(resource, adapter string, uid types.UID, n int) *v1.AdapterStatus {
	report := heartbeatOf(adapter, uid, n)
	report.Name = resource + "." + adapter
	report.UID = types.UID(fmt.Sprintf("00000000-0000-4000-8000-%06x%06x", len(resource), adapter[0]))
	report.Spec.ResourceRef.Name = resource
	if strings.Contains(resource, ".") {
		report.Spec.ResourceRef.Kind = v1.NodePoolKind
	}
	report.CreationTimestamp = metav1.NewTime(dawn)
	return report
}

func rowOf(t *testing.T, report *v1.AdapterStatus) *fleet.Row {
	t.Helper()
	row, err := rest.EncodeReport(report)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func TestReportsOn(t *testing.T) {
	reports := newReports()
	for _, report := range []*v1.AdapterStatus{
		storedReport("alpha", "dns", alphaUID, 1),
		storedReport("alpha", "validator", "", 2),
		storedReport("alpha", "pullsecret", "5f3759df-0000-4000-8000-00000000dead", 3), // of a predecessor
		storedReport("alpha", "hypershift", "what", 4),
		storedReport("beta", "dns", alphaUID, 5), // with the UID of another resource
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

func TestReportsObservedAfter(t *testing.T) {
	reports := newReports()
	var stored []*v1.AdapterStatus
	for i, adapter := range []string{"dns", "validator", "pullsecret"} {
		stored = append(stored, storedReport("alpha", adapter, alphaUID, i))
		reports.Upsert(rowOf(t, stored[i]))
	}
	want := []types.NamespacedName{{Namespace: "default", Name: "alpha.pullsecret"}}
	if diff := cmp.Diff(want, reports.ObservedAfter(stored[1].Spec.ObservedTime.Time)); diff != "" {
		t.Errorf("ObservedAfter (-want +got):\n%s", diff)
	}
	if got := reports.ObservedAfter(stored[2].Spec.ObservedTime.Time); got != nil {
		t.Errorf("ObservedAfter the last one = %v", got)
	}
}

// Handlers are called like the handlers of an informer, except for changes that the index
// does not contain.
func TestReportHandlers(t *testing.T) {
	reports := newReports()
	early := &recorder{}
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
	late := &recorder{}
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
		t.Errorf("the calls of the later handler are %v", late.events)
	}
}

func newReports() notifyingStore {
	index := fleet.New(fleet.AdapterStatuses)
	return notifyingStore{index, &Reports{Collection: Collection{Index: index}}}
}

// recorder is a handler that records its calls.
type recorder struct{ events []string }

var _ cache.ResourceEventHandler = (*recorder)(nil)

func (h *recorder) OnAdd(o any, isInInitialList bool) {
	event := "add " + o.(*v1.AdapterStatus).Name
	if isInInitialList {
		event += " initially"
	}
	h.events = append(h.events, event)
}

func (h *recorder) OnUpdate(before, after any) {
	a, b := before.(*v1.AdapterStatus), after.(*v1.AdapterStatus)
	h.events = append(h.events, fmt.Sprintf("update %s %s to %s", b.Name, a.ResourceVersion, b.ResourceVersion))
}

func (h *recorder) OnDelete(o any) {
	report := o.(*v1.AdapterStatus)
	h.events = append(h.events, fmt.Sprintf("delete %s %s", report.Name, report.ResourceVersion))
}

// expect compares the calls since the last time.
func (h *recorder) expect(t *testing.T, what string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, h.events); diff != "" {
		t.Errorf("%s: events (-want +got):\n%s", what, diff)
	}
	h.events = nil
}

func (h *recorder) expectInAnyOrder(t *testing.T, what string, want ...string) {
	t.Helper()
	slices.Sort(h.events)
	h.expect(t, what, want...)
}
