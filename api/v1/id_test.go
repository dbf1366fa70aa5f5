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
	"math/big"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/validation"
)

func TestID(t *testing.T) {
	cases := map[string]struct {
		uid  types.UID
		want string
	}{
		"all zero":              {"00000000-0000-0000-0000-000000000000", "20000000000000000000000000"},
		"one":                   {"00000000-0000-0000-0000-000000000001", "20000000000000000000000001"},
		"35":                    {"00000000-0000-0000-0000-000000000023", "2000000000000000000000000z"},
		"36":                    {"00000000-0000-0000-0000-000000000024", "20000000000000000000000010"},
		"beyond the low half":   {"00000000-0000-0001-0000-000000000000", "20000000000003w5e11264sgsg"},
		"all ones":              {"ffffffff-ffff-ffff-ffff-ffffffffffff", "2f5lxx1zz5pnorynqglhzmsp33"},
		"empty":                 {"", ""},
		"upper case":            {"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", ""},
		"without hyphens":       {"ffffffffffffffffffffffffffffffff", ""},
		"hyphens elsewhere":     {"ffffffffffff-ffff-ffff-ffff-ffffffff", ""},
		"another letter":        {"gfffffff-ffff-ffff-ffff-ffffffffffff", ""},
		"too long":              {"ffffffff-ffff-ffff-ffff-fffffffffffff", ""},
		"hyphen among the last": {"ffffffff-ffff-ffff-ffff-ff-fffffffff", ""},
		"two-byte character":    {"ffffffff-ffff-ffff-ffff-ffffffffffé", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := ID(tc.uid); got != tc.want {
				t.Errorf("ID(%q) = %q, want %q", tc.uid, got, tc.want)
			}
		})
	}
}

func TestUIDFromIDRefuses(t *testing.T) {
	cases := map[string]string{
		"empty":                      "",
		"another prefix":             "10000000000000000000000000",
		"too short":                  "2000000000000000000000000",
		"too long":                   "200000000000000000000000000",
		"upper case":                 "2000000000000000000000000Z",
		"a hyphen":                   "2000000000000-00000000000z",
		"one more than 128 bits":     "2f5lxx1zz5pnorynqglhzmsp34",
		"first digit beyond":         "2g000000000000000000000000",
		"largest text":               "2" + strings.Repeat("z", idDigits),
		"a name of a Cluster":        "my-cluster",
		"two-byte character":         "2é00000000000000000000000",
		"overflow of the middle bit": "2f5lxx1zz5pnorynqglhzmzzzz",
	}
	for name, id := range cases {
		t.Run(name, func(t *testing.T) {
			if uid, err := UIDFromID(id); err == nil {
				t.Errorf("UIDFromID(%q) = %q, want an error", id, uid)
			}
		})
	}
}

// TestIDKeepsOrder proves that ids sort as their UIDs do, so ids can break ties.
func TestIDKeepsOrder(t *testing.T) {
	for range 1000 {
		a, b := uuid.NewUUID(), uuid.NewUUID()
		if (a < b) != (ID(a) < ID(b)) {
			t.Fatalf("%s and %s are in another order than %s and %s", a, b, ID(a), ID(b))
		}
	}
}

func TestIDFitsKubernetes(t *testing.T) {
	id := ID(uuid.NewUUID())
	if errs := validation.IsDNS1123Label(id); len(errs) > 0 {
		t.Errorf("%s is no name: %v", id, errs)
	}
	if errs := validation.IsValidLabelValue(id); len(errs) > 0 {
		t.Errorf("%s is no label value: %v", id, errs)
	}
}

// FuzzID compares ID with arithmetic on big integers, and reads every id back.
func FuzzID(f *testing.F) {
	f.Add(make([]byte, 16))
	f.Add([]byte("0123456789abcdef"))
	f.Add([]byte(strings.Repeat("\xff", 16)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) != 16 {
			t.Skip()
		}
		digits := hex.EncodeToString(raw)
		uid := types.UID(strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-"))
		text := new(big.Int).SetBytes(raw).Text(idBase)
		want := "2" + strings.Repeat("0", idDigits-len(text)) + text
		got := ID(uid)
		if got != want {
			t.Fatalf("ID(%s) = %s, want %s", uid, got, want)
		}
		if back, err := UIDFromID(got); err != nil || back != uid {
			t.Fatalf("UIDFromID(%s) = %s, %v, want %s", got, back, err, uid)
		}
	})
}

// FuzzUIDFromID proves that every string that UIDFromID accepts is the id of the UID
// that it returns.
func FuzzUIDFromID(f *testing.F) {
	f.Add("2f5lxx1zz5pnorynqglhzmsp33")
	f.Add("2f5lxx1zz5pnorynqglhzmsp34")
	f.Add("20000000000000000000000000")
	f.Add("2abc123...")
	f.Fuzz(func(t *testing.T, id string) {
		uid, err := UIDFromID(id)
		if err != nil {
			return
		}
		if got := ID(uid); got != id {
			t.Fatalf("%q was read as %s, whose id is %q", id, uid, got)
		}
	})
}
