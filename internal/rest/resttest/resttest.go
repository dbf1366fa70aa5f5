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

// Package resttest makes Clusters and reports of a realistic size, for the tests and
// benchmarks of several packages.
package resttest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Cluster returns the n-th cluster. It has 4 labels, a spec of 1.5 KB and 6 conditions.
func Cluster(n int) *v1.Cluster {
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
		Spec: runtime.RawExtension{Raw: []byte(`{"pools":[` + strings.Join(pools, ",") + `]}`)},
	}
	for _, kind := range []string{v1.AvailableCondition, v1.ReadyCondition, "DnsSuccessful", "HypershiftSuccessful", "PullsecretSuccessful", "ValidatorSuccessful"} {
		cluster.Status.Conditions = append(cluster.Status.Conditions, v1.ResourceCondition{
			Type: kind, Status: metav1.ConditionTrue, Reason: "AsExpected", Message: "The adapter has looked",
			ObservedGeneration: 1, CreatedTime: at, LastUpdatedTime: at, LastTransitionTime: at,
		})
	}
	return decoded(cluster)
}

// Report returns the n-th report: that of an adapter on a Cluster.
func Report(cluster int, adapter string, n int) *v1.AdapterStatus {
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
			Data:               &runtime.RawExtension{Raw: []byte(`{"job_name":"dns-job","attempt":1}`)},
		},
	}
	for _, kind := range []string{v1.AvailableCondition, "Applied", "Health"} {
		report.Spec.Conditions = append(report.Spec.Conditions, v1.AdapterCondition{
			Type: kind, Status: metav1.ConditionTrue, Reason: "AsExpected", Message: "The adapter has looked", LastTransitionTime: at,
		})
	}
	return decoded(report)
}

// decoded returns the object as a client decodes it: it shares no memory with others.
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
