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

package tsl

import (
	"cmp"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Number is a number as Kubernetes stores it in free-form objects: a 64-bit integer,
// or a double-precision number.
type Number struct {
	// Whole is the value if Float is 0.
	Whole int64
	// Float is the value of a number that is not an integer or exceeds 64 bits.
	Float float64
}

// ParseNumber reads a number as JSON writes it. A fraction or an exponent with an
// integer value gives an integer: 1.5e1 is 15. It returns false for a string that is
// not a number, and for a number beyond double precision.
func ParseNumber(text string) (Number, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return Number{Whole: n}, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return Number{}, false
	}
	return fromFloat(f), true
}

func fromFloat(f float64) Number {
	const bound = 1 << 63 // exact as a float, and the first beyond int64
	if f == math.Trunc(f) && f >= -bound && f < bound {
		return Number{Whole: int64(f)}
	}
	return Number{Float: f}
}

// Compare returns -1 if n is less than other, 0 if they are equal, and +1 if n is
// greater. It does not round.
func (n Number) Compare(other Number) int {
	switch {
	case n.Float == 0 && other.Float == 0:
		return cmp.Compare(n.Whole, other.Whole)
	case n.Float == 0:
		return -other.compareWhole(n.Whole)
	case other.Float == 0:
		return n.compareWhole(other.Whole)
	}
	return cmp.Compare(n.Float, other.Float)
}

// compareWhole compares a Float with an integer. The Float exceeds 64 bits, or has a
// fraction and so lies between two integers.
func (n Number) compareWhole(whole int64) int {
	switch floor := math.Floor(n.Float); {
	case floor >= 1<<63:
		return 1
	case floor < -1<<63:
		return -1
	case int64(floor) >= whole:
		return 1
	}
	return -1
}

// suffixes are the suffixes of Kubernetes quantities. Their case matters.
var suffixes = map[string]int64{
	"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50,
	"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
}

// literalNumber reads a number as TSL writes it. It reports whether text is a number, and
// whether a Number can represent it.
func literalNumber(text string) (n Number, isNumber, fits bool) {
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return Number{Whole: whole}, true, true
	}
	number, multiplier := text, int64(1)
	if i := strings.LastIndexAny(text, "0123456789") + 1; i < len(text) {
		var ok bool
		if multiplier, ok = suffixes[text[i:]]; !ok || strings.ContainsAny(text[:i], "eE") {
			return Number{}, false, false
		}
		number = text[:i]
	}
	if !isDecimal(number) {
		return Number{}, false, false
	}
	if f, err := strconv.ParseFloat(number, 64); err != nil || f == 0 {
		return Number{}, true, err == nil // keeps huge exponents out of the exact arithmetic below
	}
	exact, _ := new(big.Rat).SetString(number)
	exact.Mul(exact, new(big.Rat).SetInt64(multiplier))
	if exact.IsInt() && exact.Num().IsInt64() {
		return Number{Whole: exact.Num().Int64()}, true, true
	}
	f, _ := exact.Float64()
	return fromFloat(f), true, !math.IsInf(f, 0)
}

// isDecimal reports whether text is digits with an optional sign, fraction and
// exponent.
func isDecimal(text string) bool {
	text = strings.TrimPrefix(text, "-")
	exponent, hasExponent := "", false
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		text, exponent, hasExponent = text[:i], text[i+1:], true
	}
	whole, fraction, hasFraction := strings.Cut(text, ".")
	if hasExponent {
		if exponent != "" && (exponent[0] == '-' || exponent[0] == '+') {
			exponent = exponent[1:]
		}
		if !areDigits(exponent) {
			return false
		}
	}
	return areDigits(whole) && (!hasFraction || areDigits(fraction))
}

func areDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
