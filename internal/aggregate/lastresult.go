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
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lastStalled is the first part of v1.LastResultAnnotation for Available=False with
// Stalled=True.
const lastStalled = "Stalled"

// result returns the last report with a result: r itself, or the earlier report whose
// result r keeps. If there is none, it returns r, and ok is false.
func (r Report) result() (result Report, ok bool) {
	if r.hasResult() || r.Last == "" {
		return r, r.hasResult()
	}
	parts := strings.SplitN(r.Last, " ", 4)
	if len(parts) < 4 {
		return r, false
	}
	generation, generationErr := strconv.ParseInt(parts[1], 10, 64)
	observed, timeErr := time.Parse(time.RFC3339, parts[2])
	reason, message, textOK := unquoteBoth(parts[3])
	if generationErr != nil || timeErr != nil || !textOK {
		return r, false
	}
	result = Report{
		Adapter: r.Adapter, Created: r.Created,
		Generation: generation, Observed: observed,
		Available: metav1.ConditionStatus(parts[0]), Reason: reason, Message: message,
	}
	if parts[0] == lastStalled {
		result.Available, result.Stalled = metav1.ConditionFalse, metav1.ConditionTrue
	}
	return result, result.hasResult()
}

// unquoteBoth splits two quoted strings.
func unquoteBoth(s string) (first, second string, ok bool) {
	prefix, err := strconv.QuotedPrefix(s)
	if err != nil {
		return "", "", false
	}
	rest, separated := strings.CutPrefix(s[len(prefix):], " ")
	first, firstErr := strconv.Unquote(prefix)
	second, secondErr := strconv.Unquote(rest)
	return first, second, separated && firstErr == nil && secondErr == nil
}
