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
	"slices"
	"sync"
	"time"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// How long a report waits for others on the same resource, whose adapters tend
// to report at the same time: one status write, which costs the API server more
// than a report does, then takes in all of them.
const (
	// gatherDelay is for a report that comes unannounced.
	gatherDelay = 20 * time.Millisecond

	// gatherLimit bounds the wait for those that are announced.
	gatherLimit = 100 * time.Millisecond
)

// Announcements are the reports that are being written through this process,
// from before the write on. The reconcilers hold the status of a resource back
// until the cache has them all, and then wait for no others: the busier the API
// server is, the longer writes take, and the more of them share a status. The
// zero value is ready for use.
type Announcements struct {
	mu   sync.Mutex
	open map[resource][]*announcement
}

// resource is what a report is about.
type resource struct{ kind, namespace, name string }

// announcement is of one write of that AdapterStatus.
type announcement struct{ report string }

// Announce says that a report is about to be written, and returns what to call
// when it has been, or will not be.
func (a *Announcements) Announce(report *v1.AdapterStatus) (done func()) {
	on, made := resourceOf(report), &announcement{report.Name}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[resource][]*announcement{}
	}
	a.open[on] = append(a.open[on], made)
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.close(on, func(other *announcement) bool { return other == made })
	}
}

// arrived tells how long the status of a resource is to wait now that the cache
// has a report on it.
func (a *Announcements) arrived(report *v1.AdapterStatus) time.Duration {
	if a == nil {
		return gatherDelay
	}
	on := resourceOf(report)
	a.mu.Lock()
	defer a.mu.Unlock()
	announced := a.close(on, func(other *announcement) bool { return other.report == report.Name })
	switch {
	case len(a.open[on]) > 0:
		return gatherLimit
	case announced:
		return 0
	default:
		return gatherDelay
	}
}

// close takes an announcement back, and tells whether there was one.
func (a *Announcements) close(on resource, is func(*announcement) bool) bool {
	open := a.open[on]
	i := slices.IndexFunc(open, is)
	if i < 0 {
		return false
	}
	if open = slices.Delete(open, i, i+1); len(open) == 0 {
		delete(a.open, on)
	} else {
		a.open[on] = open
	}
	return true
}

func resourceOf(report *v1.AdapterStatus) resource {
	ref := report.Spec.ResourceRef
	return resource{ref.Kind, report.Namespace, ref.Name}
}
