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
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTimestampJSON(t *testing.T) {
	cases := map[string]struct {
		text      string
		want      time.Time
		wantText  string // written again
		wantError bool
	}{
		"seconds":               {text: `"2025-01-01T10:00:00Z"`, want: time.Date(2025, 1, 1, 10, 0, 0, 0, time.UTC), wantText: `"2025-01-01T10:00:00Z"`},
		"one digit":             {text: `"2025-01-01T10:00:00.5Z"`, want: time.Date(2025, 1, 1, 10, 0, 0, 5e8, time.UTC), wantText: `"2025-01-01T10:00:00.5Z"`},
		"nanoseconds":           {text: `"2025-01-01T10:00:00.123456789Z"`, want: time.Date(2025, 1, 1, 10, 0, 0, 123456789, time.UTC), wantText: `"2025-01-01T10:00:00.123456789Z"`},
		"trailing zeros":        {text: `"2025-01-01T10:00:00.100000Z"`, want: time.Date(2025, 1, 1, 10, 0, 0, 1e8, time.UTC), wantText: `"2025-01-01T10:00:00.1Z"`},
		"east":                  {text: `"2025-01-01T10:00:00+02:00"`, want: time.Date(2025, 1, 1, 8, 0, 0, 0, time.UTC), wantText: `"2025-01-01T08:00:00Z"`},
		"west over midnight":    {text: `"2025-12-31T23:30:00-01:00"`, want: time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC), wantText: `"2026-01-01T00:30:00Z"`},
		"null":                  {text: `null`, wantText: `null`},
		"empty":                 {text: `""`, wantError: true},
		"number":                {text: `1735725600`, wantError: true},
		"object":                {text: `{}`, wantError: true},
		"without offset":        {text: `"2025-01-01T10:00:00"`, wantError: true},
		"date only":             {text: `"2025-01-01"`, wantError: true},
		"lower case":            {text: `"2025-01-01t10:00:00z"`, wantError: true},
		"leap second":           {text: `"2016-12-31T23:59:60Z"`, wantError: true},
		"30 February":           {text: `"2025-02-30T10:00:00Z"`, wantError: true},
		"29 February of a leap": {text: `"2024-02-29T10:00:00Z"`, want: time.Date(2024, 2, 29, 10, 0, 0, 0, time.UTC), wantText: `"2024-02-29T10:00:00Z"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got Timestamp
			err := json.Unmarshal([]byte(tc.text), &got)
			if (err != nil) != tc.wantError {
				t.Fatalf("error %v, want one: %t", err, tc.wantError)
			}
			if tc.wantError {
				return
			}
			if diff := cmp.Diff(tc.want, got.Time); diff != "" {
				t.Errorf("time (-want +got):\n%s", diff)
			}
			written, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if string(written) != tc.wantText {
				t.Errorf("written as %s, want %s", written, tc.wantText)
			}
		})
	}
}

// TestTimestampIsOmittedWhereZero proves that an optional timestamp that is not set
// does not reach the API server as a null.
func TestTimestampIsOmittedWhereZero(t *testing.T) {
	got, err := json.Marshal(AdapterCondition{Type: "Available", Status: "True"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"type":"Available","status":"True"}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNewTimestamp(t *testing.T) {
	now := time.Now()
	got := NewTimestamp(now)
	if !got.Time.Equal(now) || got.Location() != time.UTC {
		t.Errorf("got %v, want %v in UTC", got, now)
	}
	written, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var back Timestamp
	if err := json.Unmarshal(written, &back); err != nil {
		t.Fatal(err)
	}
	if back != got {
		t.Errorf("read back %#v, want %#v", back, got)
	}
	if !back.Equal(got) || back.Equal(NewTimestamp(now.Add(1))) {
		t.Error("Equal does not compare to the nanosecond")
	}
	if duplicate := got.DeepCopy(); *duplicate != got {
		t.Errorf("copied as %v, want %v", duplicate, got)
	}
}
