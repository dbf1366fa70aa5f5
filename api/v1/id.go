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

package v1

import (
	"encoding/hex"
	"fmt"
	"math/bits"

	"k8s.io/apimachinery/pkg/types"
)

const (
	idPrefix  = '2'
	idDigits  = 25 // 36^25 > 2^128
	idLen     = 1 + idDigits
	idBase    = 36
	idLetters = "0123456789abcdefghijklmnopqrstuvwxyz"
)

// ID derives the REST id from the UID that the API server assigned to an object:
// "2" followed by the UID's 128 bits as 25 lower-case base-36 digits, most
// significant first. An id matches the contract's 2<base62> and is a valid
// Kubernetes name and label value. ID returns "" if the UID is not an RFC 9562
// UUID in its canonical form, such as the empty UID of an object that is not
// stored yet.
func ID(uid types.UID) string {
	hi, lo, ok := parseUID(uid)
	if !ok {
		return ""
	}
	var id [idLen]byte
	id[0] = idPrefix
	for i := idLen - 1; i > 0; i-- {
		var digit uint64
		hi, digit = hi/idBase, hi%idBase
		lo, digit = bits.Div64(digit, lo, idBase)
		id[i] = idLetters[digit]
	}
	return string(id[:])
}

// UIDFromID returns the UID that ID made the id from. It returns an error for any
// other string, so it also validates ids.
func UIDFromID(id string) (types.UID, error) {
	if len(id) != idLen || id[0] != idPrefix {
		return "", fmt.Errorf("id %q: want %q and %d base-36 digits", id, idPrefix, idDigits)
	}
	var hi, lo uint64
	for i := 1; i < idLen; i++ {
		digit, ok := base36(id[i])
		if !ok {
			return "", fmt.Errorf("id %q: %q is not a lower-case base-36 digit", id, id[i])
		}
		carry, low := bits.Mul64(lo, idBase)
		overflow, high := bits.Mul64(hi, idBase)
		var c uint64
		lo, c = bits.Add64(low, digit, 0)
		hi, c = bits.Add64(high, carry, c)
		if overflow != 0 || c != 0 {
			return "", fmt.Errorf("id %q: more than 128 bits", id)
		}
	}
	return formatUID(hi, lo), nil
}

func base36(c byte) (uint64, bool) {
	switch {
	case '0' <= c && c <= '9':
		return uint64(c - '0'), true
	case 'a' <= c && c <= 'z':
		return uint64(c-'a') + 10, true
	}
	return 0, false
}

func parseUID(uid types.UID) (hi, lo uint64, ok bool) {
	if len(uid) != 36 || uid[8] != '-' || uid[13] != '-' || uid[18] != '-' || uid[23] != '-' {
		return 0, 0, false
	}
	var digits [32]byte
	n := 0
	for i := range len(uid) {
		switch c := uid[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
		case '0' <= c && c <= '9' || 'a' <= c && c <= 'f':
			digits[n] = c
			n++
		default:
			return 0, 0, false
		}
	}
	var raw [16]byte
	if _, err := hex.Decode(raw[:], digits[:]); err != nil {
		return 0, 0, false
	}
	for i := range 8 {
		hi = hi<<8 | uint64(raw[i])
		lo = lo<<8 | uint64(raw[i+8])
	}
	return hi, lo, true
}

func formatUID(hi, lo uint64) types.UID {
	return types.UID(fmt.Sprintf("%08x-%04x-%04x-%04x-%012x",
		hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff))
}
