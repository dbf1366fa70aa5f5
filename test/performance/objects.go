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

package main

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

// adapters are the required adapters, each with the type of its condition.
var adapters = []struct{ name, condition string }{
	{"validator", "ValidatorSuccessful"},
	{"dns", "DnsSuccessful"},
	{"pullsecret", "PullsecretSuccessful"},
	{"hypershift", "HypershiftSuccessful"},
}

func adapterNames() []string {
	var names []string
	for _, a := range adapters {
		names = append(names, a.name)
	}
	return names
}

// requiredAdapters returns the manager's file of required adapters.
func requiredAdapters(names []string) []byte {
	return fmt.Appendf(nil, "requiredAdapters:\n  Cluster: [%s]\n", strings.Join(names, ", "))
}

// cluster is one cluster of the fleet. Its number determines all its fields.
type cluster struct {
	number int
	uid    types.UID
	// reported contains the observed time of each adapter's last acknowledged report.
	reported [4]time.Time
}

func clusterName(number int) string { return fmt.Sprintf("bench-%06d", number) }

func clusterNumber(name string) (int, bool) {
	var number int
	_, err := fmt.Sscanf(name, "bench-%d", &number)
	return number, err == nil
}

var (
	environments = []string{"dev", "staging", "production", "test"}
	regions      = []string{"eu-west", "eu-central", "us-east", "us-west", "ap-south"}
)

// clusterLabels returns four labels. Each environment has a quarter of the fleet,
// and each shard a hundredth.
func clusterLabels(number int) map[string]string {
	return map[string]string{
		"environment": environments[number%len(environments)],
		"region":      regions[number/4%len(regions)],
		"shard":       fmt.Sprint(number / 4 % 100),
		"team":        fmt.Sprintf("team-%d", number%37),
	}
}

// clusterSpec returns a free-form object of about 1.5 KB.
var clusterSpec = func() []byte {
	type pool struct {
		Name, Image, Zone string
		Replicas          int
		Taints            []string
	}
	spec := map[string]any{"release": map[string]any{"image": "quay.io/example/release:4.20.3-x86_64", "channel": "stable-4.20"},
		"network": map[string]any{"clusterCIDR": "10.128.0.0/14", "serviceCIDR": "172.30.0.0/16", "hostPrefix": 23}}
	var pools []pool
	for i := range 9 {
		pools = append(pools, pool{fmt.Sprintf("pool-%d", i), "registry.example.com/images/worker:2026-01", "zone-" + fmt.Sprint(i%3), 3,
			[]string{"dedicated=workers:NoSchedule"}})
	}
	spec["pools"] = pools
	text, err := json.Marshal(spec)
	if err != nil {
		panic(err) // a value of strings and numbers can always be encoded
	}
	return text
}()

// faulty is the index of the adapter that reports a fault for one cluster of
// five.
const faulty = 1

// available returns the status that the adapter of that index reports for a
// cluster.
func available(number, adapter int) metav1.ConditionStatus {
	if adapter == faulty && number%5 == 0 {
		return metav1.ConditionFalse
	}
	return metav1.ConditionTrue
}

func clusterBody(number int) []byte {
	labels, err := json.Marshal(clusterLabels(number))
	if err != nil {
		panic(err) // a map of strings can always be encoded
	}
	return fmt.Appendf(nil, `{"kind":"Cluster","name":%q,"spec":%s,"labels":%s}`, clusterName(number), clusterSpec, labels)
}

func clusterObject(namespace string, number int) *v1.Cluster {
	return &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: clusterName(number), Labels: clusterLabels(number)},
		Spec:       runtime.RawExtension{Raw: clusterSpec},
	}
}

func reportBody(number, adapter int, observed time.Time, message string) []byte {
	return fmt.Appendf(nil, `{"adapter":%q,"observed_generation":1,"observed_time":%q,"conditions":[`+
		`{"type":"Available","status":%q,"reason":"Measured","message":%q},`+
		`{"type":"Applied","status":"True","reason":"Applied","message":"The job is applied"},`+
		`{"type":"Health","status":"True","reason":"Healthy","message":"All operations completed"}],`+
		`"data":{"job_name":"%s-job","attempt":1}}`,
		adapters[adapter].name, observed.Format(time.RFC3339Nano), available(number, adapter), message, adapters[adapter].name)
}

// sameMessage is the message of heartbeats.
const sameMessage = "The adapter has looked"

// reportObject returns the object that the facade stores for reportBody with
// sameMessage.
func reportObject(namespace string, c *cluster, adapter int, observed time.Time) *v1.AdapterStatus {
	name := clusterName(c.number)
	return &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: v1.AdapterStatusName(name, adapters[adapter].name)},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: v1.ClusterKind, Name: name, UID: c.uid},
			Adapter:            adapters[adapter].name,
			ObservedGeneration: 1,
			ObservedTime:       v1.NewTimestamp(observed),
			Conditions: []v1.AdapterCondition{
				{Type: v1.AvailableCondition, Status: available(c.number, adapter), Reason: "Measured", Message: sameMessage},
				{Type: "Applied", Status: metav1.ConditionTrue, Reason: "Applied", Message: "The job is applied"},
				{Type: "Health", Status: metav1.ConditionTrue, Reason: "Healthy", Message: "All operations completed"},
			},
			Data: &runtime.RawExtension{Raw: fmt.Appendf(nil, `{"job_name":"%s-job","attempt":1}`, adapters[adapter].name)},
		},
	}
}
