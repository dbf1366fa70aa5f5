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

import "github.com/hyperfleet-io/hyperfleet/internal/tsl"

// isPresence reports whether the operator tests only whether there is a value.
func isPresence(op tsl.Op) bool { return op == tsl.IsNull || op == tsl.IsNotNull }

// isEquality reports whether the operator compares for equality, so that a posting list can
// answer it.
func isEquality(op tsl.Op) bool {
	switch op {
	case tsl.Equal, tsl.NotEqual, tsl.In, tsl.NotIn:
		return true
	}
	return false
}

// isPattern reports whether the operator matches a pattern.
func isPattern(op tsl.Op) bool {
	switch op {
	case tsl.Like, tsl.NotLike, tsl.ILike, tsl.NotILike, tsl.Match, tsl.NotMatch:
		return true
	}
	return false
}

// isNegative reports whether the operator is the negation of another one.
func isNegative(op tsl.Op) bool {
	switch op {
	case tsl.NotEqual, tsl.NotIn, tsl.NotBetween, tsl.NotLike, tsl.NotILike, tsl.NotMatch:
		return true
	}
	return false
}

// compared returns the predicate of an operator that compares a value with the literals.
func compared[V any](op tsl.Op, values []V, compare func(a, b V) int) func(V) bool {
	switch op {
	case tsl.Less:
		return func(v V) bool { return compare(v, values[0]) < 0 }
	case tsl.LessOrEqual:
		return func(v V) bool { return compare(v, values[0]) <= 0 }
	case tsl.Greater:
		return func(v V) bool { return compare(v, values[0]) > 0 }
	case tsl.GreaterOrEqual:
		return func(v V) bool { return compare(v, values[0]) >= 0 }
	case tsl.Between:
		return func(v V) bool { return compare(v, values[0]) >= 0 && compare(v, values[1]) <= 0 }
	case tsl.NotBetween:
		return func(v V) bool { return compare(v, values[0]) < 0 || compare(v, values[1]) > 0 }
	}
	return func(v V) bool {
		for _, value := range values {
			if compare(v, value) == 0 {
				return !isNegative(op)
			}
		}
		return isNegative(op)
	}
}
