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

package faults

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// A verdict is what a client can conclude from the answer to its request.
type verdict int

const (
	unknown   verdict = iota // no answer or an uncertain one: the request may take effect, also later
	done                     // the change is stored
	discarded                // the request changes nothing
	refused                  // the request cannot take effect
)

// A deed is one request that changes something.
type deed struct {
	start, end time.Time // of the request; end is zero while it is in flight
	verdict    verdict
}

// mayPrecede reports whether the deed can have taken effect before a moment.
func (d *deed) mayPrecede(moment time.Time) bool {
	return d.verdict != refused && d.start.Before(moment)
}

// precedes reports whether the deed has certainly taken effect before a moment.
func (d *deed) precedes(moment time.Time) bool {
	return d.verdict == done && !d.end.IsZero() && d.end.Before(moment)
}

// A resource is one Cluster or NodePool. A successor of the same name is another
// resource.
type resource struct {
	kind   string
	name   string // metadata.name
	mark   string // value of the label that distinguishes it from others of its name
	parent *resource

	mu      sync.Mutex
	id      string
	uid     types.UID
	created deed
	via     *replica // through which it was created, nil for the API server
	visible bool     // to readers of that replica
	deletes []*deed
	forced  []*deed // decisions that it goes without its adapters' consent
	patches []*patch
	reports []*report
	views   map[*replica]*view

	deletedTime v1.Timestamp // as first shown
	removedAt   uint64       // resourceVersion of its removal, 0 if it was not observed
	ended       bool         // a client was told that it is gone
}

// A patch sets spec.n to a unique value.
type patch struct {
	deed
	value string
}

// A report is one report of an adapter. No two have the same time.
type report struct {
	deed
	adapter    string
	generation int64
	observed   time.Time
	available  metav1.ConditionStatus
	finalized  metav1.ConditionStatus // empty for none
	via        *replica
	visible    bool
}

func (r *report) hasResult() bool { return r.available != metav1.ConditionUnknown }

// at returns the time that orders an adapter's reports.
type at struct {
	generation int64
	time       time.Time
}

func (r *report) at() at { return at{r.generation, r.observed} }

func (a at) compare(b at) int {
	return cmp.Or(cmp.Compare(a.generation, b.generation), a.time.Compare(b.time))
}

func (a at) String() string {
	return fmt.Sprintf("%d@%s", a.generation, a.time.Format(time.RFC3339Nano))
}

// A view is what readers have seen of a resource through one replica.
type view struct {
	generation int64
	deleted    bool // it shows deleted_time
	gone       bool
	conditions map[string]at
}

func (r *resource) String() string {
	return fmt.Sprintf("%s %s (%s, id %s)", r.kind, r.name, r.mark, r.id)
}

// view returns what readers have seen through the replica. The caller holds r.mu.
func (r *resource) view(through *replica) *view {
	if r.views == nil {
		r.views = map[*replica]*view{}
	}
	if r.views[through] == nil {
		r.views[through] = &view{conditions: map[string]at{}}
	}
	return r.views[through]
}

// generations returns the lowest and the highest generation that changes of the spec can
// have given the resource between two moments. Its deletion adds one. The caller holds
// r.mu.
func (r *resource) generations(from, to time.Time) (lowest, highest int64) {
	lowest, highest = 1, 1
	for _, p := range r.patches {
		if p.precedes(from) {
			lowest++
		}
		if p.mayPrecede(to) {
			highest++
		}
	}
	return lowest, highest
}

// A ledger records the clients' requests and what they were told.
type ledger struct {
	t  *testing.T
	mu sync.Mutex

	resources []*resource
	counts    map[string]int
	wrongs    int
}

func newLedger(t *testing.T) *ledger { return &ledger{t: t, counts: map[string]int{}} }

// maxWrongs limits the number of printed errors.
const maxWrongs = 10

// wrong records an error of the system under test.
func (l *ledger) wrong(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrongs++; l.wrongs <= maxWrongs {
		l.t.Errorf("%s: %s", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
	}
}

func (l *ledger) count(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what]++
}

func (l *ledger) counted(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[what]
}

func (l *ledger) add(r *resource) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.resources = append(l.resources, r)
}

func (l *ledger) all() []*resource {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.resources)
}

// marked returns the resource with that mark, or nil.
func (l *ledger) marked(mark string) *resource {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.resources {
		if r.mark == mark {
			return r
		}
	}
	return nil
}

// settle gives a deed its verdict.
func (l *ledger) settle(r *resource, d *deed, v verdict, what string) {
	r.mu.Lock()
	d.end, d.verdict = time.Now(), v
	r.mu.Unlock()
	l.count(what + " " + v.String())
}

func (v verdict) String() string {
	return [...]string{"unknown", "done", "discarded", "refused"}[v]
}

// identify records the identity of the resource's object.
func (r *resource) identify(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.uid, r.id = uid, v1.ID(uid)
}

func (r *resource) identity() (id string, uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.id, r.uid
}
