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
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestParseNumber(t *testing.T) {
	whole := func(n int64) *Number { return &Number{Whole: n} }
	for text, want := range map[string]*Number{
		"0":                    whole(0),
		"-0.0":                 whole(0),
		"12":                   whole(12),
		"1.5e1":                whole(15),
		"1.5":                  {Float: 1.5},
		"9223372036854775807":  whole(math.MaxInt64),
		"-9223372036854775808": whole(math.MinInt64),
		"9223372036854775808":  {Float: 1 << 63},
		"1e309":                nil,
		"x":                    nil,
		"":                     nil,
		"NaN":                  nil,
	} {
		got, ok := ParseNumber(text)
		if ok != (want != nil) || ok && got != *want {
			t.Errorf("ParseNumber(%q) = %v, %t, want %v", text, got, ok, want)
		}
	}
}

// TestCompareIsExact compares the result of Compare with the comparison of rational
// numbers.
func TestCompareIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	numbers := []Number{{Whole: math.MaxInt64}, {Whole: math.MinInt64}, {Float: 1 << 63}, {Float: -(1<<63 + 1<<11)}, {Float: 1e300}, {Float: -0.5}}
	for range 60 {
		n := r.Int64() >> r.IntN(64)
		numbers = append(numbers, Number{Whole: n}, Number{Whole: -n},
			fromFloat(float64(n)), fromFloat(float64(n)/16), fromFloat(-float64(n)/3))
	}
	for _, a := range numbers {
		for _, b := range numbers {
			if got, want := a.Compare(b), rational(a).Cmp(rational(b)); got != want {
				t.Fatalf("%v.Compare(%v) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func rational(n Number) *big.Rat {
	if n.Float != 0 {
		return new(big.Rat).SetFloat64(n.Float)
	}
	return new(big.Rat).SetInt64(n.Whole)
}
