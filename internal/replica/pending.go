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

package replica

import (
	"slices"
	"sync"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// PendingReports are the reports that this process is writing. A report is pending
// from before its write until the index shows it, or until its writer is done. The
// reconcilers wait for the pending reports on a resource before they write its status:
// the busier the API server is, the longer writes take, and the more reports share one
// status write. The zero value is ready for use.
type PendingReports struct {
	mu         sync.Mutex
	byResource map[reportedResource][]*pendingReport
}

// reportedResource identifies the resource that a report is about.
type reportedResource struct{ kind, namespace, name string }

// pendingReport is one write of the AdapterStatus of that name. Two writes of one
// AdapterStatus at the same time are two pending reports.
type pendingReport struct{ name string }

// Begin records that the caller is about to write a report. The caller must call done
// once the write has ended, whether or not it was successful.
func (p *PendingReports) Begin(report *v1.AdapterStatus) (done func()) {
	resource, begun := resourceOf(report), &pendingReport{report.Name}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byResource == nil {
		p.byResource = map[reportedResource][]*pendingReport{}
	}
	p.byResource[resource] = append(p.byResource[resource], begun)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.remove(resource, func(other *pendingReport) bool { return other == begun })
	}
}

// Arrived records that the index shows a report, which is pending no longer. It returns
// whether the report was pending, and whether other reports on the same resource still
// are.
func (p *PendingReports) Arrived(report *v1.AdapterStatus) (wasPending, othersPending bool) {
	resource := resourceOf(report)
	p.mu.Lock()
	defer p.mu.Unlock()
	wasPending = p.remove(resource, func(other *pendingReport) bool { return other.name == report.Name })
	return wasPending, len(p.byResource[resource]) > 0
}

// remove removes the first pending report on a resource that matches, and reports
// whether there was one. The caller holds mu.
func (p *PendingReports) remove(resource reportedResource, matches func(*pendingReport) bool) bool {
	pending := p.byResource[resource]
	i := slices.IndexFunc(pending, matches)
	if i < 0 {
		return false
	}
	if pending = slices.Delete(pending, i, i+1); len(pending) == 0 {
		delete(p.byResource, resource)
	} else {
		p.byResource[resource] = pending
	}
	return true
}

func resourceOf(report *v1.AdapterStatus) reportedResource {
	ref := report.Spec.ResourceRef
	return reportedResource{ref.Kind, report.Namespace, ref.Name}
}
