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
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// keptResult says which result of an adapter is kept.
type keptResult struct {
	ObservedGeneration int64        `json:"observedGeneration"`
	LastUpdatedTime    v1.Timestamp `json:"lastUpdatedTime"`
}

// Kept returns the adapters, sorted by name, whose stored conditions stay although no
// report has their result, as v1.KeptResultsAnnotation says. The annotation is void for
// an adapter whose condition rests on another report by now, and as a whole if it is
// malformed.
func Kept(annotations map[string]string, conditions []v1.ResourceCondition) []string {
	return slices.Sorted(maps.Keys(kept(annotations, conditions)))
}

// Keep returns the v1.KeptResultsAnnotation with which the stored result of the adapter
// stays known after its report is deleted, and false if no result is stored.
func Keep(annotations map[string]string, conditions []v1.ResourceCondition, adapter string) (annotation string, known bool, err error) {
	c := findOf(conditions, adapter)
	if c == nil {
		return "", false, nil
	}
	results := kept(annotations, conditions)
	results[adapter] = resultOf(c)
	value, err := json.Marshal(results)
	if err != nil {
		return "", true, fmt.Errorf("encode the kept results: %w", err)
	}
	return string(value), true, nil
}

// IsOutdated reports whether the conditions rest on a newer report of the adapter
// than r.
func IsOutdated(r Report, conditions []v1.ResourceCondition) bool {
	c := findOf(conditions, r.Adapter)
	return c != nil && compareToReport(c, r) > 0
}

func resultOf(c *v1.ResourceCondition) keptResult {
	return keptResult{c.ObservedGeneration, c.LastUpdatedTime}
}

// kept returns the entries of the annotation that are not void.
func kept(annotations map[string]string, conditions []v1.ResourceCondition) map[string]keptResult {
	var results map[string]keptResult
	value, ok := annotations[v1.KeptResultsAnnotation]
	if !ok || json.Unmarshal([]byte(value), &results) != nil || results == nil {
		return map[string]keptResult{}
	}
	maps.DeleteFunc(results, func(adapter string, r keptResult) bool {
		c := findOf(conditions, adapter)
		return c == nil || c.ObservedGeneration != r.ObservedGeneration || !c.LastUpdatedTime.Equal(r.LastUpdatedTime)
	})
	return results
}
