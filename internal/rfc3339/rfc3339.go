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

// Package rfc3339 parses the times that users write in bodies of REST requests and in
// searches. The custom resources accept the same form, by the pattern of api/v1's
// Timestamp.
package rfc3339

import (
	"errors"
	"strings"
	"time"
)

// errForm describes the form of a time.
var errForm = errors.New("not an RFC 3339 time such as 2026-01-31T10:00:00Z")

// Parse reads an RFC 3339 date-time and returns it in UTC. Letters must be upper case,
// and a fraction has at most nine digits: more would be cut silently.
func Parse(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !isStrict(s) {
		return time.Time{}, errForm
	}
	return t.UTC(), nil
}

// isStrict reports whether a string that time.Parse accepts is RFC 3339. time.Parse also
// accepts an hour of one digit, a comma before the fraction, and offsets of 24:00 or
// 00:60 and more.
func isStrict(s string) bool {
	const (
		hourEnd  = len("2006-01-02T15")
		seconds  = len("2006-01-02T15:04:05")
		digits   = len("999999999")
		offset   = len("07:00")
		maxHours = "23"
		maxSixty = "59"
	)
	if s[hourEnd] != ':' || s[seconds] == ',' || s[seconds] == '.' && strings.IndexAny(s[seconds+1:], "Z+-") > digits {
		return false
	}
	if s[len(s)-1] == 'Z' {
		return true
	}
	hours, minutes, _ := strings.Cut(s[len(s)-offset:], ":")
	return hours <= maxHours && minutes <= maxSixty
}
