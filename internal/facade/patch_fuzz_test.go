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

package facade

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
)

// FuzzPatch applies a merge patch and a JSON patch to a cluster. Each patch either fails
// with a problem of the client, or produces a result that a create would accept and
// changes nothing else.
func FuzzPatch(f *testing.F) {
	s := newOffline(f, Options{})
	for _, seed := range []string{
		`{}`, `{"spec":{"a":null,"b":{"c":[1,{"d":null}]}},"labels":{"x":null,"y":"z"}}`, `{"spec":null}`, `{"labels":null}`, `{"name":"x"}`, `{"spec":{"a":1e400}}`,
		`[]`, `[{"op":"add","path":"/spec/b","value":{"x":1}},{"op":"move","from":"/spec/b/x","path":"/spec/a/0"}]`, `[{"op":"replace","path":"/spec","value":null}]`,
		`[{"op":"copy","from":"","path":"/spec/all"}]`, `[{"op":"test","path":"/generation","value":3},{"op":"remove","path":"/labels"}]`,
		`[{"op":"add","path":"/spec/a/-","value":"\ud83d"}]`, `[{"op":"remove","path":"/spec/~2"}]`, `[{"op":"add","path":"/labels/a~1b","value":"c"}]`, `[{"op":"add","path":"/spec/a/99999999999","value":1}]`,
	} {
		f.Add([]byte(seed))
	}
	cluster := &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: "abc", Namespace: "default", UID: "6b78ea68-3c35-4ea2-9b5a-cb7c6458f1fb", ResourceVersion: "1", Generation: 3, Labels: map[string]string{"x": "1", v1.ClusterLabel: "ours"}},
		Spec:       runtime.RawExtension{Raw: []byte(`{"a":[1,2,3],"n":null}`)},
	}
	wantClientFault := func(t *testing.T, err error) {
		t.Helper()
		if p, ok := errors.AsType[*problem.Error](err); !ok || p.Status >= http.StatusInternalServerError || p.Detail == "" {
			t.Errorf("error %v, want a problem of the client", err)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, read := range []func(string, []byte) (change, error){s.mergePatch, s.jsonPatch} {
			change, err := read(v1.ClusterKind, body)
			if err != nil {
				wantClientFault(t, err)
				continue
			}
			want, err := change(cluster)
			if err != nil {
				wantClientFault(t, err)
				continue
			}
			if checkLossless(want.spec) != nil || len(checkLabels(want.labels)) > 0 {
				t.Errorf("%s makes spec %s and labels %v", body, want.spec, want.labels)
			}
			operations, err := patchOf(cluster, want)
			if err != nil {
				t.Errorf("%s: %v", body, err)
			}
			if text, err := json.Marshal(operations); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
}

func FuzzPageToken(f *testing.F) {
	for _, seed := range []string{"", "e30", "bnVsbA", "eyJ0IjoiMjAyNi0wMS0wMVQwMDowMDowMFoiLCJzIjo3LCJpIjoiMjZkMXloZ3B5YTY5aGEwaHh1cDI0eTNvcWoifQ", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		position, err := parsePageToken(token)
		if err != nil || position == nil {
			return
		}
		again, err := parsePageToken(pageToken(*position))
		if err != nil || !again.CreatedTime.Equal(position.CreatedTime) || again.Sequence != position.Sequence || again.ID != position.ID {
			t.Errorf("token %q is position %v, and that %v, %v", token, position, again, err)
		}
	})
}
