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

package v1_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/testenv"
)

const (
	clusters        = "clusters"
	nodepools       = "nodepools"
	adapterstatuses = "adapterstatuses"
)

var (
	env *testenv.Env
	api *discovery.DiscoveryClient
)

func TestAPI(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "API")
}

var _ = BeforeSuite(func(ctx context.Context) {
	var err error
	env, err = testenv.Start(ctx)
	DeferCleanup(func() error { return env.Stop() })
	Expect(err).NotTo(HaveOccurred())
	config := rest.CopyConfig(env.Config)
	config.WarningHandler = rest.NoWarnings{} // specs send unknown fields on purpose
	api = discovery.NewDiscoveryClientForConfigOrDie(config)
}, NodeTimeout(3*time.Minute))

// newNamespace returns the name of a new namespace for one spec.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace, err := env.NewNamespace(ctx)
	Expect(err).NotTo(HaveOccurred())
	return namespace
}

// The functions below send and return bytes, so no Go type changes a request or
// hides part of an answer. A body is YAML or JSON.

func post(ctx context.Context, namespace, resource, body string) ([]byte, error) {
	return send(ctx, api.RESTClient().Post().SetHeader("Content-Type", runtime.ContentTypeJSON), path(namespace, resource), body)
}

// put replaces the stored object regardless of its resourceVersion.
func put(ctx context.Context, namespace, resource, name, body string) ([]byte, error) {
	stored, err := get(ctx, namespace, resource, name)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(body), &object.Object); err != nil {
		return nil, err
	}
	object.SetResourceVersion(stored.GetResourceVersion())
	changed, err := object.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return send(ctx, api.RESTClient().Put().SetHeader("Content-Type", runtime.ContentTypeJSON), path(namespace, resource, name), string(changed))
}

func get(ctx context.Context, namespace, resource, name string) (*unstructured.Unstructured, error) {
	text, err := api.RESTClient().Get().AbsPath(path(namespace, resource, name)).Do(ctx).Raw()
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	return object, object.UnmarshalJSON(text)
}

func patch(ctx context.Context, namespace, resource, name string, kind types.PatchType, body string) ([]byte, error) {
	return send(ctx, api.RESTClient().Patch(kind), path(namespace, resource, name), body)
}

func path(namespace string, segments ...string) string {
	return "/apis/" + v1.GroupVersion.String() + "/namespaces/" + namespace + "/" + strings.Join(segments, "/")
}

func send(ctx context.Context, request *rest.Request, path, body string) ([]byte, error) {
	if !json.Valid([]byte(body)) {
		converted, err := yaml.YAMLToJSON([]byte(body))
		if err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
		body = string(converted)
	}
	result := request.AbsPath(path).Body([]byte(body)).Do(ctx)
	if err := result.Error(); err != nil { // unlike Raw, Error reads the reasons
		return nil, err
	}
	return result.Raw()
}

// causes returns the causes of a refusal by the API server, as "field: message".
func causes(err error) []string {
	GinkgoHelper()
	var status *apierrors.StatusError
	Expect(errors.As(err, &status)).To(BeTrue(), "want a refusal of the API server, got %v", err)
	Expect(status.ErrStatus.Code).To(BeNumerically(">=", 400))
	Expect(status.ErrStatus.Code).To(BeNumerically("<", 500))
	if status.ErrStatus.Details == nil || len(status.ErrStatus.Details.Causes) == 0 {
		return []string{status.ErrStatus.Message}
	}
	var found []string
	for _, cause := range status.ErrStatus.Details.Causes {
		if strings.Contains(cause.Message, "some validation rules were not checked") {
			continue // every refusal by the schema has this cause
		}
		found = append(found, cause.Field+": "+cause.Message)
	}
	return found
}

// notASubdomain is the cause for a name with characters that Kubernetes forbids.
func notASubdomain(name string) string {
	return fmt.Sprintf("metadata.name: Invalid value: %q: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "+
		"'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "+
		`regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`, name)
}

// clientAs returns a client of the named user, who has all rights.
func clientAs(user string) client.Client {
	GinkgoHelper()
	c, err := env.As(user, "system:masters")
	Expect(err).NotTo(HaveOccurred())
	return c
}
