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
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

const (
	replaceMembers = "application/json"
	mergePatch     = "application/merge-patch+json"
	jsonPatch      = "application/json-patch+json"
)

// request makes a request with a body of a media type and headers, given as names and values.
func request(t testing.TB, method, path, mediaType, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, suite.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return do(t, req)
}

func patch(t testing.TB, path, mediaType, body string, headers ...string) answer {
	t.Helper()
	return request(t, http.MethodPatch, path, mediaType, body, headers...)
}

// patchable are the paths of resources, each with a function that creates a new resource.
var patchable = map[string]func(t *testing.T, spec, labels string) (path string){
	"cluster": func(t *testing.T, spec, labels string) string {
		return newCluster(t, fmt.Sprintf(`{"name":%q,"spec":%s,"labels":%s}`, uniqueName(t), spec, labels)).Href
	},
	"nodepool of its cluster": func(t *testing.T, spec, labels string) string {
		cluster, pool := newPoolWith(t, spec, labels)
		return cluster.Href + "/nodepools/" + pool.ID
	},
	"nodepool": func(t *testing.T, spec, labels string) string {
		_, pool := newPoolWith(t, spec, labels)
		return pool.Href
	},
}

func newPoolWith(t *testing.T, spec, labels string) (cluster rest.Cluster, pool rest.NodePool) {
	t.Helper()
	cluster = newCluster(t, "")
	post(t, cluster.Href+"/nodepools", fmt.Sprintf(`{"name":"pool","spec":%s,"labels":%s}`, spec, labels)).want(t, http.StatusCreated).decode(t, &pool)
	return cluster, pool
}

func TestPatch(t *testing.T) {
	const spec, labels = `{"a":{"b":1,"c":null},"n":9007199254740993}`, `{"x":"1","y":"2"}`
	tests := map[string]struct {
		mediaType, body      string
		wantSpec, wantLabels string
		wantGeneration       int64
	}{
		"nothing":                {replaceMembers, `{}`, spec, labels, 1},
		"spec":                   {replaceMembers, `{"spec":{"a":{"d":2}}}`, `{"a":{"d":2}}`, labels, 2},
		"the same spec":          {replaceMembers, `{"spec":{"n":9007199254740993,"a":{"c":null,"b":1}}}`, spec, labels, 1},
		"empty spec":             {replaceMembers, `{"spec":{}}`, `{}`, labels, 2},
		"labels":                 {replaceMembers, `{"labels":{"y":"3","z":""}}`, spec, `{"y":"3","z":""}`, 1},
		"no labels":              {replaceMembers, `{"labels":{}}`, spec, `{}`, 1},
		"both":                   {replaceMembers, `{"labels":{"x":"9"},"spec":{"n":null}}`, `{"n":null}`, `{"x":"9"}`, 2},
		"merge nothing":          {mergePatch, `{}`, spec, labels, 1},
		"merge":                  {mergePatch, `{"spec":{"a":{"b":null,"d":{"e":2}}},"labels":{"x":null,"z":"3"}}`, `{"a":{"c":null,"d":{"e":2}},"n":9007199254740993}`, `{"y":"2","z":"3"}`, 2},
		"merge a list":           {mergePatch, `{"spec":{"a":[{"b":null}]}}`, `{"a":[{"b":null}],"n":9007199254740993}`, labels, 2},
		"merge what is there":    {mergePatch, `{"spec":{"a":{"b":1}},"labels":{"x":"1"}}`, spec, labels, 1},
		"merge labels away":      {mergePatch, `{"labels":null}`, spec, `{}`, 1},
		"no operations":          {jsonPatch, `[]`, spec, labels, 1},
		"operations":             {jsonPatch, `[{"op":"replace","path":"/spec/a/b","value":[1]},{"op":"add","path":"/spec/a/b/-","value":2},{"op":"remove","path":"/labels/x"}]`, `{"a":{"b":[1,2],"c":null},"n":9007199254740993}`, `{"y":"2"}`, 2},
		"move and copy":          {jsonPatch, `[{"op":"move","from":"/spec/a","path":"/spec/b"},{"op":"copy","from":"/name","path":"/labels/n~1m"},{"op":"remove","path":"/labels/n~1m"}]`, `{"b":{"b":1,"c":null},"n":9007199254740993}`, labels, 2},
		"tests":                  {jsonPatch, `[{"op":"test","path":"/generation","value":1},{"op":"test","path":"/labels","value":{"y":"2","x":"1"}},{"op":"replace","path":"/spec","value":{}}]`, `{}`, labels, 2},
		"operations on labels":   {jsonPatch, `[{"op":"replace","path":"/labels","value":{"z":"3"}}]`, spec, `{"z":"3"}`, 1},
		"labels are removed":     {jsonPatch, `[{"op":"remove","path":"/labels"}]`, spec, `{}`, 1},
		"an operation to a null": {jsonPatch, `[{"op":"replace","path":"/spec/a/c","value":{"x":null}}]`, `{"a":{"b":1,"c":{"x":null}},"n":9007199254740993}`, labels, 2},
	}
	for kind, create := range patchable {
		for name, tt := range tests {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				path := create(t, spec, labels)
				// The compared members of a nodepool are also those of a cluster.
				var got, read rest.Cluster
				a := patch(t, path, tt.mediaType, tt.body).want(t, http.StatusOK)
				a.decode(t, &got)
				wantSame(t, "spec", got.Spec, tt.wantSpec)
				var wantLabels map[string]string
				answer{body: []byte(tt.wantLabels)}.decode(t, &wantLabels)
				if !maps.Equal(got.Labels, wantLabels) || got.Generation != tt.wantGeneration || got.UpdatedBy != devUser {
					t.Errorf("labels %v, generation %d, updated by %s; want %v, %d", got.Labels, got.Generation, got.UpdatedBy, wantLabels, tt.wantGeneration)
				}
				after := get(t, path).want(t, http.StatusOK)
				after.decode(t, &read)
				wantSame(t, "spec that is read", read.Spec, tt.wantSpec)
				if !maps.Equal(read.Labels, wantLabels) || read.Generation != tt.wantGeneration {
					t.Errorf("read labels %v, generation %d; want %v, %d", read.Labels, read.Generation, wantLabels, tt.wantGeneration)
				}
				if got, want := after.header.Get("Resource-Tag"), a.header.Get("Resource-Tag"); got != want || want == "" {
					t.Errorf("Resource-Tag of GET is %s, of PATCH %s", got, want)
				}
			})
		}
	}
}

// A PATCH that has changed the spec answers with Ready=False.
func TestPatchOfSpecMakesUnready(t *testing.T) {
	cluster := newCluster(t, "")
	for _, adapter := range []string{"validator", "dns"} {
		post(t, cluster.Href+"/statuses", reportBody(adapter, 1, noon, "True")).want(t, http.StatusCreated)
	}
	if c := condition(t, getCluster(t, cluster.ID).Status, v1.ReadyCondition); c.Status != "True" {
		t.Fatalf("Ready is %+v", c)
	}
	patch(t, cluster.Href, replaceMembers, `{"labels":{"a":"b"}}`).want(t, http.StatusOK).decode(t, &cluster)
	if c := condition(t, cluster.Status, v1.ReadyCondition); c.Status != "True" {
		t.Errorf("after a change of labels, Ready is %+v", c)
	}
	patch(t, cluster.Href, replaceMembers, `{"spec":{"a":"b"}}`).want(t, http.StatusOK).decode(t, &cluster)
	if c := condition(t, cluster.Status, v1.ReadyCondition); c.Status != "False" || cluster.Generation != 2 {
		t.Errorf("after a change of spec, generation %d, Ready is %+v", cluster.Generation, c)
	}
}

// Clients cannot change HyperFleet's own labels or the cluster of a nodepool.
func TestPatchKeepsWhatIsOurs(t *testing.T) {
	cluster, pool := newPoolWith(t, `{}`, `{}`)
	patch(t, pool.Href, replaceMembers, `{"spec":{"x":1},"labels":{"a":"b"}}`).want(t, http.StatusOK)
	patch(t, pool.Href, jsonPatch, `[{"op":"remove","path":"/labels"}]`).want(t, http.StatusOK)
	stored := &v1.NodePool{}
	if err := suite.env.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: cluster.Name + ".pool"}, stored); err != nil {
		t.Fatal(err)
	}
	if stored.Spec.ClusterName != cluster.Name || stored.Labels[v1.ClusterLabel] != cluster.Name || len(stored.Labels) != 1 {
		t.Errorf("cluster %s, labels %v", stored.Spec.ClusterName, stored.Labels)
	}
}

func TestIfMatch(t *testing.T) {
	for kind, create := range patchable {
		t.Run(kind, func(t *testing.T) {
			path := create(t, `{}`, `{}`)
			before := get(t, path)
			etag, tag := before.header.Get("ETag"), before.header.Get("Resource-Tag")
			post(t, path+"/statuses", reportBody("validator", 1, noon, "True")).want(t, http.StatusCreated)
			if after := get(t, path).header; after.Get("ETag") == etag || after.Get("Resource-Tag") != tag {
				t.Errorf("a report changed the ETag %s to %s, the Resource-Tag %s to %s", etag, after.Get("ETag"), tag, after.Get("Resource-Tag"))
			}
			for name, c := range map[string]struct {
				tags string
				want int
			}{
				"ETag before the report": {etag, http.StatusPreconditionFailed},
				"Resource-Tag":           {tag, http.StatusOK},
				"one of several":         {`"x", ` + tag, http.StatusOK},
				"any":                    {"*", http.StatusOK},
				"weak":                   {"W/" + tag, http.StatusPreconditionFailed},
				"empty":                  {"", http.StatusPreconditionFailed},
				"no tag":                 {"x", http.StatusPreconditionFailed},
				"ETag":                   {get(t, path).header.Get("ETag"), http.StatusOK},
			} {
				a := patch(t, path, replaceMembers, `{}`, "If-Match", c.tags).want(t, c.want)
				if c.want == http.StatusPreconditionFailed && (a.problem(t).Code != "HYPERFLEET-CNF-004" || a.header.Get("Resource-Tag") != tag) {
					t.Errorf("%s: %s, Resource-Tag %s", name, a.body, a.header.Get("Resource-Tag"))
				}
			}
			patch(t, path, replaceMembers, `{"labels":{"a":"b"}}`, "If-Match", tag).want(t, http.StatusOK)
			patch(t, path, replaceMembers, `{"spec":{"a":"b"}}`, "If-Match", tag).want(t, http.StatusPreconditionFailed)
			request(t, http.MethodDelete, path, "", "", "If-Match", tag).want(t, http.StatusPreconditionFailed)
			next := get(t, path).header.Get("Resource-Tag")
			patch(t, path, replaceMembers, `{"spec":{"a":"b"}}`, "If-Match", next).want(t, http.StatusOK)
			request(t, http.MethodDelete, path, "", "", "If-Match", get(t, path).header.Get("Resource-Tag")).want(t, http.StatusAccepted)
		})
	}
}

// If many clients change a resource that they have read, each with If-Match, no change is
// lost.
func TestIfMatchLosesNoChange(t *testing.T) {
	cluster := newCluster(t, "")
	const writers, changes = 4, 5
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for change := 0; change < changes; {
				a := get(t, cluster.Href)
				var read rest.Cluster
				a.decode(t, &read)
				read.Labels[fmt.Sprintf("w%d-%d", writer, change)] = "x"
				body, _ := rest.Marshal(map[string]any{"labels": read.Labels})
				switch got := patch(t, cluster.Href, replaceMembers, string(body), "If-Match", a.header.Get("Resource-Tag")); got.status {
				case http.StatusOK:
					change++
				case http.StatusPreconditionFailed:
				default:
					t.Errorf("status %d: %s", got.status, got.body)
					return
				}
			}
		})
	}
	group.Wait()
	if got := len(getCluster(t, cluster.ID).Labels); got != writers*changes {
		t.Errorf("%d labels, want %d", got, writers*changes)
	}
}

func TestBadPatches(t *testing.T) {
	const name = "name:immutable"
	cases := map[string]badInput{}
	add := func(title, mediaType, body, want string) {
		for _, path := range []string{"/clusters/{cluster}", "/clusters/{cluster}/nodepools/{nodepool}", "/nodepools/{nodepool}"} {
			cases[path+" "+title] = badInput{method: http.MethodPatch, path: api + path, body: body, header: map[string]string{"Content-Type": mediaType}, want: want}
		}
	}
	for title, c := range map[string]struct{ body, want string }{
		"no body":        {"", "400 VAL-001"},
		"array":          {"[]", "400 VAL-001"},
		"not JSON":       {`{"spec":`, "400 VAL-001"},
		"twice":          {`{"spec":{},"spec":{}}`, "400 VAL-002 spec:unique"},
		"name":           {`{"name":"other"}`, "400 VAL-002 " + name},
		"read only":      {`{"id":"x","kind":"Cluster","generation":7,"status":{}}`, "400 VAL-002 generation:immutable id:immutable kind:immutable status:immutable"},
		"unknown":        {`{"owner":"me","spec":{"a":1}}`, "400 VAL-002 owner:unknown"},
		"spec is null":   {`{"spec":null}`, "400 VAL-002 spec:nullable"},
		"spec is a list": {`{"spec":[]}`, "400 VAL-002 spec:type"},
		"labels is null": {`{"labels":null}`, "400 VAL-002 labels:nullable"},
		"bad label":      {`{"labels":{"a b":"x"}}`, "400 VAL-002 labels.a b:labelKey"},
		"number label":   {`{"labels":{"a":1}}`, "400 VAL-002 labels.a:type"},
		"our label":      {`{"labels":{"hyperfleet.io/cluster":"x"}}`, "400 VAL-002 labels.hyperfleet.io/cluster:reserved"},
		"integer":        {`{"spec":{"a":9223372036854775808}}`, "400 VAL-002 spec.a:number"},
		"deep":           {`{"spec":{"a":` + strings.Repeat("[", 101) + strings.Repeat("]", 101) + `}}`, "400 VAL-002 spec.a" + strings.Repeat("[0]", 31) + ":maxDepth"},
	} {
		add("replace "+title, replaceMembers, c.body, c.want)
		switch title {
		case "spec is null":
			c.want = "400 VAL-002 spec:required"
		case "labels is null", "deep":
			continue
		}
		add("merge "+title, mergePatch, c.body, c.want)
	}
	for title, c := range map[string]struct{ body, want string }{
		"object":              {`{}`, "400 VAL-001"},
		"numbers":             {`[1]`, "400 VAL-001"},
		"no op":               {`[{"path":"/spec"}]`, "400 VAL-002 [0].op:required"},
		"unknown op":          {`[{"op":"merge","path":"/spec","value":{}}]`, "400 VAL-002 [0].op:enum"},
		"no path":             {`[{"op":"remove"}]`, "400 VAL-002 [0].path:required"},
		"no value":            {`[{"op":"add","path":"/spec/a"}]`, "400 VAL-002 [0].value:required"},
		"no from":             {`[{"op":"move","path":"/spec/a"}]`, "400 VAL-002 [0].from:required"},
		"no pointer":          {`[{"op":"remove","path":"spec"}]`, "400 VAL-002 [0].path:format"},
		"name":                {`[{"op":"replace","path":"/name","value":"x"}]`, "400 VAL-002 [0].path:immutable"},
		"all":                 {`[{"op":"replace","path":"","value":{}}]`, "400 VAL-002 [0].path:immutable"},
		"move the name":       {`[{"op":"move","from":"/name","path":"/spec/a"}]`, "400 VAL-002 [0].from:immutable"},
		"status":              {`[{"op":"add","path":"/spec/a","value":1},{"op":"remove","path":"/status/conditions"}]`, "400 VAL-002 [1].path:immutable"},
		"spec is removed":     {`[{"op":"remove","path":"/spec"}]`, "400 VAL-002 spec:required"},
		"spec is a list":      {`[{"op":"replace","path":"/spec","value":[]}]`, "400 VAL-002 spec:type"},
		"bad label":           {`[{"op":"add","path":"/labels/a b","value":"x"}]`, "400 VAL-002 labels.a b:labelKey"},
		"a path that is none": {`[{"op":"remove","path":"/spec/none"}]`, "409 CNF-005"},
		"a test that fails":   {`[{"op":"test","path":"/generation","value":7}]`, "409 CNF-005"},
		"a negative index":    {`[{"op":"add","path":"/spec/a","value":[1,2]},{"op":"remove","path":"/spec/a/-1"}]`, "409 CNF-005"},
		"too many":            {`[` + strings.TrimSuffix(strings.Repeat(`{"op":"test","path":"/generation","value":1},`, 1001), ",") + `]`, "400 VAL-002 :maxItems"},
		"copies that double":  {`[{"op":"add","path":"/spec/a","value":"` + strings.Repeat("x", 1000) + `"}` + "," + numbered(30, `{"op":"copy","from":"/spec","path":"/spec/b%d"}`) + `]`, "413 LMT-001"},
	} {
		add("JSON patch "+title, jsonPatch, c.body, c.want)
	}
	for _, mediaType := range []string{"text/plain", "application/yaml", "application/apply-patch+yaml", "application/strategic-merge-patch+json", "application/json; charset=latin1"} {
		add(mediaType, mediaType, `{}`, "415 VAL-005")
	}
	for _, query := range []string{"dryRun=", "dryRun=all", "dryRun=true", "dryRun=All%20"} {
		cases[query] = badInput{method: http.MethodPatch, path: api + "/clusters/{cluster}?" + query, body: `{}`, header: map[string]string{"Content-Type": replaceMembers}, want: "400 VAL-003 dryRun:enum"}
	}
	cases["dryRun twice"] = badInput{method: http.MethodPatch, path: api + "/clusters/{cluster}?dryRun=All&dryRun=All", body: `{}`, header: map[string]string{"Content-Type": replaceMembers}, want: "400 VAL-003 dryRun:unique"}
	cases["clusterName"] = badInput{method: http.MethodPatch, path: api + "/nodepools/{nodepool}", body: `{"spec":{"clusterName":"x"}}`, header: map[string]string{"Content-Type": replaceMembers}, want: "400 VAL-002 spec.clusterName:reserved"}
	cases["no cluster"] = badInput{method: http.MethodPatch, path: api + "/clusters/2abc", body: `{}`, header: map[string]string{"Content-Type": replaceMembers}, want: "404 NTF-002"}
	cases["no nodepool"] = badInput{method: http.MethodPatch, path: api + "/nodepools/2abc", body: `{}`, header: map[string]string{"Content-Type": replaceMembers}, want: "404 NTF-003"}
	newFixture(t).refuse(t, cases)
}

func TestDryRuns(t *testing.T) {
	f := newFixture(t)
	check := writesNothing(t)
	var created rest.Cluster
	post(t, api+"/clusters?dryRun=All", `{"name":"must-not-exist","spec":{"a":1}}`).want(t, http.StatusCreated).decode(t, &created)
	if created.Name != "must-not-exist" || created.CreatedBy != devUser {
		t.Errorf("dry run of a create: %+v", created)
	}
	for path, wantKind := range map[string]string{"/clusters/{cluster}": "Cluster", "/nodepools/{nodepool}": "NodePool"} {
		path = api + f.fill(path)
		var changed rest.Cluster
		patch(t, path+"?dryRun=All", replaceMembers, `{"spec":{"dry":true}}`).want(t, http.StatusOK).decode(t, &changed)
		wantSame(t, "spec of a dry run", changed.Spec, `{"dry":true}`)
		if string(changed.Kind) != wantKind || changed.Generation != 2 || condition(t, changed.Status, v1.ReadyCondition).Status != "False" {
			t.Errorf("dry run of a PATCH: %+v", changed)
		}
		var deleted rest.Cluster
		request(t, http.MethodDelete, path+"?dryRun=All", "", "").want(t, http.StatusAccepted).decode(t, &deleted)
		if deleted.DeletedTime == nil || deleted.Generation != 2 || deleted.DeletedBy != devUser {
			t.Errorf("dry run of a DELETE: %+v", deleted)
		}
		post(t, path+"/statuses?dryRun=All", reportBody("dry", 1, noon, "True")).want(t, http.StatusCreated)
	}
	check()
}
