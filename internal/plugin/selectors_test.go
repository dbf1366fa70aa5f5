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

package plugin

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExplain(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"Labels and fields": {
			args: []string{"labels.environment='dev' and not labels.tier in ('gold','silver') and status.conditions.Ready='True'"},
			want: `Label selector:  environment=dev,tier,tier notin (gold,silver)
Field selector:  status.ready=True

kubectl get clusters.hyperfleet.io -l 'environment=dev,tier,tier notin (gold,silver)' --field-selector 'status.ready=True'
`,
		},
		"Fields of a namespace": {
			args: []string{"hfnp", "spec.clusterName='web'", "-n", "it"},
			want: `Label selector:  <none>
Field selector:  spec.clusterName=web

kubectl get nodepools.hyperfleet.io --namespace 'it' --field-selector 'spec.clusterName=web'
`,
		},
		"A quote": {
			args: []string{"hfas", "adapter = 'it''s'", "-A"},
			want: `Label selector:  <none>
Field selector:  spec.adapter=it's

kubectl get adapterstatuses.hyperfleet.io --all-namespaces --field-selector 'spec.adapter=it'\''s'
`,
		},
		"Everything": {
			args: []string{"nodepools"},
			want: `Label selector:  <none>
Field selector:  <none>

kubectl get nodepools.hyperfleet.io
`,
		},
		"A disjunction": {
			args: []string{"labels.a='x' or labels.b='y'"},
			want: `Selectors cannot express this search, at character 1: labels.a = 'x' or labels.b = 'y': selectors have no "or"
  labels.a='x' or labels.b='y'
  ^

All clusters are listed, and searched by the plugin.
`,
		},
		"A conjunction of which a part goes": {
			args: []string{"labels.a='x' and spec.region like 'eu-%' and name != 'web'"},
			want: `Selectors cannot express this search, at character 18: spec.region like 'eu-%': the API server selects by labels and by a few fields, not by free-form ones
  labels.a='x' and spec.region like 'eu-%' and name != 'web'
                   ^

The selectors narrow the list, and the plugin searches the objects that they select:

Label selector:  a=x
Field selector:  metadata.name!=web

kubectl get clusters.hyperfleet.io -l 'a=x' --field-selector 'metadata.name!=web'
`,
		},
		"A conjunction of which no part goes": {
			args: []string{"generation > 1 and generation < 4"},
			want: `Selectors cannot express this search, at character 1: generation > 1: no field selector reaches this; those of this list reach id, name, status.conditions.Ready, status.conditions.Available
  generation > 1 and generation < 4
  ^

All clusters are listed, and searched by the plugin.
`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", "/nowhere") // the command needs no API server
			out, errOut, err := run(t, append([]string{"search", "--explain"}, tt.args...)...)
			if err != nil || errOut != "" {
				t.Fatalf("Got error %v, %q", err, errOut)
			}
			if diff := cmp.Diff(tt.want, out); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
