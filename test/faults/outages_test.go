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
	"sync"
	"time"
)

// outages are the periods in which a component cannot answer.
type outages struct {
	mu     sync.Mutex
	all    []outage
	begins int // calls of begin
}

type outage struct{ begin, end time.Time } // end is zero while it lasts

func (o *outages) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begins++
	if !o.lasts() {
		o.all = append(o.all, outage{begin: time.Now()})
	}
}

// begun returns the number of calls of begin.
func (o *outages) begun() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.begins
}

// end ends the outage, and reports whether it did. It does not if begin was called since
// begun returned the number: what shows the end may be from before.
func (o *outages) end(begun int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.begins != begun {
		return false
	}
	if o.lasts() {
		o.all[len(o.all)-1].end = time.Now()
	}
	return true
}

func (o *outages) lasts() bool { return len(o.all) > 0 && o.all[len(o.all)-1].end.IsZero() }

// wasOut reports whether there was an outage at any time since a moment.
func (o *outages) wasOut(since time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lasts() || len(o.all) > 0 && o.all[len(o.all)-1].end.After(since)
}
