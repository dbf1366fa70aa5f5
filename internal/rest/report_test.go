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

package rest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	alphaUID = types.UID("5f3759df-0000-4000-8000-000000000001")
	alphaID  = "25mxlaew77xodtwsj059ytsbup" // v1.ID(alphaUID)
)

// newReport returns a report as the API server stores it, on the cluster or nodepool of
// that name.
func newReport(resource string, uid types.UID) *v1.AdapterStatus {
	kind := v1.ClusterKind
	if strings.Contains(resource, ".") {
		kind = v1.NodePoolKind
	}
	return &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{
			Name: resource + ".dns", Namespace: "default", UID: "00000000-0000-4000-8000-000000000007",
			ResourceVersion: "7", CreationTimestamp: metav1.NewTime(dawn),
		},
		Spec: v1.AdapterStatusSpec{
			ResourceRef: v1.ResourceReference{Kind: kind, Name: resource, UID: uid},
			Adapter:     "dns", ObservedGeneration: 3, ObservedTime: minute(7),
			Conditions: []v1.AdapterCondition{
				{Type: v1.AvailableCondition, Status: metav1.ConditionTrue, LastTransitionTime: minute(1)},
				{Type: "Applied", Status: metav1.ConditionTrue, LastTransitionTime: minute(1)},
			},
		},
	}
}

// A decoded report equals the stored one, without the content that no row has.
func TestReportRoundTrip(t *testing.T) {
	detailed := newReport("alpha", alphaUID)
	detailed.Spec.Conditions[0].Reason, detailed.Spec.Conditions[0].Message = "Because", "It is so"
	detailed.Spec.ObservedTime = v1.NewTimestamp(dawn.Add(123456789))
	withoutResult := newReport("alpha", alphaUID)
	withoutResult.Spec.Conditions = withoutResult.Spec.Conditions[1:]
	withLastResult := newReport("alpha", alphaUID)
	withLastResult.Spec.Conditions = nil
	withLastResult.Annotations = map[string]string{v1.LastResultAnnotation: "True 1 2025-01-01T00:00:00Z"}
	withoutConditions := newReport("alpha", alphaUID)
	withoutConditions.Spec.Conditions = nil
	deleted := newReport("alpha", alphaUID)
	deleted.DeletionTimestamp = new(metav1.NewTime(dawn.Add(time.Hour)))
	repeated := newReport("dns", "")
	for name, test := range map[string]struct {
		stored *v1.AdapterStatus
		owner  string
	}{
		"on a Cluster":                                   {detailed, alphaID},
		"on a NodePool":                                  {newReport("alpha.workers", alphaUID), alphaID},
		"without a UID":                                  {newReport("alpha", ""), "Cluster/alpha"},
		"on a NodePool, without a UID":                   {newReport("alpha.workers", ""), "NodePool/alpha.workers"},
		"with a UID that has no id":                      {newReport("alpha", "what"), "uid/what"},
		"with a UID that looks like an id":               {newReport("alpha", alphaID), "uid/" + alphaID},
		"with a UID that looks like an owner":            {newReport("alpha", "uid/Cluster/beta"), "uid/uid/Cluster/beta"},
		"on a resource that has the name of the adapter": {repeated, "Cluster/dns"},
		"without a result":                               {withoutResult, alphaID},
		"without conditions":                             {withoutConditions, alphaID},
		"with the last result":                           {withLastResult, alphaID},
		"deleted":                                        {deleted, alphaID},
	} {
		t.Run(name, func(t *testing.T) {
			full := test.stored.DeepCopy()
			full.Labels, full.Finalizers = map[string]string{"team": "blue"}, []string{"example.com/keep"}
			if full.Annotations == nil {
				full.Annotations = map[string]string{}
			}
			full.Annotations[v1.FirstObservedAnnotation] = "2025-01-01T00:00:00Z"
			full.Spec.Data, full.Spec.Metadata = &runtime.RawExtension{Raw: []byte(`{"a":1}`)}, &runtime.RawExtension{Raw: []byte(`{}`)}
			row, err := EncodeReport(full)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.stored, DecodeReport(row)); diff != "" {
				t.Errorf("report (-stored +decoded):\n%s", diff)
			}
			if row.OwnerID != test.owner {
				t.Errorf("OwnerID is %q, want %q", row.OwnerID, test.owner)
			}
			ref := test.stored.Spec.ResourceRef
			kind, resource := ReportedResource(row)
			if kind != ref.Kind || resource.Name != ref.Name || resource.Namespace != test.stored.Namespace {
				t.Errorf("ReportedResource() = %s %s, want %s %s", kind, resource, ref.Kind, ref.Name)
			}
			found := slices.Contains(ReportOwners(ref.Kind, alphaID, ref.Name), row.OwnerID)
			if concerns := ref.Concerns(ref.Kind, ref.Name, alphaUID); found != concerns {
				t.Errorf("found among the reports on the resource: %t, want %t", found, concerns)
			}
		})
	}
}

func TestReportApplied(t *testing.T) {
	for operation, want := range map[metav1.ManagedFieldsOperationType]bool{
		metav1.ManagedFieldsOperationApply:  true,
		metav1.ManagedFieldsOperationUpdate: false,
	} {
		report := newReport("alpha", alphaUID)
		report.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "a", Operation: metav1.ManagedFieldsOperationUpdate}, {Manager: "b", Operation: operation}}
		row, err := EncodeReport(report)
		if err != nil {
			t.Fatal(err)
		}
		if row.Applied != want {
			t.Errorf("after %s Applied is %t", operation, row.Applied)
		}
	}
}
