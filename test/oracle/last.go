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

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// lastSaid returns the report whose result counts: "a report without a result keeps the
// last result", and that result counts if the stored condition does not have it yet.
func lastSaid(r Resource, report Report) (said Report, ok bool) {
	if hasResult(report) {
		return report, counts(r, report)
	}
	if report.Last == nil || !counts(r, *report.Last) {
		return report, false
	}
	before, had := named(r.Before, TypeOf(report.Adapter))
	if had && before.ObservedGeneration <= r.Generation && (isNewer(r, before, *report.Last) || isOf(before, *report.Last)) {
		return report, false
	}
	last := *report.Last
	last.Adapter = report.Adapter
	return last, true
}

func hasResult(report Report) bool {
	return report.Available == metav1.ConditionTrue || report.Available == metav1.ConditionFalse
}
