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

package fleet

import "time"

// Proven returns the time of the latest proof of currency: the Index reflects all changes
// up to that time. Before the first proof, it is the zero time.
func (x *Index) Proven() time.Time {
	if at := x.proven.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// Prove records that the Index reflects all changes up to that moment.
func (x *Index) Prove(at time.Time) {
	for {
		old := x.proven.Load()
		if old != nil && !at.After(*old) || x.proven.CompareAndSwap(old, &at) {
			return
		}
	}
}
