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
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// TestBadReports sends faults of reports, on a cluster and on a nodepool, by an adapter
// that has a report there and by an adapter that has none.
func TestBadReports(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	cases := map[string]badInput{}
	for _, path := range []string{api + "/clusters/{cluster}/statuses", api + "/clusters/{cluster}/nodepools/{nodepool}/statuses"} {
		for _, adapter := range []string{"validator", "must-not"} {
			// member replaces one member of a valid report, or removes it if value is empty.
			add := func(name, member, value, want string) {
				members := map[string]string{
					"adapter": `"` + adapter + `"`, "observed_generation": "1", "observed_time": `"2025-01-02T10:00:00Z"`,
					"conditions": `[{"type":"Available","status":"True"}]`,
				}
				members[member] = value
				var b []string
				for key, value := range members {
					if value != "" {
						b = append(b, `"`+key+`":`+value)
					}
				}
				cases[path+" by "+adapter+": "+name] = badInput{path: path, body: "{" + strings.Join(b, ",") + "}", want: want}
			}
			invalid := func(name, member, value, want string) { add(name, member, value, "400 VAL-002 "+want) }
			for _, member := range []string{"adapter", "observed_generation", "conditions"} {
				invalid("no "+member, member, "", member+":required")
				invalid(member+" is null", member, "null", member+":nullable")
				invalid(member+" is object", member, `{"a":"b"}`, member+":type")
				invalid(member+" is boolean", member, "false", member+":type")
				if member != "conditions" {
					invalid(member+" is array", member, "[]", member+":type")
				}
			}
			for name, value := range map[string]string{"0": "0", "negative": "-1", "beyond negative": "-2147483649", "minus zero": "-0"} {
				invalid("generation "+name, "observed_generation", value, "observed_generation:minimum")
			}
			invalid("generation 1.5", "observed_generation", "1.5", "observed_generation:type")
			invalid("generation 1.0", "observed_generation", "1.0", "observed_generation:type")
			invalid("generation 1e0", "observed_generation", "1e0", "observed_generation:type")
			invalid("generation as text", "observed_generation", `"1"`, "observed_generation:type")
			invalid("generation 2^31", "observed_generation", "2147483648", "observed_generation:maximum")
			invalid("generation 2^32+1", "observed_generation", "4294967297", "observed_generation:maximum")
			invalid("generation 1e10", "observed_generation", "1e10", "observed_generation:maximum")
			invalid("generation beyond int64", "observed_generation", "9223372036854775808", "observed_generation:number")

			for _, text := range []string{
				"", "now", "2025", "2025-01-01", "2025-01-01T10:00:00", "2025-01-01 10:00:00Z", "2025-01-01T10:00Z", "2025-01-01T10:00:00 Z",
				"2025-02-30T10:00:00Z", "2025-02-29T10:00:00Z", "2025-13-01T10:00:00Z", "2025-00-01T10:00:00Z", "2025-01-32T10:00:00Z",
				"2025-01-01T24:00:00Z", "2025-01-01T10:60:00Z", "2024-12-31T23:59:60Z", "2025-01-01T10:00:61Z", "2025-01-01t10:00:00Z",
				"2025-01-01T10:00:00z", "2025-01-01T10:00:00+99:99", "2025-01-01T10:00:00+24:00", "2025-01-01T10:00:00+1:00",
				"2025-01-01T10:00:00+0100", "2025-01-01T10:00:00.Z", "2025-01-01T10:00:00.0123456789Z", "2025-01-01T10:00:00,5Z", "10000-01-01T10:00:00Z", "-001-01-01T10:00:00Z",
				"25-01-01T10:00:00Z", "1735725600", "Wed, 01 Jan 2025 10:00:00 GMT", "２０25-01-01T10:00:00Z", "2025-01-01T10:00:00Zx", " 2025-01-01T10:00:00Z",
			} {
				invalid("time "+text, "observed_time", `"`+text+`"`, "observed_time:format")
			}
			invalid("time as number", "observed_time", "1735725600", "observed_time:type")
			for _, text := range []string{"3000-01-01T00:00:00Z", "2999-12-31T23:00:00-01:00", "9999-12-31T23:59:59Z"} {
				invalid("time "+text, "observed_time", `"`+text+`"`, "observed_time:maximum")
			}
			for _, text := range []string{"1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z"} {
				invalid("time "+text, "observed_time", `"`+text+`"`, "observed_time:minimum")
			}

			for _, name := range []string{"Validator", "a.b", "a_b", "a b", "-a", "a-", "ä", "a/b", "..", `a\n`, "*", "a,b"} {
				invalid("adapter "+name, "adapter", `"`+name+`"`, "adapter:pattern")
			}
			invalid("adapter of 64 characters", "adapter", `"`+long(64)+`"`, "adapter:maxLength")
			invalid("empty adapter", "adapter", `""`, "adapter:minLength adapter:pattern")
			invalid("adapter is number", "adapter", `1`, "adapter:type")

			for name, c := range map[string]struct{ conditions, want string }{
				"string":                {`"Available"`, "conditions:type"},
				"strings":               {`["Available"]`, "conditions[0]:type"},
				"null inside":           {`[{"type":"A","status":"True"},null]`, "conditions[1]:nullable"},
				"arrays":                {`[[]]`, "conditions[0]:type"},
				"empty object":          {`[{}]`, "conditions[0].type:required conditions[0].status:required"},
				"no status":             {`[{"type":"A"}]`, "conditions[0].status:required"},
				"no type":               {`[{"status":"True"}]`, "conditions[0].type:required"},
				"null type":             {`[{"type":null,"status":"True"}]`, "conditions[0].type:nullable"},
				"empty type":            {`[{"type":"","status":"True"}]`, "conditions[0].type:minLength"},
				"number as type":        {`[{"type":1,"status":"True"}]`, "conditions[0].type:type"},
				"long type":             {`[{"type":"` + long(317) + `","status":"True"}]`, "conditions[0].type:maxLength"},
				"lower-case status":     {`[{"type":"A","status":"true"}]`, "conditions[0].status:enum"},
				"upper-case status":     {`[{"type":"A","status":"TRUE"}]`, "conditions[0].status:enum"},
				"empty status":          {`[{"type":"A","status":""}]`, "conditions[0].status:enum"},
				"other status":          {`[{"type":"A","status":"Maybe"}]`, "conditions[0].status:enum"},
				"boolean status":        {`[{"type":"A","status":true}]`, "conditions[0].status:enum"},
				"null status":           {`[{"type":"A","status":null}]`, "conditions[0].status:enum"},
				"long reason":           {`[{"type":"A","status":"True","reason":"` + long(1025) + `"}]`, "conditions[0].reason:maxLength"},
				"number as reason":      {`[{"type":"A","status":"True","reason":1}]`, "conditions[0].reason:type"},
				"long message":          {`[{"type":"A","status":"True","message":"` + long(32769) + `"}]`, "conditions[0].message:maxLength"},
				"object as message":     {`[{"type":"A","status":"True","message":{}}]`, "conditions[0].message:type"},
				"unknown field":         {`[{"type":"A","status":"True","severity":"high"}]`, "conditions[0].severity:unknown"},
				"camel case":            {`[{"type":"A","status":"True","lastTransitionTime":"x"}]`, "conditions[0].lastTransitionTime:unknown"},
				"other case":            {`[{"Type":"A","type":"A","status":"True"}]`, "conditions[0].Type:unknown"},
				"duplicate type":        {`[{"type":"A","status":"True"},{"type":"B","status":"True"},{"type":"A","status":"False"}]`, "conditions[2].type:unique"},
				"duplicate member":      {`[{"type":"A","status":"True","type":"B"}]`, "conditions[0].type:unique"},
				"faults in two":         {`[{"type":"A","status":"x"},{"type":"","status":"True"}]`, "conditions[0].status:enum conditions[1].type:minLength"},
				"lone surrogate":        {`[{"type":"A\ud800","status":"True"}]`, "conditions[0].type:unicode"},
				"lone surrogate, later": {`[{"type":"A","status":"True"},{"type":"B","status":"True","message":"\udc00"}]`, "conditions[1].message:unicode"},
			} {
				invalid("conditions: "+name, "conditions", c.conditions, c.want)
			}
			var tooMany []string
			for i := range 101 {
				tooMany = append(tooMany, fmt.Sprintf(`{"type":"C%d","status":"True"}`, i))
			}
			invalid("conditions: 101", "conditions", "["+strings.Join(tooMany, ",")+"]", "conditions:maxItems")

			for _, member := range []string{"data", "metadata"} {
				for name, value := range map[string]string{"array": `[{}]`, "string": `"{}"`, "number": `1`, "boolean": `true`} {
					invalid(member+" is "+name, member, value, member+":type")
				}
				invalid(member+" with a duplicate", member, `{"a":[{"b":1,"b":2}]}`, member+".a[0].b:unique")
				invalid(member+" with a great integer", member, `{"a":18446744073709551616}`, member+".a:number")
				invalid(member+" nested too deep", member, strings.Repeat(`{"a":`, 33)+"1"+strings.Repeat("}", 33), member+strings.Repeat(".a", 32)+":maxDepth")
			}
			invalid("camel-case member", "observedGeneration", "1", "observedGeneration:unknown")
			invalid("kind", "kind", `"AdapterStatus"`, "kind:unknown")
		}
	}
	newFixture(t).refuse(t, cases)
}

// TestReportWithWrongClock posts reports while the clock of the adapter or of the server
// is wrong, by any amount. The body is not at fault, so the adapter may send it again.
func TestReportWithWrongClock(t *testing.T) {
	cluster := newCluster(t, "")
	in := func(ahead time.Duration) string { return time.Now().Add(ahead).UTC().Format(time.RFC3339) }
	for _, ahead := range []string{
		in(6 * time.Minute), in(time.Hour), in(25 * time.Hour), in(8766 * time.Hour), "2999-12-31T23:59:59.999999999Z",
		time.Now().Add(2*time.Hour).UTC().Format("2006-01-02T15:04:05") + "-23:00",
	} {
		body := availableReport("dns", 1, ahead)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, suite.base+cluster.Href+"/statuses", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var got rest.Problem
		if err := errors.Join(json.NewDecoder(response.Body).Decode(&got), response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusServiceUnavailable || got.Code != problem.ClockSkew.Code || response.Header.Get("Retry-After") == "" {
			t.Errorf("%s ahead: status %d, code %s, Retry-After %q", ahead, response.StatusCode, got.Code, response.Header.Get("Retry-After"))
		}
	}
}

// TestDiscardedReports sends valid reports that change nothing.
func TestDiscardedReports(t *testing.T) {
	f := newFixture(t)
	check := writesNothing(t)
	for name, body := range map[string]string{
		"older":                      availableReport("validator", 1, "2024-12-31T23:59:59Z"),
		"generation that is not yet": availableReport("validator", 2, "2025-01-02T10:00:00Z"),
		"greatest generation":        availableReport("validator", 2147483647, "2025-01-02T10:00:00Z"),
		"unknown after known":        `{"adapter":"validator","observed_generation":1,"observed_time":"2025-01-02T10:00:00Z","conditions":[{"type":"Available","status":"Unknown"}]}`,
		"first, not yet":             availableReport("must-not", 2, "2025-01-02T10:00:00Z"),
	} {
		for _, path := range []string{"/clusters/{cluster}/statuses", "/clusters/{cluster}/nodepools/{nodepool}/statuses"} {
			t.Run(name+" at "+path, func(t *testing.T) {
				if a := post(t, api+f.fill(path), body).want(t, http.StatusNoContent); len(a.body) > 0 {
					t.Errorf("204 with a body: %s", a.body)
				}
			})
		}
	}
	check()
}
