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

package rules_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/testenv"
)

const (
	clusters        = "clusters"
	nodepools       = "nodepools"
	adapterstatuses = "adapterstatuses"
)

var (
	env      *testenv.Env
	api      *discovery.DiscoveryClient
	auditLog string // the file
)

func TestAPI(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(3 * time.Minute) // only a spec that fails waits for so long
	EnforceDefaultTimeoutsWhenUsingContexts()
	RunSpecs(t, "API")
}

var _ = BeforeSuite(func(ctx context.Context) {
	var err error
	folder := GinkgoT().TempDir()
	auditLog = filepath.Join(folder, "audit.log")
	auditPolicy := filepath.Join(folder, "audit-policy.yaml")
	Expect(os.WriteFile(auditPolicy, []byte("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, omitStages: [RequestReceived], "+
		"resources: [{group: hyperfleet.io}]}, {level: None}]"), 0o600)).To(Succeed())
	env, err = testenv.Start(ctx, testenv.WithAuditLog(auditPolicy, auditLog))
	DeferCleanup(func() error { return env.Stop() })
	Expect(err).NotTo(HaveOccurred())
	Expect(env.InstallRoles(ctx)).To(Succeed())
	config := rest.CopyConfig(env.Config)
	config.WarningHandler = rest.NoWarnings{} // specs send unknown fields on purpose
	api = discovery.NewDiscoveryClientForConfigOrDie(config)
}, NodeTimeout(10*time.Minute))

// newNamespace returns the name of a new namespace for one Ginkgo spec.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace, err := env.NewNamespace(ctx)
	Expect(err).NotTo(HaveOccurred())
	return namespace
}

// The functions below send and return bytes, so that no Go type changes a request or
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

// denial returns the message by which the named ValidatingAdmissionPolicy refused a
// request.
func denial(err error, policy string) string {
	GinkgoHelper()
	Expect(err).To(HaveOccurred(), "want a refusal by %s", policy)
	_, message, ok := strings.Cut(err.Error(), fmt.Sprintf("ValidatingAdmissionPolicy '%s' with binding '%[1]s' denied request: ", policy))
	Expect(ok).To(BeTrue(), "want a refusal by %s, got %v", policy, err)
	return message
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

// clientWith returns a client of a user who has the named ClusterRoles in a namespace.
func clientWith(ctx context.Context, namespace, user string, roles ...string) client.Client {
	GinkgoHelper()
	for _, role := range roles {
		bind(ctx, namespace, user, "ClusterRole", role)
	}
	c, err := env.As(user)
	Expect(err).NotTo(HaveOccurred())
	return c
}

// bind gives a role to a user, and waits until the API server's authorizer knows of it: its
// watch delivers roles and their bindings with a delay.
func bind(ctx context.Context, namespace, user, kind, role string) {
	GinkgoHelper()
	Expect(env.Client.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "test-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	})).To(Succeed())
	rules := rulesOf(ctx, namespace, kind, role)
	Expect(rules).NotTo(BeEmpty())
	Eventually(func(g Gomega) {
		for _, rule := range rules {
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: inRule(namespace, rule)}}
			g.Expect(env.Client.Create(ctx, review)).To(Succeed())
			g.Expect(review.Status.Allowed).To(BeTrue(), "%s may not %v", user, review.Spec.ResourceAttributes)
		}
	}).Should(Succeed())
}

func rulesOf(ctx context.Context, namespace, kind, role string) []rbacv1.PolicyRule {
	GinkgoHelper()
	if kind == "ClusterRole" {
		stored := &rbacv1.ClusterRole{}
		Expect(env.Client.Get(ctx, client.ObjectKey{Name: role}, stored)).To(Succeed())
		return stored.Rules
	}
	stored := &rbacv1.Role{}
	Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: role}, stored)).To(Succeed())
	return stored.Rules
}

// inRule returns a request that a rule allows.
func inRule(namespace string, rule rbacv1.PolicyRule) *authorizationv1.ResourceAttributes {
	resource, subresource, _ := strings.Cut(rule.Resources[0], "/")
	request := &authorizationv1.ResourceAttributes{
		Namespace: namespace, Verb: rule.Verbs[0], Group: rule.APIGroups[0], Resource: resource, Subresource: subresource,
	}
	if len(rule.ResourceNames) > 0 {
		request.Name = rule.ResourceNames[0]
	}
	return request
}

// withoutBinding calls do while the named ValidatingAdmissionPolicyBinding does not
// exist. inForce reports whether the API server applies the policy.
func withoutBinding(ctx context.Context, name string, inForce func() bool, do func()) {
	GinkgoHelper()
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
	Expect(env.Client.Get(ctx, client.ObjectKey{Name: name}, binding)).To(Succeed())
	Expect(env.Client.Delete(ctx, binding)).To(Succeed())
	Eventually(inForce).Should(BeFalse())
	defer func() {
		binding.ResourceVersion = ""
		Expect(env.Client.Create(ctx, binding)).To(Succeed())
		Eventually(inForce).Should(BeTrue())
	}()
	do()
}
