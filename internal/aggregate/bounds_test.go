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

package aggregate_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// jsonLen is the number of bytes that a string takes in JSON, without the quotes.
func jsonLen(t *testing.T, value string) int {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return len(text) - len(`""`)
}

func TestReasonAndMessageAreCut(t *testing.T) {
	tests := map[string]struct {
		unit  string // repeated to make a reason and a message
		count int
		fits  int // how many of the message's units are kept, -1 for all
	}{
		"what just fits":                         {"x", 1024, -1},
		"one too many":                           {"x", 1025, 1021},
		"two-byte characters":                    {"ü", 32768, 510},
		"four-byte characters":                   {"😀", 32768, 255},
		"characters that JSON escapes":           {"\"", 513, 510},
		"characters that JSON escapes by number": {"<", 171, 170},
		"line ends":                              {"\n", 32768, 510},
		"control characters":                     {"\x01", 32768, 170},
		"empty":                                  {"", 0, -1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := report("dns", 1, no, 10)
			r.Message = strings.Repeat(test.unit, test.count)
			r.Reason = r.Message
			want := r.Message
			if test.fits >= 0 {
				want = strings.Repeat(test.unit, test.fits) + "…"
			}
			in := input(1, nil, r)
			got := aggregate.Conditions(in)
			c := conditionOf(got, "DnsSuccessful")
			if c.Message != want {
				t.Errorf("Message has %d bytes and ends %q, want %d bytes", len(c.Message), c.Message[max(0, len(c.Message)-10):], len(want))
			}
			if n := jsonLen(t, c.Reason); n > 256 || !utf8.ValidString(c.Reason) {
				t.Errorf("Reason of %d bytes, valid: %t", n, utf8.ValidString(c.Reason))
			}
			if !aggregate.Reflects(got, 1, r, in.Now) {
				t.Error("The report is not reflected")
			}
			in.Previous, in.Confirmed = got, false
			if doubts := aggregate.Unconfirmed(in); doubts != nil {
				t.Errorf("%v are in doubt", doubts)
			}
			in.Reports = []aggregate.Report{report("dns", 1, unknown, 11)}
			if kept := conditionOf(aggregate.Conditions(in), "DnsSuccessful"); !cmp.Equal(c, kept) {
				t.Errorf("The condition changes where it is kept: %s", cmp.Diff(c, kept))
			}
		})
	}
}

// A message that is too long keeps the names of the adapters and drops their reasons.
func TestLongMessagesKeepTheNames(t *testing.T) {
	in := input(1, nil)
	in.Required = nil
	for i := range 50 {
		name := fmt.Sprintf("adapter-%02d", i)
		in.Required = append(in.Required, name)
		in.Reports = append(in.Reports, because(report(name, 1, no, 10), strings.Repeat("Why", 50)))
	}
	for _, name := range []string{"Ready", "Available"} {
		message := conditionOf(aggregate.Conditions(in), name).Message
		if !strings.Contains(message, "adapter-49: Available=False") || strings.Contains(message, "Why") || len(message) > 4096 {
			t.Errorf("%s: %s", name, message)
		}
	}
}

// crowd returns an input at all limits: the longest names, two of which map to each
// condition type, and reports with strings that take the most bytes.
func crowd(unit string, required, others int) aggregate.Input {
	in := input(1, nil)
	in.Required = nil
	for i := range required + others {
		name := fmt.Sprintf("%s%02d-1", strings.Repeat("a", 59), i/2)
		if i%2 == 1 {
			name = fmt.Sprintf("%s%02d1", strings.Repeat("a", 60), i/2)
		}
		if i < required {
			in.Required = append(in.Required, name)
		}
		r := report(name, 1, no, i)
		r.Reason, r.Message = strings.Repeat(unit, 1024), strings.Repeat(unit, 32768)
		in.Reports = append(in.Reports, r)
	}
	return in
}

func TestStatusAtAllLimitsFits(t *testing.T) {
	for _, unit := range []string{"x", "😀", "<", "\"", "\n", "\x01", "\u2028"} {
		in := crowd(unit, 50, 60)
		for minimal, limit := range map[bool]int{false: 200 << 10, true: 60 << 10} {
			in.Minimal = minimal
			status, err := json.Marshal(v1.ResourceStatus{ID: strings.Repeat("z", 26), ObservedGeneration: 1 << 31, Conditions: aggregate.Conditions(in)})
			if err != nil {
				t.Fatal(err)
			}
			if len(status) > limit {
				t.Errorf("%q, minimal %t: the status has %d bytes, want %d at most", unit, minimal, len(status), limit)
			}
		}
	}
}

func TestAdaptersAreLeftOut(t *testing.T) {
	in := input(1, nil, report("dns", 1, yes, 99), report("validator", 1, yes, 99))
	in.Now = at(200)
	for i := range 53 {
		in.Reports = append(in.Reports, report(fmt.Sprintf("x%02d", i), 1, yes, 60-i))
	}
	got := aggregate.Conditions(in)
	want := &v1.ResourceCondition{
		Type: "Truncated", Status: yes, Reason: "TooManyAdapters", Message: "3 adapters have no condition: x02, x01, x00", ObservedGeneration: 1,
		CreatedTime: stamp(200), LastUpdatedTime: stamp(200), LastTransitionTime: stamp(200),
	}
	if diff := cmp.Diff(want, conditionOf(got, "Truncated")); diff != "" {
		t.Errorf("Truncated (-want +got):\n%s", diff)
	}
	for name, want := range map[string]bool{"Dns": true, "Validator": true, "X00": false, "X01": false, "X02": false, "X03": true, "X52": true} {
		if got := conditionOf(got, name+"Successful") != nil; got != want {
			t.Errorf("%s has a condition: %t, want %t", name, got, want)
		}
	}
	for _, r := range in.Reports {
		if !aggregate.Reflects(got, 1, r, in.Now) {
			t.Errorf("The report of %s is not reflected", r.Adapter)
		}
	}
	if aggregate.Reflects(got, 1, report("hypershift", 1, yes, 100), in.Now) {
		t.Error("A report that no condition says anything of is reflected")
	}

	in.Previous, in.Now = got, at(201)
	if diff := cmp.Diff(got, aggregate.Conditions(in)); diff != "" {
		t.Errorf("A second round changes conditions (-first +second):\n%s", diff)
	}
	in.Reports = in.Reports[:len(in.Reports)-1]
	fewer := conditionOf(aggregate.Conditions(in), "Truncated")
	want.Message, want.LastUpdatedTime = "2 adapters have no condition: x01, x00", stamp(201)
	if diff := cmp.Diff(want, fewer); diff != "" {
		t.Errorf("Truncated, one adapter less (-want +got):\n%s", diff)
	}
	in.Reports = in.Reports[:len(in.Reports)-2]
	if c := conditionOf(aggregate.Conditions(in), "Truncated"); c != nil {
		t.Errorf("Nothing is left out, but %+v", c)
	}
}

// The condition of a report that is not known here stays, and keeps its place.
func TestUnnamedConditionsAreNotLeftOut(t *testing.T) {
	in := crowd("x", 2, 60)
	in.Previous = aggregate.Conditions(in)
	in.Reports, in.Confirmed = in.Reports[10:], false
	if diff := cmp.Diff(in.Previous, aggregate.Conditions(in)); diff != "" {
		t.Errorf("Conditions change (-before +after):\n%s", diff)
	}
}

func TestMinimalHoldsForTheGeneration(t *testing.T) {
	in := crowd("x", 2, 0)
	full := aggregate.Conditions(in)
	in.Previous, in.Minimal = full, true
	refused := aggregate.Conditions(in)
	c := conditionOf(refused, "Truncated")
	if c == nil || c.Reason != "StatusTooLarge" || c.Message != "The API server refused the status for its size, so conditions say less" {
		t.Errorf("Truncated is %+v", c)
	}
	for _, r := range in.Reports {
		if !aggregate.Reflects(refused, 1, r, in.Now) {
			t.Errorf("The report of %s is not reflected", r.Adapter)
		}
	}
	in.Previous, in.Minimal = refused, false
	if diff := cmp.Diff(refused, aggregate.Conditions(in)); diff != "" {
		t.Errorf("The next round says more (-before +after):\n%s", diff)
	}
	if shown, moved := aggregate.Shown(in, nil); moved {
		t.Errorf("Times move: %s", cmp.Diff(refused, shown))
	}
	in.Generation = 2
	next := aggregate.Conditions(in)
	if slices.ContainsFunc(next, func(c v1.ResourceCondition) bool { return c.Type == "Truncated" }) {
		t.Error("The next generation says less too")
	}
	if got, want := conditionOf(next, full[2].Type).Message, full[2].Message; got != want {
		t.Errorf("Message of %d bytes, want %d", len(got), len(want))
	}
	// The condition shows exactly this report, so a reader that may be behind can write the
	// longer message, too.
	in.Confirmed = false
	if diff := cmp.Diff(next, aggregate.Conditions(in)); diff != "" {
		t.Errorf("Conditions of unconfirmed reports (-confirmed +unconfirmed):\n%s", diff)
	}
}
