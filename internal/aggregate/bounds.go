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

package aggregate

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// limits bound the conditions of one parent. The whole object must fit into one
// request to etcd (1.5 MiB by default), but all reports together have no such bound.
// Sizes are in bytes of JSON: one byte of a string can take six.
type limits struct {
	reason, message int // of an adapter's condition
	aggregated      int // of the message of another condition
	others          int // conditions of adapters that are not required
	brief           bool
}

var (
	normal  = limits{reason: 256, message: 1024, aggregated: 4096, others: 50}
	minimal = limits{reason: 64, message: 128, aggregated: 1024, others: 10, brief: true}
)

// limitsOf returns minimal if the API server has refused a larger status of this
// generation, so that not every report tries the larger status again.
func limitsOf(in Input) limits {
	c := v1.FindCondition(in.Previous, v1.TruncatedCondition)
	if in.Minimal || c != nil && c.Reason == v1.StatusTooLargeReason && c.ObservedGeneration == in.Generation {
		return minimal
	}
	return normal
}

// bound cuts the strings of an adapter's condition. The report keeps the whole strings.
func (l limits) bound(c *v1.ResourceCondition) {
	c.Reason, c.Message = cut(c.Reason, l.reason), cut(c.Message, l.message)
}

// hasTextOf reports whether c has the reason and message of r, whole or cut to one of the
// limits.
func hasTextOf(c *v1.ResourceCondition, r Report) bool {
	for _, l := range []limits{normal, minimal} {
		kept := v1.ResourceCondition{Reason: r.Reason, Message: r.Message}
		l.bound(&kept)
		if c.Reason == kept.Reason && c.Message == kept.Message {
			return true
		}
	}
	return false
}

// adapterConditions returns the conditions of the adapters and the names of the adapters
// that have a result but no condition. Required adapters always have a condition. Of the
// other adapters, the adapters whose reports were created first have a condition, so a
// new adapter does not displace another one. An unnamed condition counts as older than
// all known reports.
func adapterConditions(in Input, all []adapter, unnamed []v1.ResourceCondition) (conditions []v1.ResourceCondition, leftOut []string) {
	l := limitsOf(in)
	others := 0
	add := func(name string, required bool, c v1.ResourceCondition) {
		if !required {
			if others++; others > l.others {
				leftOut = append(leftOut, name)
				return
			}
		}
		l.bound(&c)
		conditions = append(conditions, c)
	}
	for _, c := range unnamed {
		add(c.Type, false, c)
	}
	for _, a := range all {
		if a.result != nil {
			add(a.name, slices.Contains(in.Required, a.name), *a.result)
		}
	}
	return conditions, leftOut
}

const (
	lessTextMessage = "The API server refused the status for its size, so conditions say less"
	leftOutMessage  = "adapters have no condition: "
)

// truncated returns the condition that shows what the other conditions leave out. It
// returns nil if they leave nothing out.
func truncated(in Input, leftOut []string) *v1.ResourceCondition {
	var said []string
	c := v1.ResourceCondition{
		Type:               v1.TruncatedCondition,
		Status:             metav1.ConditionTrue,
		Reason:             v1.TooManyAdaptersReason,
		ObservedGeneration: in.Generation,
	}
	if limitsOf(in) == minimal {
		c.Reason = v1.StatusTooLargeReason
		said = append(said, lessTextMessage)
	}
	if len(leftOut) > 0 {
		said = append(said, fmt.Sprintf("%d %s%s", len(leftOut), leftOutMessage, strings.Join(leftOut, ", ")))
	}
	if len(said) == 0 {
		return nil
	}
	c.Message = cut(strings.Join(said, "; "), normal.aggregated)
	now := v1.NewTimestamp(in.Now.Truncate(time.Microsecond))
	c.CreatedTime, c.LastUpdatedTime, c.LastTransitionTime = now, now, now
	if was := v1.FindCondition(in.Previous, v1.TruncatedCondition); was != nil {
		c.CreatedTime, c.LastTransitionTime = was.CreatedTime, was.LastTransitionTime
		if was.Message == c.Message || now.Before(was.LastUpdatedTime.Time) {
			c.LastUpdatedTime = was.LastUpdatedTime
		}
	}
	return &c
}

// isLeftOut reports whether the condition Truncated names the adapter, which then has no
// condition of its own. If the names do not fit into the message, isLeftOut assumes that
// every adapter is named.
func isLeftOut(conditions []v1.ResourceCondition, adapter string) bool {
	c := v1.FindCondition(conditions, v1.TruncatedCondition)
	if c == nil {
		return false
	}
	_, names, ok := strings.Cut(c.Message, leftOutMessage)
	return ok && (strings.HasSuffix(names, ellipsis) || slices.Contains(strings.Split(names, ", "), adapter))
}

const (
	ellipsis = "…"

	// maxJSONSize is the largest number of bytes in JSON for one byte of a string.
	maxJSONSize = 6
)

// cut shortens s to a number of bytes in JSON, between characters, and ends it with
// "…" if anything is missing.
func cut(s string, limit int) string {
	if len(s) <= limit/maxJSONSize {
		return s
	}
	size, fits := 0, 0
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		size += jsonSize(r, width)
		i += width
		if size > limit {
			return s[:fits] + ellipsis
		}
		if size <= limit-len(ellipsis) {
			fits = i
		}
	}
	return s
}

// jsonLen returns the number of bytes that s takes in JSON, without the quotes.
func jsonLen(s string) int {
	size := 0
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		size += jsonSize(r, width)
		i += width
	}
	return size
}

// jsonSize returns the number of bytes that a character takes in JSON as encoding/json
// writes it, which the API server stores.
func jsonSize(r rune, width int) int {
	switch {
	case strings.ContainsRune("\"\\\b\f\n\r\t", r):
		return 2
	case r < ' ' || strings.ContainsRune("<>&\u2028\u2029", r), r == utf8.RuneError && width == 1:
		return maxJSONSize
	}
	return width
}
