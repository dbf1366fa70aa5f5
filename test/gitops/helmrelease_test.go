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

package gitops

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/fluxcd/pkg/ssa/jsondiff"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const chart = "../../charts/hyperfleet"

// helm runs the program of test/charts, and returns its output.
func helm(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.CommandContext(t.Context(), "go", "-C", "../charts", "tool", "-n", "helm").Output()
	if err != nil {
		t.Fatalf("build helm: %v", err)
	}
	command := exec.CommandContext(t.Context(), strings.TrimSpace(string(path)), args...)
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	if err := command.Run(); err != nil {
		t.Fatalf("helm %s: %v\n%s", args[0], err, &complaint)
	}
	return out.String()
}

// TestHelmRelease detects the drift of a release like Flux's helm-controller. It does not
// run the controller's hooks and upgrades, which are Helm's: test/charts runs them.
func TestHelmRelease(t *testing.T) {
	p := startPlane(t)
	release := func(args ...string) string {
		t.Helper()
		return helm(t, append(args, "--namespace="+ownNamespace, "--kubeconfig="+p.kubeconfig)...)
	}
	release("install", "rel", chart, "--create-namespace")
	if drifted := p.driftOfRelease(t, release("get", "manifest", "rel"), nil); len(drifted) > 0 {
		t.Errorf("%q have drifted after an install", drifted)
	}

	release("upgrade", "rel", chart, "--set=autoscaling.enabled=true")
	if drifted := p.driftOfRelease(t, release("get", "manifest", "rel"), nil); len(drifted) > 0 {
		t.Errorf("%q have drifted after an upgrade", drifted)
	}
	deployment := p.live(t, parse(t, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: hyperfleet-manager, namespace: "+ownNamespace+"}\n"))[0]
	scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 4}}
	if err := p.client.SubResource("scale").Update(t.Context(), deployment, client.WithSubResourceBody(scale)); err != nil {
		t.Fatal(err)
	}
	var ignore jsondiff.IgnoreRules
	for _, rule := range exampleRelease(t).Spec.DriftDetection.Ignore {
		ignore = append(ignore, jsondiff.IgnoreRule{Paths: rule.Paths, Selector: &jsondiff.Selector{Kind: rule.Target.Kind}})
	}
	for want, rules := range map[string]jsondiff.IgnoreRules{"Deployment/hyperfleet-manager": nil, "": ignore} {
		if drifted := strings.Join(p.driftOfRelease(t, release("get", "manifest", "rel"), rules), " "); drifted != want {
			t.Errorf("%q have drifted after the autoscaler's change, want %q", drifted, want)
		}
	}
}

// driftOfRelease returns the names of the objects that differ from the manifest of a
// release.
func (p *plane) driftOfRelease(t *testing.T, manifest string, ignore jsondiff.IgnoreRules) []string {
	t.Helper()
	differences, err := jsondiff.UnstructuredList(t.Context(), p.client, parse(t, manifest), jsondiff.FieldOwner("helm-controller"), jsondiff.Rationalize(true), ignore)
	if err != nil {
		t.Fatal(err)
	}
	var drifted []string
	for _, difference := range differences {
		if difference.Type != jsondiff.DiffTypeNone {
			drifted = append(drifted, difference.GroupVersionKind().Kind+"/"+difference.GetName())
		}
	}
	slices.Sort(drifted)
	return drifted
}
