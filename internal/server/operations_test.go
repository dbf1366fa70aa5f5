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

package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// An operation is a request, whose body may depend on the stored object.
type operation struct {
	method, path, contentType, accept string
	as                                identity
	body                              []byte
}

func (o operation) String() string {
	return fmt.Sprintf("%s %s (%s, as %+v, accepts %q)", o.method, o.path, o.contentType, o.as, o.accept)
}

// A kind is a resource whose operations are compared.
type kind struct {
	plural string
	path   string // of the namespace's resources, by default hyperfleetPath
	fresh  func(name string) object
	object func() runtime.Object // of the Go type
	// names are few, so that several operations change the same object.
	names []string
	// fields are paths that mutations change.
	fields []string
	// freeForm is the format of a merge patch with a free-form value and a number.
	freeForm string
	// status is a merge patch of the status, "" for a resource without one.
	status string
}

type object = map[string]any

const hyperfleetPath = "/apis/hyperfleet.io/v1/namespaces/default/"

// statusPatch is a merge patch of the status of a Cluster or NodePool.
const statusPatch = `{"status":{"observedGeneration":1,"conditions":[{"type":"Ready","status":"False","reason":"Waiting",
	"message":"<not> yet & \u2028","observedGeneration":1,"lastTransitionTime":"2026-01-15T10:00:00Z","createdTime":"2026-01-15T10:00:00Z","lastUpdatedTime":"2026-01-15T10:00:00Z"}]}}`

// collection returns the path of the resource.
func (k kind) collection() string {
	if k.path != "" {
		return k.path + k.plural
	}
	return hyperfleetPath + k.plural
}

// kinds are HyperFleet's Kinds.
var kinds = []kind{
	{
		object:   func() runtime.Object { return &v1.Cluster{} },
		freeForm: `{"spec":{"free":%s,"change":%d}}`, status: statusPatch,
		plural: "clusters", names: []string{"c-1", "c-2"}, fields: []string{"spec.region", "metadata.labels.region", "status.conditions", "metadata.name", "metadata.finalizers"},
		fresh: func(name string) object {
			return object{"apiVersion": "hyperfleet.io/v1", "kind": "Cluster", "metadata": object{"name": name, "labels": object{"region": "eu"}}, "spec": object{"region": "eu", "nodes": 3}}
		},
	},
	{
		object:   func() runtime.Object { return &v1.NodePool{} },
		freeForm: `{"spec":{"free":%s,"change":%d}}`, status: statusPatch,
		plural: "nodepools", names: []string{"c-1.workers", "c-2.gpu"}, fields: []string{"spec.clusterName", "spec.replicas", "metadata.name", "status"},
		fresh: func(name string) object {
			cluster, _, _ := strings.Cut(name, ".")
			return object{"apiVersion": "hyperfleet.io/v1", "kind": "NodePool", "metadata": object{"name": name}, "spec": object{"clusterName": cluster, "replicas": 2}}
		},
	},
	{
		object:   func() runtime.Object { return &v1.AdapterStatus{} },
		freeForm: `{"spec":{"data":{"free":%s,"change":%d}}}`,
		plural:   "adapterstatuses", names: []string{"c-1.dns", "c-2.validator"},
		fields: []string{"spec.observedTime", "spec.observedGeneration", "spec.conditions", "spec.adapter", "spec.resourceRef", "spec.data", "metadata.finalizers", "metadata.annotations"},
		fresh: func(name string) object {
			cluster, adapter, _ := strings.Cut(name, ".")
			return object{"apiVersion": "hyperfleet.io/v1", "kind": "AdapterStatus", "metadata": object{"name": name}, "spec": object{
				"resourceRef": object{"kind": "Cluster", "name": cluster}, "adapter": adapter, "observedGeneration": 1, "observedTime": "2026-01-15T10:00:00Z",
				"conditions": []any{object{"type": "Available", "status": "True", "reason": "Done", "message": "All records exist"}}, "data": object{"zone": "example.com"},
			}}
		},
	},
}

// values replace the values of fields. Some are valid for some fields, none is valid for
// all.
var values = []any{
	nil, "", "eu-west", "2026-01-15T11:00:00Z", "2026-01-15T09:00:00Z", "not a time", 0, 7, -1, 1.5, true, object{}, object{"a": object{"b": []any{1, "x"}}},
	[]any{}, []any{"example.com/finalizer"}, []any{object{"type": "Available", "status": "False", "reason": "Lost", "message": "gone"}}, object{"kind": "Cluster", "name": "c-2"},
	[]any{object{"type": "Available", "status": "Maybe"}}, strings.Repeat("x", 40_000),
}

var queries = []string{"", "", "", "dryRun=All", "dryRun=Some", "fieldValidation=Strict", "fieldValidation=Warn", "fieldValidation=Ignore", "fieldManager=test", "fieldManager=%01", "pretty=true", "unknown=1", "timeout=30s", "timeout=0s", "timeout=x"}

// generate returns an operation. stored returns the object as last read, nil if there is
// none.
func generate(r *rand.Rand, k kind, stored func(path string) object) operation {
	name := pick(r, k.names)
	collection := k.collection()
	path := collection + "/" + name
	o := operation{path: path, as: pick(r, identities), contentType: "application/json", accept: pick(r, accepted)}
	live := stored(path)
	current := clone(live)
	if current == nil || r.IntN(8) == 0 {
		current = k.fresh(name)
	}
	subresource := ""
	if r.IntN(4) == 0 {
		subresource = "/status"
	}
	switch choice := r.IntN(12); {
	case choice < 3 || live == nil && choice < 8:
		o.method, o.path, o.body = http.MethodPost, collection, encode(r, mutate(r, k, k.fresh(name)))
	case choice < 6:
		o.method, o.path, o.body = http.MethodPut, path+subresource, encode(r, ofVersion(r, live, mutate(r, k, current)))
	case choice < 9:
		o.method, o.path = http.MethodPatch, path+subresource
		o.contentType, o.body = generatePatch(r, k, name, live)
	case choice < 10:
		o.method = http.MethodGet
	default:
		o.method, o.body = http.MethodDelete, generateDeletion(r, live)
	}
	if q := pick(r, queries); q != "" {
		o.path += "?" + q
	}
	if strings.HasPrefix(o.contentType, "application/apply") && !strings.Contains(o.path, "?") {
		o.path += "?fieldManager=applier&force=true"
	}
	if r.IntN(30) == 0 {
		o.contentType = "text/plain"
	}
	return o
}

func generatePatch(r *rand.Rand, k kind, name string, live object) (contentType string, body []byte) {
	field := func() string { return "/" + strings.ReplaceAll(pick(r, k.fields), ".", "/") }
	step := func(op, path string, value any) object { return object{"op": op, "path": path, "value": value} }
	switch r.IntN(6) {
	case 0:
		return "application/apply-patch+yaml", encode(r, ofVersion(r, live, mutate(r, k, k.fresh(name))))
	case 1:
		return "application/json-patch+json", encode(r, []any{step(pick(r, []string{"add", "replace", "remove", "test", "bad"}), field(), pick(r, values))})
	case 2:
		return "application/strategic-merge-patch+json", encode(r, object{"spec": object{}})
	case 3: // as the facade writes a report
		steps := []any{step("replace", "/spec", mutate(r, k, k.fresh(name))["spec"]), step("add", "/metadata/managedFields", []any{object{}})}
		if r.IntN(2) == 0 {
			steps = append(steps, step("replace", "/metadata/resourceVersion", version(r, live)))
		}
		return "application/json-patch+json", encode(r, steps)
	case 4: // a conditional change
		at := field()
		return "application/json-patch+json", encode(r, []any{step("test", "/metadata/resourceVersion", version(r, live)), step("replace", at, pick(r, values))})
	default:
		return "application/merge-patch+json", encode(r, ofVersion(r, live, mutate(r, k, object{})))
	}
}

// version returns the resourceVersion of an object, one that is too old, or none.
func version(r *rand.Rand, live object) any {
	current := any("1")
	if metadata, ok := live["metadata"].(object); ok {
		current = metadata["resourceVersion"]
	}
	return pick(r, []any{current, current, "1", "1", "no number"})
}

// ofVersion sometimes gives an object a version.
func ofVersion(r *rand.Rand, live, o object) object {
	metadata, ok := o["metadata"].(object)
	if !ok {
		metadata = object{}
	}
	if v := version(r, live); r.IntN(3) == 0 {
		metadata["resourceVersion"] = v
		o["metadata"] = metadata
	}
	return o
}

func generateDeletion(r *rand.Rand, live object) []byte {
	uid := "4f3e2d1c-0000-4000-8000-000000000000"
	if metadata, ok := live["metadata"].(object); ok && r.IntN(2) == 0 {
		uid, _ = metadata["uid"].(string)
	}
	return pick(r, [][]byte{
		nil, []byte(`{}`), []byte(`{"propagationPolicy":"Background"}`), []byte(`{"propagationPolicy":"Nonsense"}`), []byte(`{"dryRun":["All"]}`),
		fmt.Appendf(nil, `{"preconditions":{"uid":%q}}`, uid),
		fmt.Appendf(nil, `{"preconditions":{"resourceVersion":%q}}`, version(r, live)),
		fmt.Appendf(nil, `{"preconditions":{"uid":%q,"resourceVersion":%q}}`, uid, version(r, live)),
	})
}

// mutate changes up to two fields.
func mutate(r *rand.Rand, k kind, o object) object {
	for range r.IntN(3) {
		path := strings.Split(pick(r, k.fields), ".")
		at := o
		for _, step := range path[:len(path)-1] {
			next, ok := at[step].(object)
			if !ok {
				next = object{}
				at[step] = next
			}
			at = next
		}
		at[path[len(path)-1]] = pick(r, values)
	}
	if r.IntN(10) == 0 {
		o["unknown"] = "field"
	}
	return o
}

// encode returns JSON, which is sometimes broken.
func encode(r *rand.Rand, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a map can always be encoded
	}
	if r.IntN(25) == 0 {
		// Later parts may differ in length between runs: UIDs, versions and times.
		return text[:min(len(text), 1+r.IntN(40))]
	}
	return text
}

func clone(o object) object {
	if o == nil {
		return nil
	}
	c := maps.Clone(o)
	for key, value := range c {
		if inner, ok := value.(object); ok {
			c[key] = clone(inner)
		}
	}
	return c
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// sorted returns the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
