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
	"math/rand/v2"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var created = time.Date(2025, 1, 1, 10, 0, 0, 0, time.UTC)

func minutes(n int) time.Time { return created.Add(time.Duration(n) * time.Minute) }

func managed(manager, subresource string, at time.Time) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource, Time: &metav1.Time{Time: at}}
}

func TestComputed(t *testing.T) {
	epoch, now := NewTimestamp(time.Unix(0, 0)), NewTimestamp(created)
	available := func(at Timestamp) ResourceCondition {
		return ResourceCondition{Type: AvailableCondition, CreatedTime: at}
	}
	ready := func(at Timestamp) ResourceCondition { return ResourceCondition{Type: ReadyCondition, CreatedTime: at} }
	cases := map[string]struct {
		conditions []ResourceCondition
		want       bool
	}{
		"no conditions":      {nil, false},
		"the default":        {[]ResourceCondition{available(epoch), ready(epoch)}, false},
		"written":            {[]ResourceCondition{available(now), ready(now)}, true},
		"edited by a client": {[]ResourceCondition{available(now), ready(epoch)}, false},
		"newer names":        {[]ResourceCondition{{Type: LastKnownReconciledCondition, CreatedTime: now}, {Type: ReconciledCondition, CreatedTime: now}}, true},
		"an adapter reported the epoch": {
			[]ResourceCondition{available(now), ready(now), {Type: "DnsSuccessful", CreatedTime: epoch}}, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			status := ResourceStatus{ID: "set-in-all-cases", Conditions: tc.conditions}
			if got := status.Computed(); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}

func TestSequence(t *testing.T) {
	cases := map[string]struct {
		version  string
		recorded int64
		want     int64
	}{
		"recorded":          {"120", 7, 7},
		"not recorded":      {"120", 0, 120},
		"not stored":        {"", 0, 0},
		"an opaque version": {"a1", 0, 0},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cluster := &Cluster{ObjectMeta: metav1.ObjectMeta{ResourceVersion: tc.version}, Status: ResourceStatus{Sequence: tc.recorded}}
			if got := Sequence(cluster); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestUpdatedTime(t *testing.T) {
	cases := map[string]struct {
		fields   []metav1.ManagedFieldsEntry
		recorded time.Time // for another generation
		want     time.Time
	}{
		"no managed fields":                {nil, time.Time{}, created},
		"as created":                       {[]metav1.ManagedFieldsEntry{managed("kubectl", "", created)}, time.Time{}, created},
		"newest of several":                {[]metav1.ManagedFieldsEntry{managed("a", "", minutes(3)), managed("b", "", minutes(7)), managed("c", "", minutes(5))}, time.Time{}, minutes(7)},
		"status":                           {[]metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(1)), managed("kubectl", "status", minutes(9))}, time.Time{}, minutes(1)},
		"the controller":                   {[]metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(1)), managed(ControllerFieldManager, "", minutes(9))}, time.Time{}, minutes(1)},
		"without a time":                   {[]metav1.ManagedFieldsEntry{{Manager: "kubectl"}}, time.Time{}, created},
		"before creation":                  {[]metav1.ManagedFieldsEntry{managed("restore", "", minutes(-5))}, time.Time{}, created},
		"newer than the record":            {[]metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(7))}, minutes(5), minutes(7)},
		"older than the record":            {[]metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(3))}, minutes(5), minutes(5)},
		"recorded, without managed fields": {nil, minutes(5), minutes(5)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cluster := &Cluster{
				ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(created), ManagedFields: tc.fields},
				Status:     ResourceStatus{UpdatedTime: Timestamp{tc.recorded}, ObservedGeneration: 7},
			}
			if got := UpdatedTime(cluster); !got.Equal(tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if got := UpdatedTime(&cluster.ObjectMeta); tc.recorded.IsZero() && !got.Equal(tc.want) {
				t.Errorf("of the metadata alone got %v, want %v", got, tc.want)
			}
		})
	}
}

// A record of the same generation and labels is the answer, whatever a client writes into
// managedFields.
func TestUpdatedTimeIsTheRecord(t *testing.T) {
	cases := map[string]struct {
		generation int64
		labels     map[string]string
		want       time.Time
	}{
		"recorded":               {3, map[string]string{"a": "b"}, minutes(5)},
		"HyperFleet's own label": {3, map[string]string{"a": "b", ClusterLabel: "c"}, minutes(5)},
		"another generation":     {4, map[string]string{"a": "b"}, minutes(9)},
		"another label":          {3, map[string]string{"a": "c"}, minutes(9)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cluster := &Cluster{
				ObjectMeta: metav1.ObjectMeta{
					CreationTimestamp: metav1.NewTime(created), Generation: tc.generation, Labels: tc.labels,
					ManagedFields: []metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(9))},
				},
				Status: ResourceStatus{
					UpdatedTime: NewTimestamp(minutes(5)), ObservedGeneration: 3, ObservedLabels: LabelsDigest(map[string]string{"a": "b"}),
				},
			}
			if got := UpdatedTime(cluster); !got.Equal(tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestRecordUpdate(t *testing.T) {
	year2999 := time.Date(2999, 12, 31, 0, 0, 0, 0, time.UTC)

	cases := map[string]struct {
		recorded time.Time         // zero: no record
		labels   map[string]string // those of the record: tier=one
		observed int64             // generation is 5
		fields   []metav1.ManagedFieldsEntry
		want     time.Time
	}{
		"the first record":                          {time.Time{}, map[string]string{"tier": "one"}, 0, []metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(3))}, minutes(3)},
		"the first record, without managed fields":  {time.Time{}, map[string]string{"tier": "one"}, 0, nil, created},
		"no change":                                 {minutes(5), map[string]string{"tier": "one"}, 5, []metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(5))}, minutes(5)},
		"no change, managed fields are lost":        {minutes(5), map[string]string{"tier": "one"}, 5, nil, minutes(5)},
		"a new generation":                          {minutes(5), map[string]string{"tier": "one"}, 4, []metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(7))}, minutes(7)},
		"a new generation without a trace":          {minutes(5), map[string]string{"tier": "one"}, 4, []metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(3))}, minutes(20)},
		"a new label":                               {minutes(5), map[string]string{"tier": "one", "a": "b"}, 5, []metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(8))}, minutes(8)},
		"a label is removed without a trace":        {minutes(5), nil, 5, nil, minutes(20)},
		"HyperFleet's own label":                    {minutes(5), map[string]string{"tier": "one", ClusterLabel: "a"}, 5, nil, minutes(5)},
		"two changes in one second":                 {minutes(20), map[string]string{"tier": "one"}, 4, []metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(20))}, minutes(20).Add(time.Millisecond)},
		"the controller's clock is behind":          {minutes(24), map[string]string{"tier": "one"}, 4, nil, minutes(24).Add(time.Millisecond)},
		"a change of annotations only":              {minutes(5), map[string]string{"tier": "one"}, 5, []metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(9))}, minutes(5)},
		"a change from the future":                  {minutes(5), map[string]string{"tier": "two"}, 5, []metav1.ManagedFieldsEntry{managed("kubectl", "", year2999)}, minutes(20)},
		"a change by a clock that is ahead":         {minutes(5), map[string]string{"tier": "one"}, 4, []metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(25))}, minutes(25)},
		"the first record, from the future":         {time.Time{}, map[string]string{"tier": "one"}, 0, []metav1.ManagedFieldsEntry{managed("kubectl", "", year2999)}, created},
		"a record from the future":                  {year2999, map[string]string{"tier": "one"}, 5, []metav1.ManagedFieldsEntry{managed("kubectl", "", minutes(7))}, minutes(7)},
		"a record from the future, without a trace": {year2999, map[string]string{"tier": "one"}, 5, nil, created},
		"a change after a record from the future":   {year2999, map[string]string{"tier": "one"}, 4, []metav1.ManagedFieldsEntry{managed("kubectl", "", year2999)}, minutes(20)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			pool := &NodePool{ObjectMeta: metav1.ObjectMeta{
				ResourceVersion: "77", Generation: 5, CreationTimestamp: metav1.NewTime(created), ManagedFields: tc.fields, Labels: tc.labels,
			}}
			if !tc.recorded.IsZero() {
				pool.Status = ResourceStatus{Sequence: 40, UpdatedTime: NewTimestamp(tc.recorded), ObservedLabels: LabelsDigest(map[string]string{"tier": "one"})}
			}
			pool.Status.ObservedGeneration = tc.observed
			var next ResourceStatus
			RecordUpdate(&next, pool, minutes(20))
			if !next.UpdatedTime.Time.Equal(tc.want) {
				t.Errorf("updatedTime %v, want %v", next.UpdatedTime, tc.want)
			}
			if want := map[bool]int64{true: 77, false: 40}[tc.recorded.IsZero()]; next.Sequence != want {
				t.Errorf("sequence %d, want %d", next.Sequence, want)
			}
			if want := LabelsDigest(tc.labels); next.ObservedLabels != want {
				t.Errorf("observedLabels %s, want %s", next.ObservedLabels, want)
			}
		})
	}
}

// TestUpdatedTimeNeverDecreases plays random changes, with and without a trace in
// managedFields, and a controller that records them late. The recorded time must
// increase with each change, and no reader may see a time before the recorded one.
func TestUpdatedTimeNeverDecreases(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		now := created
		pool := &NodePool{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "1", Generation: 1, CreationTimestamp: metav1.NewTime(created)}}
		recorded, changed := time.Time{}, false
		for step := range 60 {
			now = now.Add(time.Duration(r.IntN(1500)-200) * time.Millisecond) // clocks differ
			switch r.IntN(5) {
			case 0: // a change by a client that managedFields show, with their precision
				pool.Generation++
				pool.ManagedFields = []metav1.ManagedFieldsEntry{managed("kubectl", "", now.Truncate(time.Second))}
				changed = true
			case 1: // the removal of all that a manager owned
				pool.Generation++
				pool.ManagedFields = nil
				changed = true
			case 2:
				pool.Labels = map[string]string{"step": now.String()}
				changed = true
			case 3: // [{}] clears managedFields, and changes nothing else
				pool.ManagedFields = nil
			case 4:
				var next ResourceStatus
				RecordUpdate(&next, pool, now)
				next.ObservedGeneration = pool.Generation
				pool.Status = next
				if next.UpdatedTime.Before(recorded) || changed && !recorded.IsZero() && !next.UpdatedTime.After(recorded) {
					t.Fatalf("seed %d, step %d: updatedTime moves from %v to %v; changed: %t", seed, step, recorded, next.UpdatedTime, changed)
				}
				recorded, changed = next.UpdatedTime.Time, false
			}
			if is := UpdatedTime(pool); is.Before(recorded) {
				t.Fatalf("seed %d, step %d: the updated time is %v, before the recorded %v", seed, step, is, recorded)
			}
		}
	}
}

func TestLabelsDigest(t *testing.T) {
	different := []map[string]string{nil, {"a": "b"}, {"a": "c"}, {"a": "b", "b": ""}, {"a": "", "b": "b"}, {"a\"": "b"}}
	seen := map[string]int{}
	for i, labels := range different {
		digest := LabelsDigest(labels)
		if other, ok := seen[digest]; ok {
			t.Errorf("%v and %v have one digest", different[other], labels)
		}
		seen[digest] = i
		if len(digest) != 32 {
			t.Errorf("digest %q has %d characters, want 32", digest, len(digest))
		}
	}
	if LabelsDigest(map[string]string{"a": "b", ClusterLabel: "c"}) != LabelsDigest(map[string]string{"a": "b"}) {
		t.Error("HyperFleet's own label counts")
	}
}
