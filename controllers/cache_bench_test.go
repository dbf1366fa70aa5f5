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
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/benchflag"
)

// BenchmarkCacheHeap reports the heap bytes of a cluster in the reconcilers' cache:
// decoded from an answer of the API server, stripped, and indexed as the cache does.
func BenchmarkCacheHeap(b *testing.B) {
	for _, clusters := range benchflag.Fleets() {
		b.Run(strconv.Itoa(clusters), func(b *testing.B) { benchCacheHeap(b, clusters) })
	}
}

func benchCacheHeap(b *testing.B, clusters int) {
	b.Helper()
	var heap uint64
	for b.Loop() {
		before := heapInUse()
		store := toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, toolscache.Indexers{
			toolscache.NamespaceIndex: toolscache.MetaNamespaceIndexFunc,
		})
		for n := range clusters {
			add(b, store, benchCluster(n))
		}
		heap = heapInUse() - before
		runtime.KeepAlive(store)
	}
	b.ReportMetric(float64(heap)/float64(clusters), "cache-heap-B/cluster")
}

func add(b *testing.B, store toolscache.Store, cluster *v1.Cluster) {
	b.Helper()
	text, err := json.Marshal(cluster)
	if err != nil {
		b.Fatal(err)
	}
	decoded := &v1.Cluster{}
	if err := json.Unmarshal(text, decoded); err != nil {
		b.Fatal(err)
	}
	kept, err := strip(decoded)
	if err != nil {
		b.Fatal(err)
	}
	if err := store.Add(kept); err != nil {
		b.Fatal(err)
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // the second run frees objects with a Go finalizer
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

var benchTime = time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)

func benchMeta(name string, n int) metav1.ObjectMeta {
	at := metav1.NewTime(benchTime)
	field := func(manager, subresource string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "hyperfleet.io/v1", Time: &at,
			FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{".":{}}}`), Subresource: subresource,
		}
	}
	return metav1.ObjectMeta{
		Name: name, Namespace: "default", UID: types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", n)),
		ResourceVersion: fmt.Sprint(n + 1), Generation: 1, CreationTimestamp: at,
		ManagedFields: []metav1.ManagedFieldsEntry{field("hyperfleet-facade", ""), field(v1.ControllerFieldManager, "status")},
	}
}

func benchCluster(n int) *v1.Cluster {
	at := v1.NewTimestamp(benchTime)
	cluster := &v1.Cluster{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion.String(), Kind: v1.ClusterKind},
		ObjectMeta: benchMeta(fmt.Sprintf("cluster-%06d", n), n),
		Spec:       k8sruntime.RawExtension{Raw: []byte(`{"region":"eu-west"}`)},
		Status:     v1.ResourceStatus{ID: v1.ID(types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", n))), ObservedGeneration: 1, Ready: "True", Available: "True"},
	}
	cluster.Labels = map[string]string{"environment": "dev", "region": "eu-west", "shard": fmt.Sprint(n % 100), "team": "team-1"}
	cluster.Annotations = map[string]string{v1.CreatedByAnnotation: "user@example.com", v1.UpdatedByAnnotation: "user@example.com"}
	cluster.Finalizers = []string{v1.CascadeFinalizer}
	for _, kind := range []string{v1.AvailableCondition, v1.ReadyCondition, "DnsSuccessful", "HypershiftSuccessful", "PullsecretSuccessful", "ValidatorSuccessful"} {
		cluster.Status.Conditions = append(cluster.Status.Conditions, v1.ResourceCondition{
			Type: kind, Status: metav1.ConditionTrue, Reason: "AsExpected", Message: "The adapter has looked",
			ObservedGeneration: 1, CreatedTime: at, LastUpdatedTime: at, LastTransitionTime: at,
		})
	}
	return cluster
}
