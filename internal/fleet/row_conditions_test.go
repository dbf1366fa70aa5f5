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

package fleet

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

func TestConditionsHoldAllThatTheyAreMadeOf(t *testing.T) {
	at := func(text string) v1.Timestamp {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return v1.Timestamp{Time: parsed}
	}
	all := []v1.ResourceCondition{
		{
			Type: v1.ReadyCondition, Status: metav1.ConditionFalse, Reason: "AdaptersNotReady", Message: "dns: not reported", ObservedGeneration: 1 << 40,
			CreatedTime: at("0001-01-01T00:00:00.000000001Z"), LastUpdatedTime: at("9999-12-31T23:59:59.999999999Z"), LastTransitionTime: at("1969-12-31T22:59:59.5-01:00"),
		},
		{Type: "Applied", Status: metav1.ConditionTrue},
	}
	want := []v1.ResourceCondition{all[0], all[1]}
	want[0].LastTransitionTime = v1.NewTimestamp(all[0].LastTransitionTime.Time)
	held := ConditionsOf(all)
	clear(all)
	if diff := cmp.Diff(want, held.All()); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
	for _, c := range want {
		if got, ok := held.Find(c.Type); !ok || got != c {
			t.Errorf("Find(%q) = %+v, %t", c.Type, got, ok)
		}
	}
	if got, ok := held.Find("Health"); ok {
		t.Errorf("Find of what is not there = %+v", got)
	}
	if found, _ := held.Find("Applied"); !found.CreatedTime.IsZero() {
		t.Errorf("No time has become %s", found.CreatedTime)
	}
}

func TestLabels(t *testing.T) {
	all := map[string]string{"team": "blue", "environment": "", "region": "eu"}
	held := LabelsOf(all)
	for key, value := range all {
		if got, ok := held.Get(key); !ok || got != value {
			t.Errorf("Get(%q) = %q, %t", key, got, ok)
		}
	}
	if got, ok := held.Get("tea"); ok {
		t.Errorf("Get of what is not there = %q", got)
	}
	if len(held) != len(all) {
		t.Errorf("%d labels are held, want %d", len(held), len(all))
	}
}
