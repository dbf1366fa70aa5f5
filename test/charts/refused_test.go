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

package charts

import (
	"strings"
	"testing"
)

// TestRefused renders the chart with wrong values. The error must name the value.
func TestRefused(t *testing.T) {
	cases := map[string]struct {
		values string
		args   []string
		want   []string
	}{
		"a name that is mistyped":               {values: "replica: 3", want: []string{"additional properties 'replica' not allowed"}},
		"a nested name that is mistyped":        {values: "tls: {secret: a}", want: []string{"/tls", "additional properties 'secret' not allowed"}},
		"another mode":                          {values: "mode: both", want: []string{"/mode", "'manager', 'server'"}},
		"a string for a number":                 {values: "replicas: two", want: []string{"/replicas", "got string, want integer"}},
		"a number for a string":                 {values: "podLabels: {a: 1}", want: []string{"/podLabels/a", "got number, want string"}},
		"a namespace that is no name":           {values: "servedNamespace: My_Fleet", want: []string{"/servedNamespace"}},
		"a digest that is none":                 {values: "image: {digest: latest}", want: []string{"/image/digest"}},
		"an adapter that is no name":            {values: "adapters: {requiredAdapters: {Cluster: [DNS]}}", want: []string{"/adapters/requiredAdapters/Cluster/0"}},
		"adapters of another Kind":              {values: "adapters: {requiredAdapters: {Clusters: []}}", want: []string{"additional properties 'Clusters' not allowed"}},
		"a condition without a type":            {values: "adapters: {conditions: {Cluster: [{output: {status: a}}]}}", want: []string{"/adapters/conditions/Cluster/0", "missing property 'type'"}},
		"an argument that is no flag":           {values: "extraArgs: [page-size=3]", want: []string{"/extraArgs/0"}},
		"a quantity that is none":               {values: "resources: {requests: {memory: 1 GB}}", want: []string{"/resources/requests/memory"}},
		"a port that is none":                   {values: "service: {port: 70000}", want: []string{"/service/port"}},
		"an issuer without its name's type":     {values: "tls: {certManager: {issuerRef: {nam: a}}}", want: []string{"additional properties 'nam' not allowed"}},
		"an old Kubernetes":                     {args: []string{"--kube-version=1.35.4"}, want: []string{"mode: manager needs Kubernetes 1.36 or later", "v1.35.4"}},
		"a name in mode manager":                {values: "fullnameOverride: fleet", want: []string{"fullnameOverride: names are fixed in mode manager"}},
		"more servers than one":                 {values: "{mode: server, autoscaling: {enabled: true}}", want: []string{"autoscaling.enabled: mode server is one process"}},
		"a minimum above the maximum":           {values: "autoscaling: {minReplicas: 9}", want: []string{"autoscaling.minReplicas: 9 is more than autoscaling.maxReplicas, 5"}},
		"a PodMonitor without a token":          {values: "metrics: {podMonitor: {enabled: true}}", want: []string{"metrics.tokenSecret.name: a PodMonitor needs"}},
		"a server's ServiceMonitor, no token":   {values: "{mode: server, metrics: {serviceMonitor: {enabled: true}}}", want: []string{"metrics.tokenSecret.name: in mode server"}},
		"a deletion of objects that never ends": {values: "uninstall: {timeoutSeconds: 0}", want: []string{"/uninstall/timeoutSeconds"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := template(t, c.values, c.args...)
			if err == nil {
				t.Fatal("helm renders it")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
		})
	}
}

// TestOldKubernetes: a server needs no admission policies of the cluster that it runs in.
func TestOldKubernetes(t *testing.T) {
	find(t, render(t, "mode: server", "--kube-version=1.30.0"), "StatefulSet", "rel-hyperfleet")
}

// TestLint fails also if helm lint only warns.
func TestLint(t *testing.T) {
	for _, mode := range []string{"manager", "server"} {
		if out, err := helm(t.Context(), "lint", "--strict", chart, "--set=mode="+mode); err != nil {
			t.Errorf("mode %s: %v\n%s", mode, err, out)
		}
	}
}

// TestSubchart: the schema accepts the values that helm and a parent chart set.
func TestSubchart(t *testing.T) {
	find(t, render(t, "{enabled: true, global: {any: thing}}"), "Deployment", deployed)
}
