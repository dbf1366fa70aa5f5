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

package aggregate

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// adapterConditions returns the condition of each adapter that has a result, keyed
// by the adapter's name. An adapter that reports Unknown keeps its condition.
func adapterConditions(in Input) map[string]v1.ResourceCondition {
	reports := onePerAdapter(in.Reports)
	previous := previousByAdapter(reports, in.Previous)
	conditions := make(map[string]v1.ResourceCondition, len(reports))
	taken := make(map[string]bool, len(reports))
	for _, r := range reports {
		// A report without a result reserves its type too, so that the types of two
		// adapters do not depend on which adapter has the first result.
		name := conditionType(r.Adapter)
		if taken[name] {
			name = qualifiedType(name, r.Adapter)
		}
		taken[name] = true

		known := previous[r.Adapter]
		switch {
		case r.hasResult(in.Generation):
			conditions[r.Adapter] = adapterCondition(name, r, known)
		case r.Available == metav1.ConditionUnknown && known != nil && known.ObservedGeneration <= in.Generation:
			c := *known
			c.Type = name
			conditions[r.Adapter] = c
		}
	}
	return conditions
}

// adapterCondition returns the condition of an adapter that reports True or False.
// AdapterStatus and ResourceCondition have the same limits for reason and message.
func adapterCondition(name string, r Report, previous *v1.ResourceCondition) v1.ResourceCondition {
	c := v1.ResourceCondition{
		Type:               name,
		Status:             r.Available,
		Reason:             r.Reason,
		Message:            r.Message,
		ObservedGeneration: r.Generation,
		CreatedTime:        v1.NewTimestamp(r.Observed),
		LastUpdatedTime:    v1.NewTimestamp(r.Observed),
		LastTransitionTime: v1.NewTimestamp(r.Transition),
	}
	if r.Transition.IsZero() {
		c.LastTransitionTime = c.LastUpdatedTime
	}
	if previous != nil {
		c.CreatedTime = previous.CreatedTime
		if previous.Status == c.Status {
			c.LastTransitionTime = previous.LastTransitionTime
		}
	}
	return c
}

// previousByAdapter returns the previous condition of each adapter. A qualified
// type names its adapter. Where several adapters share a plain type, the condition
// belongs to the adapter whose report it shows, else to the adapter whose report
// was created first.
func previousByAdapter(reports []Report, previous []v1.ResourceCondition) map[string]*v1.ResourceCondition {
	found := make(map[string]*v1.ResourceCondition, len(reports))
	owner := make(map[string]string, len(reports))
	for _, r := range reports {
		plain := conditionType(r.Adapter)
		if c := find(previous, qualifiedType(plain, r.Adapter)); c != nil {
			found[r.Adapter] = c
			continue
		}
		c := find(previous, plain)
		if c == nil {
			continue
		}
		if other, ok := owner[plain]; ok {
			if !shows(c, r) {
				continue
			}
			delete(found, other)
		}
		owner[plain] = r.Adapter
		found[r.Adapter] = c
	}
	return found
}

// shows reports whether c was computed from exactly this report.
func shows(c *v1.ResourceCondition, r Report) bool {
	return c.Status == r.Available && c.ObservedGeneration == r.Generation &&
		c.LastUpdatedTime.Time.Equal(r.Observed) && c.Reason == r.Reason && c.Message == r.Message
}

// conditionType returns the type of an adapter's condition: the adapter
// gcp-provisioner has GcpProvisionerSuccessful.
func conditionType(adapter string) string {
	var b strings.Builder
	b.Grow(len(adapter) + len(v1.AdapterConditionSuffix))
	for word := range strings.SplitSeq(adapter, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]))
			b.WriteString(word[1:])
		}
	}
	b.WriteString(v1.AdapterConditionSuffix)
	return b.String()
}

// qualifiedType returns the type for an adapter whose plain type another adapter
// has: dns2 and dns-2 both map to Dns2Successful. A plain type has no underscore.
func qualifiedType(plain, adapter string) string { return plain + "_" + adapter }

// findOf returns the condition of an adapter, or nil. A condition with the plain
// type may be another adapter's.
func findOf(conditions []v1.ResourceCondition, adapter string) *v1.ResourceCondition {
	plain := conditionType(adapter)
	if c := find(conditions, qualifiedType(plain, adapter)); c != nil {
		return c
	}
	return find(conditions, plain)
}

// find returns the condition of a type, or nil.
func find(conditions []v1.ResourceCondition, name string) *v1.ResourceCondition {
	for i := range conditions {
		if conditions[i].Type == name {
			return &conditions[i]
		}
	}
	return nil
}
