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
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// TestPods: the API server admits the chart's pods to a namespace that enforces the
// strictest policy.
func TestPods(t *testing.T) {
	p := startPlane(t)
	p.createNamespace(t, "hyperfleet-system", map[string]string{"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"})
	admit := func(object *unstructured.Unstructured) error {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "hyperfleet-system"}}
		content, _, err := unstructured.NestedMap(object.Object, "spec", "template", "spec")
		if err != nil {
			return err
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(content, &pod.Spec, true); err != nil {
			return err
		}
		for _, template := range claimsOf(t, object) {
			pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: template, VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: template},
			}})
		}
		return p.client.Create(t.Context(), pod, client.DryRunAll)
	}
	for _, values := range []string{"", "mode: server", "uninstall: {deleteObjects: true}", "{mode: server, persistence: {enabled: false}, tls: {secretName: a}}"} {
		pods := 0
		for _, object := range render(t, values) {
			switch object.GetKind() {
			case "Deployment", "StatefulSet", "Job":
				pods++
				if err := admit(object); err != nil {
					t.Errorf("with %q, a pod of %s is not admitted: %v", values, key(object), err)
				}
			}
		}
		if pods == 0 {
			t.Errorf("with %q there are no pods", values)
		}
	}
	bad := find(t, render(t, "securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: true}"), "Deployment", deployed)
	if err := admit(bad); err == nil || !strings.Contains(err.Error(), "violates PodSecurity") {
		t.Errorf("Create() of a pod that may escalate privileges = %v", err)
	}
}

// claimsOf returns the names of the volumes that a StatefulSet adds to its pods.
func claimsOf(t *testing.T, object *unstructured.Unstructured) []string {
	t.Helper()
	set := &appsv1.StatefulSet{}
	if object.GetKind() != "StatefulSet" {
		return nil
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, set); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, claim := range set.Spec.VolumeClaimTemplates {
		names = append(names, claim.Name)
	}
	return names
}

// TestServer runs the server with the arguments of the StatefulSet, and connects to its
// Kubernetes API with the names of the Service.
func TestServer(t *testing.T) {
	p := startPlane(t)
	p.createNamespace(t, "hyperfleet-system", nil)
	p.mustHelm(t, "install", "one", chart, "--namespace=hyperfleet-system", "--set=mode=server,servedNamespace=fleet,server.tlsSANs={fleet.example.com}")
	set := &appsv1.StatefulSet{}
	if err := p.client.Get(t.Context(), client.ObjectKey{Namespace: "hyperfleet-system", Name: "one-hyperfleet"}, set); err != nil {
		t.Fatal(err)
	}
	dir, spec := t.TempDir(), &set.Spec.Template.Spec
	args, err := p.arguments(t.Context(), dir, "hyperfleet-system", spec, &spec.Containers[0])
	if err != nil {
		t.Fatal(err)
	}
	port := process.PortFor(t)
	startProgram(t, dir, append(args, "--kubernetes-bind-address=127.0.0.1:"+strconv.Itoa(port)))

	kubeconfig := filepath.Join(dir, "data", "kubeconfig")
	run := func(args ...string) (string, error) {
		command := exec.CommandContext(t.Context(), program(), append([]string{"kubectl"}, args...)...)
		command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "HOME="+dir)
		out, err := command.CombinedOutput()
		return string(out), err
	}
	for _, name := range []string{"one-hyperfleet", "one-hyperfleet.hyperfleet-system.svc", "fleet.example.com"} {
		if out, err := run("get", "clusters.hyperfleet", "--namespace=fleet", "--tls-server-name="+name); err != nil {
			t.Errorf("kubectl at %s: %v\n%s", name, err, out)
		}
	}
	if out, err := run("get", "clusters.hyperfleet", "--tls-server-name=other.example.com"); err == nil {
		t.Errorf("the server's certificate has a name that it was not given: %s", out)
	}
	if out, err := run("create", "token", "dev", "--namespace=fleet"); err != nil {
		t.Errorf("the notes' token: %v\n%s", err, out)
	}
	p.mustHelm(t, "uninstall", "one", "--namespace=hyperfleet-system")
}
