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

// steps is the number of steps that a search may still take while it holds the lock of
// the table. A step takes about as long as the visit of one row of a view, 10 ns. Each
// part of a search subtracts its steps before it does the work. If too few are left, the
// search does that part without the lock: it tests rows one by one.
type steps int

// Numbers of steps. They are estimates, like the results of setSteps.
const (
	// locateSteps is for the binary searches that find a span of a view.
	locateSteps = 500
	// valueSteps is for the look-up or the comparison of one value of a column.
	valueSteps = 10
	// rowSteps is for reading one row. Rows are at random addresses.
	rowSteps = 4
	// straySteps is for sorting one row among strays.
	straySteps = 30
)

// take subtracts n steps and reports whether that many were left.
func (s *steps) take(n int) bool {
	if n > int(*s) {
		return false
	}
	*s -= steps(n)
	return true
}

// setSteps returns the steps for an operation on two sets of rows of the table.
func (x *table) setSteps() int { return len(x.rows)/256 + 1 }

// takeSets subtracts the steps for all operations on the set of one comparison: to negate
// it, to combine it with the sets of other comparisons, and to copy it.
func (in scope) takeSets() bool { return in.steps.take(3 * in.setSteps()) }
