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

package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var (
	created = time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	later   = created.Add(time.Hour)
)

func storedMeta(name string) metav1.ObjectMeta {
	managed := func(manager, subresource string, at time.Time) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource, Time: new(metav1.NewTime(at)), FieldsV1: metav1.NewFieldsV1(`{}`)}
	}
	return metav1.ObjectMeta{
		Name: name, Namespace: "default", UID: "uid", ResourceVersion: "7", Generation: 3,
		CreationTimestamp: metav1.NewTime(created), DeletionTimestamp: new(metav1.NewTime(later)),
		Finalizers:      []string{v1.CascadeFinalizer, "example.com/other"},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "hyperfleet.io/v1", Kind: v1.ClusterKind, Name: "one", UID: "its-uid"}},
		Labels:          map[string]string{v1.ClusterLabel: "one", "team": "blue"},
		Annotations:     map[string]string{v1.CreatedByAnnotation: "somebody"},
		ManagedFields: []metav1.ManagedFieldsEntry{
			managed("kubectl", "", later), managed(v1.ControllerFieldManager, "", later.Add(time.Hour)), managed("kubectl", "status", later.Add(time.Hour)),
		},
	}
}

// strippedMeta is storedMeta with only the fields that the reconcilers read.
func strippedMeta(name string) metav1.ObjectMeta {
	o := storedMeta(name)
	o.Annotations = nil
	o.ManagedFields = []metav1.ManagedFieldsEntry{{Time: new(metav1.NewTime(later))}}
	return o
}

func storedStatus() v1.ResourceStatus {
	at := v1.NewTimestamp(later)
	return v1.ResourceStatus{
		ID: "2id", ObservedGeneration: 3, Ready: metav1.ConditionFalse, Available: metav1.ConditionTrue,
		Conditions: []v1.ResourceCondition{{
			Type: v1.ReadyCondition, Status: metav1.ConditionFalse, Reason: "AdaptersNotReady", Message: "dns: not reported",
			ObservedGeneration: 2, CreatedTime: at, LastUpdatedTime: at, LastTransitionTime: at,
		}},
	}
}

func TestStripOfParents(t *testing.T) {
	pool := &v1.NodePool{ObjectMeta: storedMeta("one.workers"), Status: storedStatus()}
	pool.Spec.ClusterName, pool.Spec.Fields = "one", runtime.RawExtension{Raw: []byte(`{"replicas":3}`)}
	wantPool := &v1.NodePool{ObjectMeta: strippedMeta("one.workers"), Status: storedStatus()}
	wantPool.Spec.ClusterName = "one"
	cases := map[string]struct{ stored, want runtime.Object }{
		"a Cluster": {
			&v1.Cluster{ObjectMeta: storedMeta("one"), Spec: runtime.RawExtension{Raw: []byte(`{"region":"eu"}`)}, Status: storedStatus()},
			&v1.Cluster{ObjectMeta: strippedMeta("one"), Status: storedStatus()},
		},
		"a NodePool": {pool, wantPool},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			updated := v1.UpdatedTime(c.stored.(metav1.Object))
			got, err := strip(c.stored.DeepCopyObject())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("strip (-want +got):\n%s", diff)
			}
			if kept := v1.UpdatedTime(got.(metav1.Object)); !kept.Equal(updated) {
				t.Errorf("UpdatedTime() = %s, want %s", kept, updated)
			}
		})
	}
}

func TestInterner(t *testing.T) {
	strings := &interner{known: map[string]string{}}
	for range 2 {
		for n := range maxInterned + 10 {
			s := time.Duration(n).String()
			if got := strings.share(s); got != s {
				t.Fatalf("share(%q) = %q", s, got)
			}
		}
	}
	if len(strings.known) != maxInterned {
		t.Errorf("%d strings are kept, want %d", len(strings.known), maxInterned)
	}
}
