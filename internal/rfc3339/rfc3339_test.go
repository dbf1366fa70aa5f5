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

package rfc3339

import (
	"regexp"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-01-31T10:00:00Z":                time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC),
		"2026-01-31T10:00:00.5Z":              time.Date(2026, 1, 31, 10, 0, 0, 500_000_000, time.UTC),
		"2026-01-31T10:00:00.123456789+05:30": time.Date(2026, 1, 31, 4, 30, 0, 123_456_789, time.UTC),
		"2026-01-31T23:59:59-23:59":           time.Date(2026, 2, 1, 23, 58, 59, 0, time.UTC),
		"2024-02-29T00:00:00+00:00":           time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"0000-01-01T00:00:00-00:00":           time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("Parse(%s) = %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "yesterday", "2026-01-31", "2026-01-31T10:00:00", "2026-01-31 10:00:00Z",
		"2026-01-31T1:00:00Z",             // an hour of one digit
		"2026-01-31T10:00:00,5Z",          // a comma before the fraction
		"2026-01-31T10:00:00+24:00",       // an offset of a day
		"2026-01-31T10:00:00+00:60",       // an offset of sixty minutes
		"2026-01-31T10:00:00+0000",        // an offset without a colon
		"2026-01-31T10:00:00+00",          // an offset without minutes
		"2026-01-31T10:00:00.Z",           // a fraction without digits
		"2026-01-31T10:00:00.1234567891Z", // ten digits
		"2026-01-31T10:00:00.1234567891+01:00",
		"2026-01-31t10:00:00z",                                                                         // lower case
		"2026-02-30T10:00:00Z", "2026-13-01T10:00:00Z", "2025-02-29T10:00:00Z", "2026-01-00T10:00:00Z", // the calendar
		"2026-01-31T24:00:00Z", "2026-01-31T10:60:00Z", "2026-12-31T23:59:60Z", // the clock
		"12026-01-31T10:00:00Z", "026-01-31T10:00:00Z", "+2026-01-31T10:00:00Z",
		" 2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z ", "2026-01-31T10:00:00Z\n",
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", text, got)
		}
	}
}

// form is the pattern of api/v1's Timestamp, for every century.
var form = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)

// FuzzParse: a string that Parse accepts has the form that the custom resources accept.
// Parse refuses a string of this form only if no such time exists.
func FuzzParse(f *testing.F) {
	f.Add("2026-01-31T10:00:00.123456789+05:30")
	f.Add("2026-01-31T1:00:00Z")
	f.Add("0000-01-01T00:00:00.0000+00:00")
	f.Add("2026-02-30T10:00:00,5-24:00")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse(text)
		if err == nil && !form.MatchString(text) {
			t.Errorf("Parse(%q) takes what the custom resources refuse", text)
		}
		if _, lenient := time.Parse(time.RFC3339, text); err != nil && lenient == nil && form.MatchString(text) {
			t.Errorf("Parse(%q) = %v", text, err)
		}
	})
}
