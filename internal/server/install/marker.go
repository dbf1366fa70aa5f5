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

package install

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// A Marker shows when the API server follows the admission policies that were stored or
// deleted before it. It consists of two policies and their bindings, which have an effect
// only on a dry run of one report. The API server learns of the objects of each kind in the
// order of their writes, and so of a marker's after all that came before. The exception is a
// policy that arrives while the API server reads all policies, which takes milliseconds: such
// a policy may come into force with the next reading, a second later.
type Marker struct {
	api    client.Client
	name   string
	report *v1.AdapterStatus
	warned atomic.Bool // whether the API server has warned with the marker's name
}

// Mark stores a new Marker. The configuration must be an administrator's, and the namespace
// must exist.
func Mark(ctx context.Context, config *rest.Config, namespace string) (*Marker, error) {
	m := &Marker{name: "hyperfleet-in-force-" + strings.ToLower(rand.Text())}
	m.report = newProbe(namespace, m.name, "probe")
	config = rest.CopyConfig(config)
	config.WarningHandler = m
	var err error
	if m.api, err = newClient(config); err != nil {
		return nil, err
	}
	for _, object := range m.objects() {
		if err := m.api.Create(ctx, object); err != nil {
			return nil, fmt.Errorf("create %T %s: %w", object, m.name, err)
		}
	}
	return m, nil
}

// objects returns the objects of the marker, each policy before its binding. The mutating
// policy sets a message in the report, and the validating policy warns of this message. A
// warning, unlike a refusal, does not depend on what other policies say about the report.
func (m *Marker) objects() []client.Object {
	// If a start ends before it removes the marker, the next Apply does.
	meta := metav1.ObjectMeta{Name: m.name, Labels: map[string]string{ownerLabel: fieldManager}}
	exact := admissionregistrationv1.Exact
	report := &admissionregistrationv1.MatchResources{
		MatchPolicy: &exact,
		ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
			ResourceNames: []string{m.report.Name},
			RuleWithOperations: admissionregistrationv1.RuleWithOperations{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule: admissionregistrationv1.Rule{
					APIGroups: []string{v1.GroupVersion.Group}, APIVersions: []string{v1.GroupVersion.Version}, Resources: []string{"adapterstatuses"},
				},
			},
		}},
	}
	dryRun := []admissionregistrationv1.MatchCondition{{Name: "dry-run", Expression: "has(request.dryRun) && request.dryRun"}}
	return []client.Object{
		&admissionregistrationv1.MutatingAdmissionPolicy{ObjectMeta: meta, Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
			MatchConstraints:   report,
			MatchConditions:    dryRun,
			ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
			Mutations: []admissionregistrationv1.Mutation{{
				PatchType: admissionregistrationv1.PatchTypeJSONPatch,
				JSONPatch: &admissionregistrationv1.JSONPatch{
					Expression: fmt.Sprintf("[JSONPatch{op: 'add', path: '/spec/conditions/0/message', value: '%s'}]", m.name),
				},
			}},
		}},
		&admissionregistrationv1.MutatingAdmissionPolicyBinding{ObjectMeta: meta,
			Spec: admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: m.name}},
		&admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: meta, Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: report,
			MatchConditions:  dryRun,
			Validations: []admissionregistrationv1.Validation{{
				Expression: fmt.Sprintf("object.spec.conditions[0].?message.orValue('') != '%s'", m.name),
				Message:    "the policies of this marker are in force",
			}},
		}},
		&admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: meta, Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: m.name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Warn},
		}},
	}
}

// HandleWarningHeader implements rest.WarningHandler.
func (m *Marker) HandleWarningHeader(_ int, _, text string) {
	if strings.Contains(text, m.name) {
		m.warned.Store(true)
	}
}

// probe returns nil once both policies have an effect.
func (m *Marker) probe(ctx context.Context) error {
	err := m.api.Create(ctx, m.report.DeepCopy(), client.DryRunAll)
	switch {
	case m.warned.Load(): // also if another policy refuses the message
		return nil
	case err != nil:
		return err
	default:
		return errors.New("the policies that were stored last have no effect")
	}
}

// remove deletes the marker from the API server.
func (m *Marker) remove(ctx context.Context) error {
	for _, object := range m.objects() {
		if err := client.IgnoreNotFound(m.api.Delete(ctx, object)); err != nil {
			return fmt.Errorf("delete %T %s: %w", object, m.name, err)
		}
	}
	return nil
}
