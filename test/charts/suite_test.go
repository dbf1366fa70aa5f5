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
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	repository = "../.."
	chart      = repository + "/charts/hyperfleet"
)

// helmProgram is the path of helm, at the version in go.mod.
var helmProgram string

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	code := 1
	if err := setUp(); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// scratch is a folder for the files that all tests share.
var scratch string

func setUp() (err error) {
	if scratch, err = os.MkdirTemp("", "hyperfleet-charts-"); err != nil {
		return err
	}
	// From these folders, helm would read the configuration and plugins of the user who
	// runs the test.
	for _, name := range []string{"HELM_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_DATA_HOME", "HELM_PLUGINS"} {
		if err := os.Setenv(name, filepath.Join(scratch, "helm")); err != nil {
			return err
		}
	}
	out, err := exec.Command("go", "tool", "-n", "helm").Output()
	if err != nil {
		return fmt.Errorf("build helm: %w", err)
	}
	helmProgram = strings.TrimSpace(string(out))
	build := exec.Command("make", "build", "BIN="+scratch)
	build.Dir = repository
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

// program is the path of hyperfleet, as it is in the image.
func program() string { return filepath.Join(scratch, "hyperfleet") }

// helm runs helm and returns its standard output. The error contains standard error.
func helm(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, helmProgram, args...)
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	if err := command.Run(); err != nil {
		return out.String(), fmt.Errorf("helm %s: %w\n%s", args[0], err, &complaint)
	}
	return out.String(), nil
}

// template returns the output of helm template for the chart with values, a YAML
// document.
func template(t *testing.T, values string, args ...string) (string, error) {
	t.Helper()
	// Not t.TempDir: a test's name may contain a comma, which helm parses as a separator.
	file, err := os.CreateTemp(scratch, "values-*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(values); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return helm(t.Context(), append([]string{"template", "rel", chart, "--namespace=hyperfleet-system", "--values=" + file.Name()}, args...)...)
}

// render returns the objects that helm renders from the chart with values, in order.
func render(t *testing.T, values string, args ...string) []*unstructured.Unstructured {
	t.Helper()
	out, err := template(t, values, args...)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, out)
}

// decode returns the objects of a stream of YAML documents.
func decode(t *testing.T, stream string) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(stream), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); err != nil {
			if errors.Is(err, io.EOF) {
				return objects
			}
			t.Fatal(err)
		}
		if len(object.Object) > 0 { // a template may render a comment only
			objects = append(objects, object)
		}
	}
}

// key names an object by Kind, namespace and name.
func key(object *unstructured.Unstructured) string {
	return strings.TrimPrefix(object.GetKind()+"/"+object.GetNamespace()+"/"+object.GetName(), "/")
}

// find returns the only object with a Kind and name.
func find(t *testing.T, objects []*unstructured.Unstructured, kind, name string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() == kind && object.GetName() == name {
			return object
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return nil
}

// isHook reports whether helm creates an object only at an event, such as uninstalling.
func isHook(object *unstructured.Unstructured) bool {
	return object.GetAnnotations()["helm.sh/hook"] != ""
}

// assets is the folder of etcd, kube-apiserver and kubectl.
func assets() string {
	if folder := os.Getenv("KUBEBUILDER_ASSETS"); folder != "" {
		return folder
	}
	return filepath.Join(repository, "bin", "controlplane")
}

// kubectl runs kubectl without a cluster, or with the cluster of a kubeconfig.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(assets(), "kubectl"), args...)
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	if err := command.Run(); err != nil || complaint.Len() > 0 {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, &complaint)
	}
	return out.String()
}
