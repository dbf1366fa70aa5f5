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

package mapping

import (
	"fmt"

	"github.com/google/cel-go/common/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Input is all that the mapped conditions of a resource depend on.
type Input struct {
	Resource Resource

	// Reports are the reports on the resource, at most one per adapter.
	Reports []Report
}

// Resource is the Cluster or NodePool, with the values that the REST API shows.
type Resource struct {
	ID, Name, Kind string
	Generation     int64
	Labels         map[string]string

	// Spec is the REST spec: a JSON object, or empty.
	Spec []byte
}

// Report is one adapter's report.
type Report struct {
	Adapter            string
	ObservedGeneration int64

	// Conditions are all conditions of the report. Rules do not see Unknown conditions.
	Conditions []v1.AdapterCondition

	// Data is the report's free-form data: a JSON object, or empty.
	Data []byte
}

// variables returns the variables that expressions see. Each variable is computed when an
// expression first needs it, and only once for all rules.
func (in Input) variables() map[string]any {
	return map[string]any{
		statusesVariable: func() any { return statuses(in.Reports) },
		resourceVariable: func() any { return in.Resource.value() },
	}
}

func statuses(reports []Report) any {
	values := make([]any, len(reports))
	for i, r := range reports {
		data, err := object(r.Data)
		if err != nil {
			return types.WrapErr(fmt.Errorf("data of the report by %s: %w", r.Adapter, err))
		}
		conditions := make([]any, 0, len(r.Conditions))
		for _, c := range r.Conditions {
			if c.Status == metav1.ConditionUnknown {
				continue
			}
			conditions = append(conditions, map[string]any{
				"type":    c.Type,
				"status":  string(c.Status),
				"reason":  c.Reason,
				"message": c.Message,
			})
		}
		values[i] = map[string]any{
			"adapter":             r.Adapter,
			"observed_generation": r.ObservedGeneration,
			"conditions":          conditions,
			"data":                data,
		}
	}
	return values
}

func (r Resource) value() any {
	spec, err := object(r.Spec)
	if err != nil {
		return types.WrapErr(fmt.Errorf("spec of the resource: %w", err))
	}
	labels := make(map[string]any, len(r.Labels))
	for key, value := range r.Labels {
		labels[key] = value
	}
	return map[string]any{
		"id":         r.ID,
		"name":       r.Name,
		"kind":       r.Kind,
		"generation": r.Generation,
		"spec":       spec,
		"metadata":   map[string]any{"labels": labels},
	}
}

// object decodes a JSON object. Its integers stay integers, as in the CEL of
// Kubernetes.
func object(raw []byte) (map[string]any, error) {
	members := map[string]any{}
	if len(raw) == 0 {
		return members, nil
	}
	err := json.Unmarshal(raw, &members)
	return members, err
}
