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
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestNodePoolSpecUnmarshalJSON(t *testing.T) {
	cases := map[string]struct {
		text        string
		wantCluster string
		wantFields  string
		wantError   string
	}{
		"cluster only":         {text: `{"clusterName":"c-1"}`, wantCluster: "c-1", wantFields: `{}`},
		"cluster first":        {text: `{"clusterName":"c-1","a":1}`, wantCluster: "c-1", wantFields: `{"a":1}`},
		"cluster last":         {text: `{"a":1,"clusterName":"c-1"}`, wantCluster: "c-1", wantFields: `{"a":1}`},
		"cluster in between":   {text: `{"b":1,"clusterName":"c-1","a":2}`, wantCluster: "c-1", wantFields: `{"b":1,"a":2}`},
		"white space":          {text: " { \"clusterName\" : \"c-1\" ,\n\"a\" : [ 1 , 2 ] } ", wantCluster: "c-1", wantFields: `{"a":[ 1 , 2 ]}`},
		"no cluster":           {text: `{"a":1}`, wantFields: `{"a":1}`},
		"empty":                {text: `{}`, wantFields: `{}`},
		"another case":         {text: `{"clustername":"x","ClusterName":"y"}`, wantFields: `{"clustername":"x","ClusterName":"y"}`},
		"escaped key":          {text: `{"cluster\u004eame":"c-1"}`, wantCluster: "c-1", wantFields: `{}`},
		"escapes in cluster":   {text: `{"clusterName":"c\u002d1"}`, wantCluster: "c-1", wantFields: `{}`},
		"nested cluster":       {text: `{"a":{"clusterName":"x"},"clusterName":"c-1"}`, wantCluster: "c-1", wantFields: `{"a":{"clusterName":"x"}}`},
		"big integers":         {text: `{"a":9223372036854775807,"b":-9223372036854775808,"c":123456789012345678901234567890}`, wantFields: `{"a":9223372036854775807,"b":-9223372036854775808,"c":123456789012345678901234567890}`},
		"floats":               {text: `{"a":1.0,"b":1e400,"c":0.1,"d":-0.0,"e":5E-324}`, wantFields: `{"a":1.0,"b":1e400,"c":0.1,"d":-0.0,"e":5E-324}`},
		"null, false, nothing": {text: `{"a":null,"b":false,"c":"","d":[],"e":{}}`, wantFields: `{"a":null,"b":false,"c":"","d":[],"e":{}}`},
		"nested":               {text: `{"a":[{"b":[[null,{"c":1}]]}]}`, wantFields: `{"a":[{"b":[[null,{"c":1}]]}]}`},
		"unicode":              {text: `{"ключ":"🚀","q\"uote":"\u0000\ud83d\ude80"}`, wantFields: `{"ключ":"🚀","q\"uote":"\u0000\ud83d\ude80"}`},
		"duplicate field":      {text: `{"a":1,"a":2}`, wantFields: `{"a":1,"a":2}`},
		"duplicate cluster":    {text: `{"clusterName":"x","clusterName":"c-1"}`, wantCluster: "c-1", wantFields: `{}`},
		"empty key":            {text: `{"":1,"clusterName":"c-1"}`, wantCluster: "c-1", wantFields: `{"":1}`},
		"deep":                 {text: `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, wantFields: `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`},
		"list":                 {text: `[]`, wantError: "not a JSON object"},
		"text":                 {text: `"clusterName"`, wantError: "not a JSON object"},
		"cluster is a number":  {text: `{"clusterName":1}`, wantError: "spec.clusterName: "},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got NodePoolSpec
			err := json.Unmarshal([]byte(tc.text), &got)
			if tc.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantError) {
					t.Fatalf("error %v, want one with %q", err, tc.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.ClusterName != tc.wantCluster {
				t.Errorf("clusterName %q, want %q", got.ClusterName, tc.wantCluster)
			}
			if string(got.Fields.Raw) != tc.wantFields {
				t.Errorf("fields %s, want %s", got.Fields.Raw, tc.wantFields)
			}
		})
	}
}

func TestNodePoolSpecMarshalJSON(t *testing.T) {
	cases := map[string]struct {
		fields    string
		want      string
		wantError string
	}{
		"none":                 {fields: "", want: `{"clusterName":"c-1"}`},
		"white space":          {fields: " \n", want: `{"clusterName":"c-1"}`},
		"empty object":         {fields: " { } ", want: `{"clusterName":"c-1"}`},
		"fields":               {fields: `{"a":9223372036854775807,"b":[null,1.0]}`, want: `{"clusterName":"c-1","a":9223372036854775807,"b":[null,1.0]}`},
		"escaped key":          {fields: `{"a\"b":"\u00e9"}`, want: `{"clusterName":"c-1","a\"b":"\u00e9"}`},
		"another clusterName":  {fields: `{"clusterName":"x"}`, wantError: "spec: clusterName stands among the free-form fields"},
		"clusterName, escaped": {fields: `{"cluster\u004eame":null}`, wantError: "spec: clusterName stands among the free-form fields"},
		"not an object":        {fields: `[1]`, wantError: "spec: not a JSON object"},
		"null":                 {fields: `null`, wantError: "spec: not a JSON object"},
		"cut off":              {fields: `{"a":1`, wantError: "spec: "},
		"two objects":          {fields: `{"a":1}{"b":2}`, wantError: "spec: more than one JSON value"},
		"trailing text":        {fields: `{"a":1} x`, wantError: "spec: more than one JSON value"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(NodePoolSpec{ClusterName: "c-1", Fields: runtime.RawExtension{Raw: []byte(tc.fields)}})
			if tc.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantError) {
					t.Fatalf("error %v, want one with %q", err, tc.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestNodePoolSpecIsReplaced proves that decoding replaces all fields of a used spec.
func TestNodePoolSpecIsReplaced(t *testing.T) {
	spec := NodePoolSpec{ClusterName: "old", Fields: runtime.RawExtension{Raw: []byte(`{"a":1}`)}}
	if err := json.Unmarshal([]byte(`{"b":2}`), &spec); err != nil {
		t.Fatal(err)
	}
	if spec.ClusterName != "" || string(spec.Fields.Raw) != `{"b":2}` {
		t.Errorf("got %q and %s", spec.ClusterName, spec.Fields.Raw)
	}
}

// FuzzNodePoolSpec proves that a spec that decodes is encoded as an equal JSON value.
func FuzzNodePoolSpec(f *testing.F) {
	f.Add([]byte(`{"clusterName":"c-1","a":[1,null,1e3,{"b":"<&>\u2028"}]}`))
	f.Add([]byte(`{"a":{"clusterName":1},"clusterName":"c"}`))
	f.Add([]byte(`{"\ud800":1,"\u0000":"\udfff"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var spec NodePoolSpec
		if json.Unmarshal(text, &spec) != nil || string(text) == "null" {
			return
		}
		written, err := json.Marshal(spec)
		if err != nil {
			t.Fatalf("%s was read but cannot be written: %v", text, err)
		}
		want, got := decode(t, text), decode(t, written)
		if want["clusterName"] == nil { // null and missing are both the empty name
			want["clusterName"] = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s was written as %s (-want +got):\n%s", text, written, diff)
		}
	})
}

// decode decodes a JSON object and keeps the notation of its numbers.
func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}
