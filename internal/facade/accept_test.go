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

package facade_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// freeFormValues are values that a free-form object may contain. The API must return them
// as equal values.
var freeFormValues = map[string]string{
	"nothing":              `{}`,
	"null":                 `{"a":null,"b":{"c":null},"d":[null,{"e":null}]}`,
	"empty values":         `{"a":{},"b":[],"c":"","d":[[]],"e":[{}],"f":false,"g":0}`,
	"blank space":          " { \"a\" :\n[ 1 ,\t2 ] } ",
	"integers":             `{"a":[0,-1,1,9223372036854775807,-9223372036854775808,2147483648,9007199254740993]}`,
	"floats":               `{"a":[0.1,1.5,-2.25,3.141592653589793,1e-7,5e-324,1.7976931348623157e308,123456789.125]}`,
	"ways to write":        `{"a":[1.0,-0,-0.0,0e0,1e0,1E+2,10e-1,100e-2,0.10,1e5,1e19,1e21,1e22,0.000001e10,1e-0]}`,
	"large and exact":      `{"a":[10000000000000000000,1e19,-20000000000000000000,100000000000000000000000]}`,
	"digits":               `{"a":1.` + strings.Repeat("0", 2000) + `}`,
	"text":                 `{"a":"<b>&amp;</b>'\"\\/","b":"line\nbreak\ttab\r","c":"` + "\u2028\u2029\u0085" + `","d":"日本語 😀 é"}`,
	"escapes":              `{"a":"\u0041\u00e9\u65e5\ud83d\ude00\u2028\u003c\/\b\f","b":"\ufffd` + "\ufffd" + `\uffff\ufeff"}`,
	"NUL and controls":     `{"a":"x\u0000y\u0001\u001f\u007f","b\u0000":1}`,
	"empty key":            `{"":1,"a":{"":{"":null}}}`,
	"odd keys":             `{"a.b":1,"a/b":2,"a~1b":3,"~0":4,"$ref":"x","$":5," ":6,"*":7,"a b":8,"#":9,"%s":10,"ä":11,"😀":12,"'":13,"\"":14,"\\":15}`,
	"managed field keys":   `{"f:spec":1,"f:":{},"k:{\"a\":1}":{},"v:1":2,"i:0":3,".":{".":{}},"k:{":1,"v:{":[]}`,
	"keys of objects":      `{"metadata":{"name":"x","uid":1,"labels":[]},"kind":"Pod","apiVersion":"v9","status":{"id":"x"},"spec":{"spec":{}},"items":[]}`,
	"keys of languages":    `{"__proto__":{"a":1},"constructor":{"prototype":1},"toString":1,"null":2,"true":3,"0":4,"-1":5,"1e3":6}`,
	"keys that collide":    `{"a":1,"A":2,"é":3,"e\u0301":4,"K":5,"k":6,"\u212a":7,"ClusterName":8,"clustername":9}`,
	"long key":             `{"` + strings.Repeat("k", 1024) + `":{"` + strings.Repeat("ä", 512) + `":1}}`,
	"lists":                `{"a":[{"name":"x","v":1},{"name":"x","v":2}],"b":[1,1,"1",1.5,null,[],{}],"c":[[[[1]]]]}`,
	"dates and quantities": `{"a":"2025-01-01T00:00:00Z","b":"1Gi","c":"0x10","d":"1e3","e":"~","f":"yes"}`,
	"many keys":            "{" + numbered(2000, `"key-%d":{"a":%[1]d}`) + "}",
	"nested":               strings.Repeat(`{"a":[`, 15) + `{}` + strings.Repeat("]}", 15),
}

func numbered(n int, format string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(parts, ",")
}

func TestSpecsComeBackEqual(t *testing.T) {
	cluster := newCluster(t, "")
	for name, spec := range freeFormValues {
		t.Run(name, func(t *testing.T) {
			created := newCluster(t, fmt.Sprintf(`{"name":%q,"spec":%s}`, uniqueName(t), spec))
			wantSame(t, "created cluster", created.Spec, spec)
			wantSame(t, "cluster", getCluster(t, created.ID).Spec, spec)
			var clusters rest.ClusterList
			get(t, query(api+"/clusters", "search", "id='"+created.ID+"'")).want(t, http.StatusOK).decode(t, &clusters)
			wantSame(t, "cluster in list", clusters.Items[0].Spec, spec)

			var nodePool rest.NodePool
			post(t, cluster.Href+"/nodepools", fmt.Sprintf(`{"name":%q,"spec":%s}`, uniqueName(t), spec)).want(t, http.StatusCreated).decode(t, &nodePool)
			wantSame(t, "created nodepool", nodePool.Spec, spec)
			get(t, nodePool.Href).want(t, http.StatusOK).decode(t, &nodePool)
			wantSame(t, "nodepool", nodePool.Spec, spec)
		})
	}
}

// A report is created by one kind of write and replaced by another.
func TestReportsComeBackEqual(t *testing.T) {
	cluster := newCluster(t, "")
	for name, value := range freeFormValues {
		t.Run(name, func(t *testing.T) {
			adapter := uniqueName(t)
			for _, observed := range []string{"2025-01-01T10:00:00Z", "2025-01-01T10:00:01Z"} {
				var got rest.AdapterStatus
				post(t, cluster.Href+"/statuses", fmt.Sprintf(`{"adapter":%q,"observed_generation":1,"observed_time":%q,"conditions":[],"data":%s,"metadata":%[3]s}`,
					adapter, observed, value)).want(t, http.StatusCreated).decode(t, &got)
				wantSame(t, "data reported at "+observed, got.Data, value)
				wantSame(t, "metadata reported at "+observed, got.Metadata, value)
				var list rest.AdapterStatusList
				get(t, query(cluster.Href+"/statuses", "search", "adapter='"+adapter+"'")).want(t, http.StatusOK).decode(t, &list)
				wantSame(t, "data in list", list.Items[0].Data, value)
				wantSame(t, "metadata in list", list.Items[0].Metadata, value)
			}
		})
	}
}

// wantSame compares JSON values. It compares numbers by value, not by notation.
func wantSame(t *testing.T, what string, got json.RawMessage, want string) {
	t.Helper()
	// cmp.Diff takes exponential time for slices nested this deep.
	if !reflect.DeepEqual(canonical(t, want), canonical(t, string(got))) {
		t.Errorf("%s is %s\nwant %s", what, startOf(string(got)), startOf(want))
	}
}

func canonical(t *testing.T, text string) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		t.Fatalf("decode %s: %v", startOf(text), err)
	}
	return canonicalValue(value)
}

func canonicalValue(value any) any {
	switch value := value.(type) {
	case json.Number:
		r, _ := new(big.Rat).SetString(value.String())
		return r.RatString()
	case []any:
		for i := range value {
			value[i] = canonicalValue(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = canonicalValue(value[key])
		}
	}
	return value
}

// TestAcceptedAtBounds sends valid bodies that are at a limit or look odd.
func TestAcceptedAtBounds(t *testing.T) {
	cluster := newCluster(t, "")
	long := func(n int) string { return strings.Repeat("a", n) }
	name := uniqueName(t)
	full := fmt.Sprintf(`{"name":%q,"spec":{"a":""}}`, uniqueName(t))
	full = strings.Replace(full, `""`, `"`+strings.Repeat("x", maxBody-len(full))+`"`, 1)
	for title, c := range map[string]struct{ path, body string }{
		"name of 3":                {"/clusters", `{"spec":{},"name":"` + name[:2] + `z"}`},
		"name of 53":               {"/clusters", `{"spec":{},"name":"` + name + long(53-len(name)) + `"}`},
		"name of digits":           {"/clusters", `{"spec":{},"name":"123"}`},
		"name with hyphens":        {"/clusters", `{"spec":{},"name":"a--b"}`},
		"escaped name":             {"/clusters", `{"spec":{},"n\u0061me":"\u0061cc-1"}`},
		"blank space around":       {"/clusters", " \r\n\t{ \"spec\" : { } , \"name\" : \"acc-2\" } \n"},
		"labels null":              {"/clusters", `{"spec":{},"name":"acc-3","labels":null}`},
		"labels empty":             {"/clusters", `{"spec":{},"name":"acc-4","labels":{}}`},
		"labels at bounds":         {"/clusters", `{"spec":{},"name":"acc-5","labels":{"` + long(63) + `":"` + long(63) + `","a.b/C_d.e-f":"","` + strings.Repeat(long(62)+".", 4)[:251] + `a/x":"1","0":"0","not-hyperfleet.io/a":"x"}}`},
		"many keys":                {"/clusters", `{"name":"acc-10","spec":{` + numbered(9998, `"k%d":{}`) + `}}`},
		"many labels":              {"/clusters", `{"spec":{},"name":"acc-6","labels":{` + numbered(64, `"label-%d":"v"`) + `}}`},
		"1 MiB":                    {"/clusters", full},
		"nested 33 levels":         {"/clusters", `{"name":"acc-7","spec":` + strings.Repeat(`{"a":`, 32) + "1" + strings.Repeat("}", 32) + "}"},
		"read-only fields, wrong":  {"/clusters", `{"spec":{},"name":"acc-8","id":1,"href":null,"generation":"x","created_time":[],"updated_time":{},"created_by":1.5,"updated_by":true,"status":"x"}`},
		"no kind":                  {"/clusters", `{"spec":{},"name":"acc-9"}`},
		"pool name of 3":           {"/clusters/" + cluster.ID + "/nodepools", `{"spec":{},"name":"abc"}`},
		"pool name of 15":          {"/clusters/" + cluster.ID + "/nodepools", `{"spec":{},"name":"` + long(15) + `"}`},
		"owner is ignored":         {"/clusters/" + cluster.ID + "/nodepools", `{"spec":{},"name":"owned","owner_references":{"kind":"Cluster","id":"2x"}}`},
		"cluster name further in":  {"/clusters/" + cluster.ID + "/nodepools", `{"name":"inner","spec":{"a":{"clusterName":"x"},"cluster_name":"x"}}`},
		"pool named as its parent": {"/clusters/" + cluster.ID + "/nodepools", `{"spec":{},"kind":"NodePool","name":"` + cluster.Name + `"}`},

		"adapter of 63":       {"/clusters/" + cluster.ID + "/statuses", availableReport(long(63), 1, "2025-01-01T10:00:00Z")},
		"adapter of 1":        {"/clusters/" + cluster.ID + "/statuses", availableReport("0", 1, "2025-01-01T10:00:00Z")},
		"no condition":        {"/clusters/" + cluster.ID + "/statuses", `{"adapter":"none","observed_generation":1,"observed_time":"2025-01-01T10:00:00Z","conditions":[]}`},
		"nulls":               {"/clusters/" + cluster.ID + "/statuses", `{"adapter":"nulls","observed_generation":1,"observed_time":"2025-01-01T10:00:00Z","conditions":[{"type":"A","status":"True","reason":null,"message":null,"last_transition_time":null}],"data":null,"metadata":null,"created_time":null,"last_report_time":1}`},
		"1970":                {"/clusters/" + cluster.ID + "/statuses", availableReport("y1970", 1, "1970-01-01T00:00:00Z")},
		"4 minutes ahead":     {"/clusters/" + cluster.ID + "/statuses", availableReport("ahead", 1, time.Now().Add(4*time.Minute).UTC().Format(time.RFC3339))},
		"nanoseconds, offset": {"/clusters/" + cluster.ID + "/statuses", availableReport("nano", 1, "2025-01-01T12:00:00.123456789+02:00")},
		"leap day":            {"/clusters/" + cluster.ID + "/statuses", availableReport("leap", 1, "2024-02-29T23:59:59-23:59")},
		"100 conditions": {"/clusters/" + cluster.ID + "/statuses", `{"adapter":"hundred","observed_generation":1,"observed_time":"2025-01-01T10:00:00Z","conditions":[` +
			numbered(100, `{"type":"`+long(300)+`%d","status":"Unknown","reason":"`+long(1024)+`","message":"`+long(4000)+`"}`) + `]}`},
		"condition at bounds": {"/clusters/" + cluster.ID + "/statuses", `{"adapter":"bounds","observed_generation":1,"observed_time":"2025-01-01T10:00:00Z","conditions":[{"type":"` +
			strings.Repeat("ä", 316) + `","status":"True","reason":"` + strings.Repeat("日", 1024) + `","message":"` + strings.Repeat("😀", 32768) + `"}]}`},
		"odd condition types": {"/clusters/" + cluster.ID + "/statuses", `{"adapter":"odd","observed_generation":1,"observed_time":"2025-01-01T10:00:00Z","conditions":[{"type":" ","status":"True"},{"type":"a b/c.d","status":"False"},{"type":"available","status":"True"},{"type":"\u0000","status":"Unknown"}]}`},
	} {
		t.Run(title, func(t *testing.T) {
			post(t, api+c.path, c.body).want(t, http.StatusCreated)
		})
	}
}

// An adapter without a clock reports the time of its machine, the epoch.
func TestReportAtEpochIsShown(t *testing.T) {
	cluster := newCluster(t, "")
	post(t, cluster.Href+"/statuses", availableReport("epoch", 1, "1970-01-01T00:00:00Z")).want(t, http.StatusCreated)
	post(t, cluster.Href+"/statuses", availableReport("dns", 1, "2026-01-01T00:00:00Z")).want(t, http.StatusCreated)
	get(t, cluster.Href).decode(t, &cluster)
	for _, name := range []string{"EpochSuccessful", "DnsSuccessful"} {
		if c := condition(t, cluster.Status, name); c.Status != rest.ResourceConditionStatusTrue {
			t.Errorf("%s is %+v", name, c)
		}
	}
}

func TestNanosecondsComeBack(t *testing.T) {
	var got rest.AdapterStatus
	post(t, newCluster(t, "").Href+"/statuses", availableReport("nano", 1, "2025-01-01T12:00:00.123456789+02:00")).want(t, http.StatusCreated).decode(t, &got)
	if text := got.LastReportTime.Format(time.RFC3339Nano); text != "2025-01-01T10:00:00.123456789Z" {
		t.Errorf("last_report_time is %s", text)
	}
}

// The answer to a GET can be sent as a POST: the API ignores the fields that it sets
// itself.
func TestReadBackAsCreate(t *testing.T) {
	cluster := newCluster(t, fmt.Sprintf(`{"name":%q,"spec":{"a":1e19,"b":[null,0.1]},"labels":{"a":"b"}}`, uniqueName(t)))
	nodePool := newNodePool(t, cluster.ID, "origin")
	copied := func(path, name, href string) []byte {
		text := string(get(t, href).want(t, http.StatusOK).body)
		return post(t, path, strings.Replace(text, `"name":"`+name+`"`, `"name":"copy`+fmt.Sprint(len(name))+`"`, 1)).want(t, http.StatusCreated).body
	}
	var second rest.Cluster
	if err := json.Unmarshal(copied(api+"/clusters", cluster.Name, cluster.Href), &second); err != nil {
		t.Fatal(err)
	}
	if second.ID == cluster.ID {
		t.Error("a copy has the id of its origin")
	}
	wantSame(t, "spec of a copy", second.Spec, string(cluster.Spec))
	if diff := cmp.Diff(cluster.Labels, second.Labels); diff != "" {
		t.Errorf("labels of a copy (-origin +copy):\n%s", diff)
	}
	copied(second.Href+"/nodepools", nodePool.Name, nodePool.Href)

	var statuses struct{ Items []json.RawMessage }
	post(t, cluster.Href+"/statuses", availableReport("dns", 1, "2025-01-01T10:00:00Z")).want(t, http.StatusCreated)
	get(t, cluster.Href+"/statuses").want(t, http.StatusOK).decode(t, &statuses)
	report := strings.TrimSuffix(string(statuses.Items[0]), "}") + `,"observed_time":"2025-01-01T11:00:00Z"}`
	post(t, second.Href+"/statuses", report).want(t, http.StatusCreated)
}

// The API refuses an object that is too large for the store, and the client has to make
// it smaller.
func TestTooLargeForTheStore(t *testing.T) {
	check := writesNothing(t)
	for title, text := range map[string]string{
		"escaped to 1.6 MiB by the store": strings.Repeat("<", 280<<10),
		"escaped to 2.1 MiB":              strings.Repeat("\u2028", 349<<10),
		"escaped to 6 MiB":                strings.Repeat("<", maxBody-100),
	} {
		t.Run(title, func(t *testing.T) {
			a := post(t, api+"/clusters", `{"name":"must-not-exist","spec":{"a":"`+text+`"}}`)
			if got := a.summary(t, http.MethodPost); got != "413 LMT-001" {
				t.Errorf("got %s", got)
			}
		})
	}
	check()
}

// The size of a report's conditions counts as well.
func TestReportTooLargeForTheStore(t *testing.T) {
	cluster := newCluster(t, "")
	conditions := []string{`{"type":"Available","status":"True"}`}
	for i := range 7 {
		conditions = append(conditions, fmt.Sprintf(`{"type":"Condition%d","status":"True","message":%q}`, i, strings.Repeat("<", 32768)))
	}
	a := post(t, cluster.Href+"/statuses", `{"adapter":"dns","observed_generation":1,"observed_time":"2025-01-01T10:00:00Z","conditions":[`+strings.Join(conditions, ",")+`]}`)
	if got := a.summary(t, http.MethodPost); got != "413 LMT-001" {
		t.Errorf("got %s", got)
	}
}
