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
	"time"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// maxKept bounds the adapters in one annotation, because an adapter can report under any
// number of names. At most this many adapters have a condition.
const maxKept = 100

// Kept returns the adapters, sorted by name, whose stored conditions stay although no
// report has their result, according to v1.KeptResultsAnnotation. The annotation is void
// for an adapter whose condition rests on another report by now, and as a whole if it is
// malformed.
func Kept(annotations map[string]string, conditions []v1.ResourceCondition) []string {
	var adapters []string
	for adapter, results := range keptResults(annotations) {
		if c := findOf(conditions, adapter); c != nil && slices.Contains(results, resultOf(c)) {
			adapters = append(adapters, adapter)
		}
	}
	slices.Sort(adapters)
	return adapters
}

// Keep returns the v1.KeptResultsAnnotation with which the result of the adapter stays
// known after its implausible report r is deleted. The annotation lists the stored
// result, and the result that the report has or keeps: before the report is deleted, the
// parent may reach its generation, and the conditions then include its result.
func Keep(annotations map[string]string, conditions []v1.ResourceCondition, r Report) (annotation string, err error) {
	results := keptResults(annotations)
	maps.DeleteFunc(results, func(adapter string, kept []string) bool {
		c := findOf(conditions, adapter)
		if c == nil {
			return len(results) >= maxKept
		}
		return !slices.Contains(kept, resultOf(c))
	})
	said, _ := r.result()
	results[r.Adapter] = []string{result(said.Generation, said.Observed)}
	if c := findOf(conditions, r.Adapter); c != nil {
		results[r.Adapter] = append(results[r.Adapter], resultOf(c))
	}
	value, err := json.Marshal(results)
	if err != nil {
		return "", fmt.Errorf("encode the kept results: %w", err)
	}
	return string(value), nil
}

// IsOutdated reports whether the conditions rest on a report of the adapter that is newer
// than r. r must be plausible at the time now.
func IsOutdated(r Report, conditions []v1.ResourceCondition, now time.Time) bool {
	c := findOf(conditions, r.Adapter)
	return c != nil && isOlder(r, c, now)
}

// isOlder reports whether r, which is plausible, is older than the report that c rests
// on. If c has a time from the future, a clock was wrong when that report was made, and
// isOlder ignores the time. Otherwise no report would count until that time has come.
func isOlder(r Report, c *v1.ResourceCondition, now time.Time) bool {
	if c.ObservedGeneration == r.Generation && v1.IsFuture(c.LastUpdatedTime.Time, now) {
		return false
	}
	return compareToReport(c, r) > 0
}

// Known returns the generation and the time of the report that the condition of an
// adapter rests on, false if there is no such condition.
func Known(adapter string, conditions []v1.ResourceCondition) (generation int64, observed time.Time, ok bool) {
	c := findOf(conditions, adapter)
	if c == nil {
		return 0, time.Time{}, false
	}
	return c.ObservedGeneration, c.LastUpdatedTime.Time, true
}

// result identifies a result of an adapter in the annotation.
func result(generation int64, observed time.Time) string {
	return fmt.Sprintf("%d@%s", generation, observed.UTC().Format(time.RFC3339Nano))
}

func resultOf(c *v1.ResourceCondition) string {
	return result(c.ObservedGeneration, c.LastUpdatedTime.Time)
}

// keptResults returns the content of the annotation, by adapter.
func keptResults(annotations map[string]string) map[string][]string {
	var results map[string][]string
	value, ok := annotations[v1.KeptResultsAnnotation]
	if !ok || json.Unmarshal([]byte(value), &results) != nil || results == nil {
		return map[string][]string{}
	}
	return results
}
