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
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/benchflag"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// BenchmarkRender makes the row of an object, as at each of its changes.
func BenchmarkRender(b *testing.B) {
	r := renderer{required: func(string) []string { return nil }}
	b.Run("Cluster", func(b *testing.B) {
		cluster := benchCluster(1)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.cluster(cluster); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("AdapterStatus", func(b *testing.B) {
		report := benchReport()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.adapterStatus(report); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHeap reports what a cluster takes in memory, the index included, and
// what its JSON takes of that. Each cluster is decoded by itself, as those that
// come from the API server are, and can be collected once it is rendered.
func BenchmarkHeap(b *testing.B) {
	r := renderer{required: func(string) []string { return nil }}
	for _, clusters := range benchflag.Fleets() {
		b.Run(strconv.Itoa(clusters), func(b *testing.B) {
			benchHeap(b, fleet.Clusters, clusters, "cluster", func(n int) (*fleet.Row, error) { return r.cluster(benchCluster(n)) })
		})
	}
}

// BenchmarkReportHeap is BenchmarkHeap of the reports of four adapters on each
// cluster.
func BenchmarkReportHeap(b *testing.B) {
	r := renderer{required: func(string) []string { return nil }}
	adapters := []string{"validator", "dns", "pullsecret", "hypershift"}
	for _, clusters := range benchflag.Fleets() {
		b.Run(strconv.Itoa(clusters), func(b *testing.B) {
			benchHeap(b, fleet.AdapterStatuses, len(adapters)*clusters, "report", func(n int) (*fleet.Row, error) {
				return r.adapterStatus(benchReportOn(n/len(adapters), adapters[n%len(adapters)], n))
			})
		})
	}
}

func benchHeap(b *testing.B, schema fleet.Schema, size int, unit string, row func(n int) (*fleet.Row, error)) {
	b.Helper()
	var heap, rendered uint64
	for b.Loop() {
		before := heapInUse()
		index := fleet.New(schema)
		rows := make([]*fleet.Row, size)
		rendered = 0
		for n := range rows {
			var err error
			if rows[n], err = row(n); err != nil {
				b.Fatal(err)
			}
			rendered += uint64(len(rows[n].JSON))
		}
		if err := index.Replace(rows, "1"); err != nil {
			b.Fatal(err)
		}
		clear(rows)
		heap = heapInUse() - before
		runtime.KeepAlive(index)
	}
	b.ReportMetric(float64(heap)/float64(size), "heap-B/"+unit)
	b.ReportMetric(float64(rendered)/float64(size), "json-B/"+unit)
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what has a finalizer goes with the second
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// benchCluster has 4 labels, a spec of 1.5 KB and 6 conditions.
func benchCluster(n int) *v1.Cluster {
	pools := make([]string, 12)
	for i := range pools {
		pools[i] = fmt.Sprintf(`{"name":"pool-%d","replicas":3,"image":"registry.example.com/images/worker:2026-01","zone":"zone-%d","taints":["dedicated=workers"]}`, i, i%3)
	}
	at := v1.NewTimestamp(time.Date(2026, 1, 1, 10, 0, n%60, 0, time.UTC))
	cluster := &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{
			Name:              fmt.Sprintf("cluster-%06d", n),
			Namespace:         "default",
			UID:               types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", n)),
			ResourceVersion:   fmt.Sprint(n + 1),
			Generation:        1,
			CreationTimestamp: metav1.NewTime(at.Time),
			Annotations:       map[string]string{v1.CreatedByAnnotation: "user@example.com", v1.UpdatedByAnnotation: "user@example.com"},
			Labels: map[string]string{
				"environment": []string{"dev", "staging", "production", "test"}[n%4],
				"region":      fmt.Sprintf("region-%d", n%10),
				"shard":       fmt.Sprint(n % 100),
				"team":        fmt.Sprintf("team-%d", n%37),
			},
		},
		Spec: k8sruntime.RawExtension{Raw: []byte(`{"pools":[` + strings.Join(pools, ",") + `]}`)},
	}
	for _, kind := range []string{v1.AvailableCondition, v1.ReadyCondition, "DnsSuccessful", "HypershiftSuccessful", "PullsecretSuccessful", "ValidatorSuccessful"} {
		cluster.Status.Conditions = append(cluster.Status.Conditions, v1.ResourceCondition{
			Type: kind, Status: metav1.ConditionTrue, Reason: "AsExpected", Message: "The adapter has looked",
			ObservedGeneration: 1, CreatedTime: at, LastUpdatedTime: at, LastTransitionTime: at,
		})
	}
	return decoded(cluster)
}

func benchReport() *v1.AdapterStatus { return benchReportOn(1, "dns", 2) }

// benchReportOn is the n-th report, that of an adapter on a benchCluster.
func benchReportOn(cluster int, adapter string, n int) *v1.AdapterStatus {
	at := v1.NewTimestamp(time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC))
	name := fmt.Sprintf("cluster-%06d", cluster)
	report := &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{
			Name:            v1.AdapterStatusName(name, adapter),
			Namespace:       "default",
			UID:             types.UID(fmt.Sprintf("00000000-0000-4000-9000-%012x", n)),
			ResourceVersion: fmt.Sprint(n + 1),
		},
		Spec: v1.AdapterStatusSpec{
			ResourceRef: v1.ResourceReference{
				Kind: v1.ClusterKind, Name: name, UID: types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", cluster)),
			},
			Adapter:            adapter,
			ObservedGeneration: 1,
			ObservedTime:       at,
			Data:               &k8sruntime.RawExtension{Raw: []byte(`{"job_name":"dns-job","attempt":1}`)},
		},
	}
	for _, kind := range []string{v1.AvailableCondition, "Applied", "Health"} {
		report.Spec.Conditions = append(report.Spec.Conditions, v1.AdapterCondition{
			Type: kind, Status: metav1.ConditionTrue, Reason: "AsExpected", Message: "The adapter has looked", LastTransitionTime: at,
		})
	}
	return decoded(report)
}

// decoded returns the object as a client reads it, sharing nothing with others.
func decoded[T any](object *T) *T {
	text, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	into := new(T)
	if err := json.Unmarshal(text, into); err != nil {
		panic(err)
	}
	return into
}
