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

package facade

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckJSON(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, c := range map[string]struct {
		body           string
		wantMalformed  bool
		wantPath       string // of what would be lost
		wantConstraint string
	}{
		"object":                      {body: `{"a":[1,{"b":null}],"c":"d"}`},
		"any value":                   {body: `null`},
		"blank space around":          {body: " \n1\t"},
		"33 levels":                   {body: deep(33)},
		"same key in two objects":     {body: `{"a":{"a":1},"b":{"a":1}}`},
		"keys that differ by case":    {body: `{"a":1,"A":2}`},
		"surrogate pair":              {body: `"\ud83d\ude00"`},
		"replacement character":       {body: `"\ufffd"`},
		"replacement character, raw":  {body: "\"\uFFFD\""},
		"escaped backslash":           {body: `"\\ud800"`},
		"text that looks like number": {body: `"1e400"`},

		"empty":             {body: "", wantMalformed: true},
		"blank":             {body: " \n", wantMalformed: true},
		"invalid UTF-8":     {body: "\"\xff\"", wantMalformed: true},
		"two values":        {body: "1 2", wantMalformed: true},
		"ends too early":    {body: `{"a":`, wantMalformed: true},
		"control character": {body: "\"\x01\"", wantMalformed: true},

		"34 levels":                        {body: `{"a":` + deep(33) + "}", wantPath: "a" + strings.Repeat("[0]", 32), wantConstraint: "maxDepth"},
		"duplicate":                        {body: `{"a":1,"a":1}`, wantPath: "a", wantConstraint: "unique"},
		"duplicate by escape":              {body: `{"a":{"b":1,"\u0062":1}}`, wantPath: "a.b", wantConstraint: "unique"},
		"duplicate empty key":              {body: `[{"":1,"":2}]`, wantPath: "[0].", wantConstraint: "unique"},
		"duplicate after nested values":    {body: `{"a":{"b":[1,{"c":2}]},"d":[],"a":3}`, wantPath: "a", wantConstraint: "unique"},
		"high surrogate":                   {body: `["",["\ud800"]]`, wantPath: "[1][0]", wantConstraint: "unicode"},
		"low surrogate":                    {body: `{"a":"x\udc00y"}`, wantPath: "a", wantConstraint: "unicode"},
		"surrogate beside replacement":     {body: "\"\uFFFD\\ud800\"", wantConstraint: "unicode"},
		"surrogate after a backslash":      {body: `"\\\ud800"`, wantConstraint: "unicode"},
		"escaped backslash hides no loss":  {body: `"\\ufffd\ud800"`, wantConstraint: "unicode"},
		"surrogate in key":                 {body: `{"\ud800":1}`, wantPath: "\uFFFD", wantConstraint: "unicode"},
		"integer beyond int64":             {body: `{"a":[0,9223372036854775808]}`, wantPath: "a[1]", wantConstraint: "number"},
		"float beyond range":               {body: `{"a":{"b":-1e309}}`, wantPath: "a.b", wantConstraint: "number"},
		"number alone":                     {body: `1e-400`, wantConstraint: "number"},
		"fault before the syntax is wrong": {body: `{"a":1e400,`, wantPath: "a", wantConstraint: "number"},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkJSON([]byte(c.body))
			loss, ok := errors.AsType[*lossError](err)
			switch {
			case c.wantConstraint != "":
				if !ok || loss.path != c.wantPath || loss.constraint != c.wantConstraint {
					t.Errorf("got %#v, want %s of %q", err, c.wantConstraint, c.wantPath)
				}
			case c.wantMalformed:
				if err == nil || ok {
					t.Errorf("got %#v, want a malformed body", err)
				}
			case err != nil:
				t.Errorf("got %v, want none", err)
			}
		})
	}
}

func TestNumberRule(t *testing.T) {
	for number, wantStored := range map[string]bool{
		"0": true, "-0": true, "1": true, "-1": true,
		"9223372036854775807": true, "-9223372036854775808": true,
		"9223372036854775808": false, "-9223372036854775809": false, "18446744073709551616": false,
		"10000000000000000000": true, "-10000000000000000000": true, "12345678901234567890": false,
		"1" + strings.Repeat("0", 308): true, "1" + strings.Repeat("0", 309): false,
		"0.0": true, "-0.0": true, "1.0": true, "0.1": true, "1.10": true, "100e-2": true, "1E+2": true,
		"0.30000000000000004": true, "0.1000000000000000055511151231257827": false, "3.14159265358979323846": false,
		"9007199254740993": true, "9007199254740993.0": false, "9007199254740993e0": false, "9007199254740992.0": true,
		"1e308": true, "1e309": false, "1e400": false, "1.7976931348623157e308": true, "1.7976931348623159e308": false,
		"5e-324": true, "4e-324": false, "1e-324": false, "1e-400": false, "0e400": true, "0e-99999999999999999999": true,
		"1e99999999999999999999": false, "1e-99999999999999999999": false, "0.000e5": true,
		"1." + strings.Repeat("0", 1000): true, "1." + strings.Repeat("0", 1000) + "1": false,
	} {
		if rule := numberRule(number); (rule == "") != wantStored {
			t.Errorf("%.40s: %q, want stored %t", number, rule, wantStored)
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, same := range [][]string{
		{"0", "-0", "0.0", "0e5", "-0.00e-7", "0e99999999999"},
		{"1", "1.0", "1e0", "10e-1", "0.1e1", "0.001E+3", "1000e-3"},
		{"-1.5", "-15e-1", "-1.50"},
		{"120", "1.2e2", "12e1", "120.0"},
		{"1e19", "10000000000000000000", "1E+19"},
	} {
		for _, number := range same {
			if decimal(number) != decimal(same[0]) {
				t.Errorf("%s is %s, %s is %s", number, decimal(number), same[0], decimal(same[0]))
			}
		}
	}
	different := []string{"0", "1", "-1", "10", "0.1", "1.01", "101", "1e2147483648", "1e99999999999", "2e99999999999"}
	for i, a := range different {
		for _, b := range different[i+1:] {
			if decimal(a) == decimal(b) {
				t.Errorf("%s and %s are both %s", a, b, decimal(a))
			}
		}
	}
}

func TestLosesRunes(t *testing.T) {
	for raw, c := range map[string]struct {
		decoded string
		want    bool
	}{
		`"abc"`:                {"abc", false},
		`"\ufffd"`:             {"\uFFFD", false},
		`"\uFFFD"`:             {"\uFFFD", false},
		"\"\uFFFD\"":           {"\uFFFD", false},
		`"\ud800"`:             {"\uFFFD", true},
		"\"\uFFFD\\udfff\"":    {"\uFFFD\uFFFD", true},
		`"\\ufffd\ud800"`:      {`\ufffd` + "\uFFFD", true},
		`"\\\ufffd"`:           {`\` + "\uFFFD", false},
		`"\ud83d\ude00\ufffd"`: {"😀\uFFFD", false},
	} {
		if got := losesRunes(c.decoded, []byte(raw)); got != c.want {
			t.Errorf("%s: %t, want %t", raw, got, c.want)
		}
	}
}

func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-0,1.5e3,"x",null,true,{}]}`, `{"a":1,"a":2}`, `"\ud800"`, `[[[]]]`, `1e400`, "\"\\\\ud800\uFFFD\"", `10000000000000000000`, `1 2`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		err := checkJSON(body)
		if loss, ok := errors.AsType[*lossError](err); ok && (loss.constraint == "" || loss.rule == "") {
			t.Errorf("%#v says nothing", loss)
		}
		if err == nil {
			checkStored(t, body)
		}
	})
}
