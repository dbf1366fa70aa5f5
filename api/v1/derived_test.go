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

package v1

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestNames(t *testing.T) {
	cases := map[string]struct{ got, want string }{
		"of a pool":               {NodePoolName("my-cluster", "workers"), "my-cluster.workers"},
		"of a cluster's report":   {AdapterStatusName("my-cluster", "dns"), "my-cluster.dns"},
		"of a pool's report":      {AdapterStatusName(NodePoolName("my-cluster", "workers"), "dns"), "my-cluster.workers.dns"},
		"pool's own":              {PoolName("my-cluster.workers"), "workers"},
		"pool's own, by method":   {(&NodePool{ObjectMeta: metav1.ObjectMeta{Name: "my-cluster.workers"}}).PoolName(), "workers"},
		"pool's own, without dot": {PoolName("workers"), ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.got != tc.want {
				t.Errorf("got %q, want %q", tc.got, tc.want)
			}
		})
	}
}

func TestFirstObserved(t *testing.T) {
	created := time.Date(2025, 1, 1, 10, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		annotations map[string]string
		want        time.Time
	}{
		"recorded":     {map[string]string{FirstObservedAnnotation: "2024-12-31T23:00:00.5-01:00"}, time.Date(2025, 1, 1, 0, 0, 0, 5e8, time.UTC)},
		"not recorded": {nil, created},
		"not a time":   {map[string]string{FirstObservedAnnotation: "yesterday"}, created},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			report := &AdapterStatus{ObjectMeta: metav1.ObjectMeta{
				CreationTimestamp: metav1.NewTime(created), Annotations: tc.annotations,
			}}
			if got := report.FirstObserved(); !got.Equal(tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestConcerns(t *testing.T) {
	cases := map[string]struct {
		ref  ResourceReference
		want bool
	}{
		"without uid":      {ResourceReference{Kind: ClusterKind, Name: "c-1"}, true},
		"with its uid":     {ResourceReference{Kind: ClusterKind, Name: "c-1", UID: "u1"}, true},
		"of a predecessor": {ResourceReference{Kind: ClusterKind, Name: "c-1", UID: "u0"}, false},
		"of another name":  {ResourceReference{Kind: ClusterKind, Name: "c-2", UID: "u1"}, false},
		"of another kind":  {ResourceReference{Kind: NodePoolKind, Name: "c-1", UID: "u1"}, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.ref.Concerns(ClusterKind, "c-1", types.UID("u1")); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}
