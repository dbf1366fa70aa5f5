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

package controllers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/mapping"
)

// applyRules evaluates the rules of the configuration for the mapped conditions of obj. A
// rule that fails yields no condition; an Event shows why.
func (a aggregator) applyRules(ctx context.Context, obj parent, c *computation) error {
	rules := a.Adapters.Mapping(a.kind)
	if rules == nil {
		return nil
	}
	spec, err := a.spec(ctx, obj)
	if err != nil {
		return err
	}
	in := mapping.Input{Resource: mapping.Resource{
		ID:         v1.ID(obj.GetUID()),
		Name:       obj.GetName(),
		Kind:       a.kind,
		Generation: obj.GetGeneration(),
		Labels:     map[string]string{},
		Spec:       spec,
	}}
	if a.kind == v1.NodePoolKind {
		in.Resource.Name = v1.PoolName(obj.GetName())
	}
	for key, value := range obj.GetLabels() {
		if !strings.HasPrefix(key, v1.OwnPrefix) {
			in.Resource.Labels[key] = value
		}
	}
	for _, report := range c.reports {
		if _, implausible := aggregate.Implausible(aggregate.ReportOf(report), obj.GetGeneration(), c.in.Now); implausible {
			continue
		}
		data, err := a.data(report)
		if err != nil {
			return err
		}
		in.Reports = append(in.Reports, mapping.Report{
			Adapter:            report.Spec.Adapter,
			ObservedGeneration: report.Spec.ObservedGeneration,
			Conditions:         report.Spec.Conditions,
			Data:               data,
		})
	}
	conditions, failures := rules.Evaluate(in)
	c.in.Mapped = make([]aggregate.Mapped, len(conditions))
	for i, condition := range conditions {
		c.in.Mapped[i] = aggregate.Mapped(condition)
	}
	if len(failures) > 0 {
		a.recorder.mappingFailed(obj, errors.Join(failures...))
	}
	return nil
}

// spec returns the spec of obj as REST shows it. The reconcilers' cache lacks the spec.
// If the replica has another generation of obj, spec reads the API server.
func (a aggregator) spec(ctx context.Context, obj parent) ([]byte, error) {
	if spec, known, err := a.Spec(a.kind, obj); known || err != nil {
		return spec, err
	}
	stored := newParent(a.kind)
	if err := a.APIReader.Get(ctx, client.ObjectKeyFromObject(obj), stored); err != nil {
		return nil, fmt.Errorf("get the spec of %s: %w", obj.GetName(), err)
	}
	var raw runtime.RawExtension
	switch o := stored.(type) {
	case *v1.Cluster:
		raw = o.Spec
	case *v1.NodePool:
		raw = o.Spec.Fields
	}
	return raw.Raw, nil
}

// data returns the free-form data of a report. A report from the replica lacks them, so
// data reads the index. If the index has a newer version of the report by now, there are
// no data: the newer version enqueues the resource again.
func (a aggregator) data(report *v1.AdapterStatus) ([]byte, error) {
	if report.Spec.Data != nil {
		return report.Spec.Data.Raw, nil
	}
	data, _, err := a.Reports.Data(report)
	return data, err
}
