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
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/rfc3339"
)

// ParseTime reads a date, which means midnight in UTC, or an RFC 3339 time in the form
// that request bodies accept. The error is for the author of the search.
func ParseTime(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	t, err := rfc3339.Parse(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is neither a date such as 2026-01-31 nor an RFC 3339 time such as 2026-01-31T10:00:00Z", quote(text))
	}
	return t, nil
}

// looksLikeTime reports whether a word starts like a date, with four digits and a dash,
// and so is not a number.
func looksLikeTime(text string) bool {
	return len(text) > len("2026-") && areDigits(text[:4]) && text[4] == '-'
}
