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
)

// ParseTime reads a date, which is its midnight in UTC, or an RFC 3339 time. The
// error says what is wrong, for the person who wrote the text.
func ParseTime(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is neither a date such as 2026-01-31 nor an RFC 3339 time such as 2026-01-31T10:00:00Z", quote(text))
	}
	return t, nil
}

// looksLikeTime tells whether a text starts as dates do and numbers never do:
// with four digits and a dash.
func looksLikeTime(text string) bool {
	return len(text) > len("2026-") && areDigits(text[:4]) && text[4] == '-'
}
