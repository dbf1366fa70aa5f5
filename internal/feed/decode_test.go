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

package feed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/runtime/serializer/streaming"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	restwatch "k8s.io/client-go/rest/watch"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

func TestKindAhead(t *testing.T) {
	report := schema.GroupVersionKind{Group: "hyperfleet.io", Version: "v1", Kind: "AdapterStatus"}
	cases := map[string]struct {
		object string
		want   *schema.GroupVersionKind // nil: an error
	}{
		"first":                   {`{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"name":"a"}}`, &report},
		"in the other order":      {` { "kind" : "AdapterStatus", "apiVersion":"hyperfleet.io/v1","spec":{}}`, &report},
		"after another text":      {`{"a":"kind","kind":"AdapterStatus","apiVersion":"hyperfleet.io/v1"}`, &report},
		"behind an object":        {`{"metadata":{"kind":"Other"},"kind":"AdapterStatus","apiVersion":"hyperfleet.io/v1"}`, &report},
		"behind a list":           {`{"list":["kind"],"kind":"AdapterStatus","apiVersion":"hyperfleet.io/v1"}`, &report},
		"behind a number":         {`{"n":1,"kind":"AdapterStatus","apiVersion":"hyperfleet.io/v1"}`, &report},
		"on both sides of one":    {`{"apiVersion":"hyperfleet.io/v1","spec":{},"kind":"AdapterStatus"}`, &report},
		"of the core":             {`{"kind":"Status","apiVersion":"v1"}`, &schema.GroupVersionKind{Version: "v1", Kind: "Status"}},
		"nowhere":                 {`{"metadata":{}}`, &schema.GroupVersionKind{}},
		"a version that is none":  {`{"kind":"AdapterStatus","apiVersion":"a/b/c"}`, nil},
		"a kind that is no text":  {`{"kind":{},"apiVersion":"v1"}`, nil},
		"not an object":           {`[]`, nil},
		"not JSON":                {`{"kind":"AdapterStatus","apiVersion"`, nil},
		"nothing":                 {``, nil},
		"nothing but a beginning": {`{`, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := kindAhead{}.Interpret([]byte(c.object))
			if err != nil {
				got = nil
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Interpret() (-want +got):\n%s", diff)
			}
		})
	}
}

// Our decoder and the usual one return the same events.
func TestDecodeWatch(t *testing.T) {
	events := watchEvents(t, 3)
	want, got := decodeAll(t, usualSerializer(), events), decodeAll(t, fastSerializer(), events)
	if len(want) != 5 {
		t.Fatalf("%d events were decoded, want 5", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-usual +ours):\n%s", diff)
	}
}

// BenchmarkDecodeWatch decodes 1000 events.
func BenchmarkDecodeWatch(b *testing.B) {
	events := watchEvents(b, 1000-2)
	for _, by := range []struct {
		name       string
		serializer runtime.NegotiatedSerializer
	}{
		{"usual", usualSerializer()},
		{"ours", fastSerializer()},
	} {
		b.Run(by.name, func(b *testing.B) {
			b.SetBytes(int64(len(events)))
			for b.Loop() {
				decodeAll(b, by.serializer, events)
			}
		})
	}
}

func testScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		panic(err)
	}
	return scheme
}

func usualSerializer() runtime.NegotiatedSerializer {
	return serializer.WithoutConversionCodecFactory{CodecFactory: serializer.NewCodecFactory(testScheme())}
}

func fastSerializer() runtime.NegotiatedSerializer {
	return watchSerializer{usualSerializer().(serializer.WithoutConversionCodecFactory), testScheme()}
}

// watchEvents returns the events of a watch as an API server sends them: a number of
// reports, a bookmark and an error.
func watchEvents(t testing.TB, reports int) []byte {
	t.Helper()
	var text bytes.Buffer
	add := func(what watch.EventType, o any) {
		raw, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&text).Encode(metav1.WatchEvent{Type: string(what), Object: runtime.RawExtension{Raw: raw}}); err != nil {
			t.Fatal(err)
		}
	}
	typed := metav1.TypeMeta{APIVersion: v1.GroupVersion.String(), Kind: v1.AdapterStatusKind}
	at := v1.NewTimestamp(metav1.Unix(1_800_000_000, 0).Time)
	for n := range reports {
		report := &v1.AdapterStatus{
			TypeMeta: typed,
			ObjectMeta: metav1.ObjectMeta{
				Name: fmt.Sprintf("cluster-%06d.dns", n), Namespace: "default", UID: types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", n)),
				ResourceVersion: fmt.Sprint(n + 1), Generation: 1, CreationTimestamp: metav1.NewTime(at.Time),
				ManagedFields: []metav1.ManagedFieldsEntry{{
					Manager: "hyperfleet-facade", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: typed.APIVersion, FieldsType: "FieldsV1",
					FieldsV1: metav1.NewFieldsV1(`{"f:spec":{".":{},"f:adapter":{},"f:conditions":{".":{},"k:{\"type\":\"Available\"}":{".":{},"f:status":{}}}}}`),
				}},
			},
			Spec: v1.AdapterStatusSpec{
				ResourceRef: v1.ResourceReference{Kind: v1.ClusterKind, Name: fmt.Sprintf("cluster-%06d", n), UID: "00000000-0000-4000-8000-000000000001"},
				Adapter:     "dns", ObservedGeneration: 1, ObservedTime: at,
				Data: &runtime.RawExtension{Raw: []byte(`{"job_name":"dns-job","attempt":1}`)},
			},
		}
		for _, condition := range []string{v1.AvailableCondition, "Applied", "Health"} {
			report.Spec.Conditions = append(report.Spec.Conditions, v1.AdapterCondition{
				Type: condition, Status: metav1.ConditionTrue, Reason: "AsExpected", Message: "The adapter has looked", LastTransitionTime: at,
			})
		}
		add(watch.Added, report)
	}
	add(watch.Bookmark, &v1.AdapterStatus{TypeMeta: typed, ObjectMeta: metav1.ObjectMeta{ResourceVersion: "9"}})
	add(watch.Error, &metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Code: 410, Reason: metav1.StatusReasonExpired})
	return text.Bytes()
}

func decodeAll(t testing.TB, s runtime.NegotiatedSerializer, text []byte) []watch.Event {
	t.Helper()
	info, ok := runtime.SerializerInfoForMediaType(s.SupportedMediaTypes(), runtime.ContentTypeJSON)
	if !ok {
		t.Fatal("there is no JSON")
	}
	frames := info.StreamSerializer.NewFrameReader(io.NopCloser(bytes.NewReader(text)))
	d := restwatch.NewDecoder(streaming.NewDecoder(frames, info.StreamSerializer), s.DecoderToVersion(info.Serializer, v1.GroupVersion))
	defer d.Close()
	var events []watch.Event
	for {
		what, object, err := d.Decode()
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, watch.Event{Type: what, Object: object})
	}
}
