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

package oracle

import (
	"encoding/json"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// limits are "what a condition keeps", in bytes of JSON: an adapter's reason and
// message, and the message of another condition.
func limits(r Resource) (reason, message, others int) {
	if isMinimal(r) {
		return 64, 128, 1024
	}
	return 256, 1024, 4096
}

// isMinimal: "after the API server has refused the status for its size; it holds until
// the generation changes".
func isMinimal(r Resource) bool {
	was, ok := named(r.Before, "Truncated")
	return r.Minimal || ok && was.Reason == "StatusTooLarge" && was.ObservedGeneration == r.Generation
}

// truncated returns the condition Truncated if the conditions are shortened.
func truncated(r Resource) (c v1.ResourceCondition, ok bool) {
	if !isMinimal(r) {
		return c, false
	}
	now := v1.NewTimestamp(r.Now.Truncate(time.Microsecond))
	c = v1.ResourceCondition{Type: "Truncated", Status: metav1.ConditionTrue, Reason: "StatusTooLarge", ObservedGeneration: r.Generation,
		Message: "The API server refused the status for its size, so conditions say less", CreatedTime: now, LastUpdatedTime: now, LastTransitionTime: now}
	if was, had := named(r.Before, "Truncated"); had {
		c.CreatedTime, c.LastTransitionTime, c.LastUpdatedTime = was.CreatedTime, was.LastTransitionTime, was.LastUpdatedTime
	}
	return c, true
}

// list joins the adapters' faults, without their reasons if the list gets too long.
func list(r Resource, faults [][2]string) string {
	_, _, limit := limits(r)
	var long, short []string
	for _, f := range faults {
		short = append(short, f[0])
		if f[1] != "" {
			f[0] += " (" + f[1] + ")"
		}
		long = append(long, f[0])
	}
	if message := strings.Join(long, "; "); !isMinimal(r) && inJSON(message) <= limit {
		return message
	}
	return cut(strings.Join(short, "; "), limit)
}

// cut: "between characters, and ends it with …".
func cut(s string, limit int) string {
	if inJSON(s) <= limit {
		return s
	}
	runes := []rune(s)
	for n := len(runes); ; n-- {
		if start := string(runes[:n]); inJSON(start)+len("…") <= limit {
			return start + "…"
		}
	}
}

func inJSON(s string) int {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return len(text) - len(`""`)
}
