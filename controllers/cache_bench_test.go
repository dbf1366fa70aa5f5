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
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var benchAdapters = []string{"validator", "dns", "pullsecret", "hypershift"}

// BenchmarkCacheHeap reports what a cluster and the four reports on it take in the
// reconcilers' cache: as decoded from the API server's answers, stripped, and
// indexed as the cache does.
func BenchmarkCacheHeap(b *testing.B) {
	for _, clusters := range fleets {
		b.Run(strconv.Itoa(clusters), func(b *testing.B) { benchCacheHeap(b, clusters) })
	}
}

func benchCacheHeap(b *testing.B, clusters int) {
	b.Helper()
	var heap uint64
	for b.Loop() {
		before := heapInUse()
		stores := map[string]toolscache.Indexer{}
		for _, kind := range []string{v1.ClusterKind, v1.AdapterStatusKind} {
			stores[kind] = toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, toolscache.Indexers{
				toolscache.NamespaceIndex: toolscache.MetaNamespaceIndexFunc,
			})
		}
		if err := stores[v1.AdapterStatusKind].AddIndexers(toolscache.Indexers{reportsByResource: cacheIndex}); err != nil {
			b.Fatal(err)
		}
		for n := range clusters {
			cluster := benchCluster(n)
			add(b, stores[v1.ClusterKind], cluster)
			for _, adapter := range benchAdapters {
				add(b, stores[v1.AdapterStatusKind], benchReport(cluster, adapter))
			}
		}
		heap = heapInUse() - before
		runtime.KeepAlive(stores)
	}
	b.ReportMetric(float64(heap)/float64(clusters), "cache-heap-B/cluster")
}

// cacheIndex has two keys for each object, as the cache makes them: one within the
// namespace and one across all.
func cacheIndex(o any) ([]string, error) {
	report := o.(*v1.AdapterStatus)
	key := resourceKey(report.Spec.ResourceRef.Kind, report.Spec.ResourceRef.Name)
	return []string{"__all_namespaces/" + key, report.Namespace + "/" + key}, nil
}

func add[T client.Object](b *testing.B, store toolscache.Store, object T) {
	b.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		b.Fatal(err)
	}
	decoded := object.DeepCopyObject()
	switch d := decoded.(type) {
	case *v1.Cluster:
		*d = v1.Cluster{}
	case *v1.AdapterStatus:
		*d = v1.AdapterStatus{}
	}
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
	runtime.GC() // what has a finalizer goes with the second
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

func benchReport(cluster *v1.Cluster, adapter string) *v1.AdapterStatus {
	at := v1.NewTimestamp(benchTime)
	report := &v1.AdapterStatus{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion.String(), Kind: v1.AdapterStatusKind},
		ObjectMeta: benchMeta(v1.AdapterStatusName(cluster.Name, adapter), len(adapter)),
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: v1.ClusterKind, Name: cluster.Name, UID: cluster.UID},
			Adapter:            adapter,
			ObservedGeneration: 1,
			ObservedTime:       at,
			Data:               &k8sruntime.RawExtension{Raw: []byte(`{"job_name":"dns-job","attempt":1}`)},
		},
	}
	report.Annotations = map[string]string{v1.FirstObservedAnnotation: "2026-01-01T10:00:00Z"}
	for _, kind := range []string{v1.AvailableCondition, "Applied", "Health"} {
		report.Spec.Conditions = append(report.Spec.Conditions, v1.AdapterCondition{
			Type: kind, Status: metav1.ConditionTrue, Reason: "AsExpected", Message: "The adapter has looked", LastTransitionTime: at,
		})
	}
	return report
}
