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
	"bytes"
	"fmt"
	"time"
)

// Timestamp is an instant as an RFC 3339 string. Unlike metav1.Time, it keeps
// fractions of a second. Unlike metav1.MicroTime, it reads any number of
// fractional digits, so one hand-written report cannot prevent a client from
// decoding a list.
//
// +kubebuilder:validation:Type=string
// +kubebuilder:validation:Format=date-time
// +kubebuilder:validation:Pattern=`^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
// +kubebuilder:validation:MaxLength=35
type Timestamp struct {
	time.Time `json:"-"`
}

// NewTimestamp returns t in UTC and without its monotonic clock reading.
func NewTimestamp(t time.Time) Timestamp {
	return Timestamp{Time: t.UTC().Round(0)}
}

// MarshalJSON writes RFC 3339 in UTC with as many fractional digits as needed. It
// writes null for the zero time.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	b := make([]byte, 0, len(time.RFC3339Nano)+2)
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"'), nil
}

// UnmarshalJSON reads RFC 3339 with any number of fractional digits, or null.
func (t *Timestamp) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		t.Time = time.Time{}
		return nil
	}
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return fmt.Errorf("timestamp %s: want an RFC 3339 string", b)
	}
	parsed, err := time.Parse(time.RFC3339, string(b[1:len(b)-1]))
	if err != nil {
		return fmt.Errorf("timestamp: %w", err)
	}
	t.Time = parsed.UTC()
	return nil
}

// DeepCopyInto copies t; time.Time holds no mutable state.
func (t *Timestamp) DeepCopyInto(out *Timestamp) { *out = *t }

// Equal reports whether t and u are the same instant.
func (t Timestamp) Equal(u Timestamp) bool { return t.Time.Equal(u.Time) }

// MaxClockSkew is how far the clock of an adapter, or of the API server that dates a
// write, may be ahead.
const MaxClockSkew = 5 * time.Minute

// IsFuture reports whether t is more than MaxClockSkew after now. No clock that is right
// has shown such a time: a clock was wrong, or a client made the time up.
func IsFuture(t, now time.Time) bool { return t.After(now.Add(MaxClockSkew)) }
