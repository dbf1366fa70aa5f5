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

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// TestInstall sends everything that kubectl apply -k would send to a real API server, and
// the pods of the Deployment, as dry runs. They leave no objects.
func TestInstall(t *testing.T) {
	f := newFleet(t, besideAPIServer)
	f.startControlPlane(t)
	for _, folder := range []string{"config/default"} {
		out := f.kubectl(t, render(t, folder), "apply", "--server-side", "--dry-run=server", "--force-conflicts", "-f", "-")
		if strings.Contains(strings.ToLower(out), "warning") {
			t.Errorf("apply -k %s warns:\n%s", folder, out)
		}
		pod := podOf(install(t, folder).deployment)
		if out, err := f.tryKubectl(t, toJSON(t, pod), "create", "--dry-run=server", "-f", "-"); err != nil || strings.Contains(out, "Warning") {
			t.Errorf("a pod of %s is not admitted: %v\n%s", folder, err, out)
		}
		// A bad pod proves that the API server checks pods.
		pod.Spec.Containers[0].SecurityContext.ReadOnlyRootFilesystem = nil
		pod.Spec.Containers[0].SecurityContext.Capabilities = nil
		if out, err := f.tryKubectl(t, toJSON(t, pod), "create", "--dry-run=server", "-f", "-"); err == nil || !strings.Contains(out, "violates PodSecurity") {
			t.Errorf("a pod that keeps its capabilities is admitted: %s", out)
		}
	}
}

// TestDeployment checks that the parts of the installation are consistent with each other
// and with the manager.
func TestDeployment(t *testing.T) {
	is := install(t, "config/default")
	container := is.deployment.Spec.Template.Spec.Containers[0]
	ports := map[string]int32{}
	for _, port := range container.Ports {
		ports[port.Name] = port.ContainerPort
	}
	flags := flagsOf(t)
	if want := []string{"/hyperfleet", "manager"}; !slices.Equal(container.Command, want) {
		t.Errorf("the container runs %q, want %q", container.Command, want)
	}
	args := map[string]string{}
	for _, arg := range container.Args {
		name, value, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		args[name] = value
		if !slices.Contains(flags, name) {
			t.Errorf("the manager has no flag %s", arg)
		}
	}

	listeners := map[string]string{"rest": "facade-bind-address", "probes": "health-probe-bind-address", "metrics": "metrics-bind-address"}
	for name, flag := range listeners {
		host, port, err := net.SplitHostPort(args[flag])
		if err != nil {
			t.Errorf("--%s=%s: %v", flag, args[flag], err)
			continue
		}
		if want := strconv.Itoa(int(ports[name])); host == "" && port != want {
			t.Errorf("--%s=%s, want the container's port %s, %s", flag, args[flag], name, want)
		}
	}
	for name, probe := range map[string]*corev1.Probe{"startup": container.StartupProbe, "liveness": container.LivenessProbe, "readiness": container.ReadinessProbe} {
		wantPath := "/healthz"
		if name == "readiness" {
			wantPath = "/readyz"
		}
		if probe == nil || probe.HTTPGet.Port != intstr.FromString("probes") || probe.HTTPGet.Path != wantPath {
			t.Errorf("the %s probe is %v, want one of %s", name, probe, wantPath)
		}
	}
	for _, port := range is.service.Spec.Ports {
		if _, ok := ports[port.TargetPort.String()]; !ok {
			t.Errorf("the Service has a target port %s that the container lacks", &port.TargetPort)
		}
	}
	for _, rule := range is.network.Spec.Ingress {
		for _, port := range rule.Ports {
			if _, ok := ports[port.Port.String()]; !ok {
				t.Errorf("the NetworkPolicy opens a port %s that the container lacks", port.Port)
			}
			delete(ports, port.Port.String())
		}
	}
	if len(ports) > 0 {
		t.Errorf("the NetworkPolicy does not open %q", slices.Sorted(maps.Keys(ports)))
	}

	pods := labels.Set(is.deployment.Spec.Template.Labels)
	for what, selector := range map[string]*metav1.LabelSelector{
		"Deployment": is.deployment.Spec.Selector, "PodDisruptionBudget": is.budget.Spec.Selector, "NetworkPolicy": &is.network.Spec.PodSelector,
		"Service": {MatchLabels: is.service.Spec.Selector},
	} {
		if s, err := metav1.LabelSelectorAsSelector(selector); err != nil || s.Empty() || !s.Matches(pods) {
			t.Errorf("the %s does not select the pods (%v)", what, err)
		}
	}
	if *is.deployment.Spec.Replicas < 2 || is.deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntValue() != 0 {
		t.Error("a rolling restart leaves less than two replicas")
	}
	if request, limit := container.Resources.Requests.Memory(), container.Resources.Limits.Memory(); request.IsZero() || request.Cmp(*limit) >= 0 {
		t.Errorf("GOMEMLIMIT is the requested memory, %s, which is not below the limit, %s", request, limit)
	}
}

// installation is the output of a kustomization, by Kind.
type installation struct {
	deployment appsv1.Deployment
	service    corev1.Service
	budget     policyv1.PodDisruptionBudget
	network    networkingv1.NetworkPolicy
}

func install(t *testing.T, folder string) *installation {
	t.Helper()
	is := &installation{}
	kinds := map[string]any{"Deployment": &is.deployment, "Service": &is.service, "PodDisruptionBudget": &is.budget, "NetworkPolicy": &is.network}
	decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(render(t, folder)), 4096)
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		var kind metav1.TypeMeta
		if err := json.Unmarshal(raw, &kind); err != nil {
			t.Fatal(err)
		}
		if into, ok := kinds[kind.Kind]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				t.Fatal(err)
			}
			delete(kinds, kind.Kind)
		}
	}
	if len(kinds) > 0 {
		t.Fatalf("%s has no %q", folder, slices.Sorted(maps.Keys(kinds)))
	}
	return is
}

func render(t *testing.T, folder string) string {
	t.Helper()
	command := exec.Command(filepath.Join(assets(), "kubectl"), "kustomize", folder)
	command.Dir = root()
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	if err := command.Run(); err != nil || complaint.Len() > 0 {
		t.Fatalf("kubectl kustomize %s: %v\n%s", folder, err, &complaint)
	}
	return out.String()
}

// podOf returns the pod that the Deployment would create.
func podOf(d appsv1.Deployment) *corev1.Pod {
	pod := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: d.Spec.Template.ObjectMeta,
		Spec:       *d.Spec.Template.Spec.DeepCopy(),
	}
	pod.Name, pod.Namespace = d.Name, d.Namespace
	return pod
}

// flagsOf returns the manager's flags.
func flagsOf(t *testing.T) []string {
	t.Helper()
	text, err := exec.Command(filepath.Join(bin, "hyperfleet"), "manager", "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^      --(\S+)`).FindAllStringSubmatch(string(text), -1) {
		names = append(names, match[1])
	}
	return names
}

func toJSON(t *testing.T, object any) string {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
