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
	"fmt"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-01-31":                time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC),
		"2026-01-31T10:00:00Z":      time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC),
		"2026-01-31T10:00:00+01:30": time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC),
	} {
		if got, err := ParseTime(text); err != nil || !got.Equal(want) {
			t.Errorf("ParseTime(%s) = %v, %v, want %v", text, got, err, want)
		}
		if _, err := Parse("created_time > " + text); err != nil {
			t.Errorf("Parse of a search with %s: %v", text, err)
		}
	}
}

// TestTimesAreStrict: searches accept no time that the body of a request refuses.
func TestTimesAreStrict(t *testing.T) {
	for _, text := range []string{
		"2026-01-31T1:00:00Z", "2026-01-31T10:00:00,5Z", "2026-01-31T10:00:00+24:00", "2026-01-31T10:00:00+00:60",
		"2026-01-31T10:00:00.1234567891Z", "2026-01-31t10:00:00z", "2026-1-31", "2026-02-30", "20260131", "",
	} {
		want := fmt.Sprintf("%q is neither a date such as 2026-01-31 nor an RFC 3339 time such as 2026-01-31T10:00:00Z", text)
		if got, err := ParseTime(text); err == nil || err.Error() != want {
			t.Errorf("ParseTime(%q) = %v, %v, want the error %s", text, got, err, want)
		}
		if !looksLikeTime(text) {
			continue
		}
		if _, err := Parse("created_time > " + text); err == nil {
			t.Errorf("Parse of a search with %s: no error", text)
		}
	}
}
