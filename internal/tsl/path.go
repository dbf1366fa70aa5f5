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

import "strings"

// Elements returns the parts of the path between dots. A part in single quotes may
// contain any character; two single quotes in it stand for one.
func (f Field) Elements() []string {
	var elements []string
	for rest := f.Path; ; {
		if length, closed := quotedLength(rest); closed {
			elements = append(elements, unquote(rest[:length]))
			if length == len(rest) {
				return elements
			}
			rest = rest[length+1:]
			continue
		}
		element, after, more := strings.Cut(rest, ".")
		elements = append(elements, element)
		if !more {
			return elements
		}
		rest = after
	}
}

// spanField returns the length of the field or word at the start of rest.
func spanField(rest string) int {
	length := span(rest, isWord)
	for length < len(rest) && rest[length-1] == '.' {
		quoted, closed := quotedLength(rest[length:])
		if !closed {
			return length
		}
		length += quoted
		if length == len(rest) || rest[length] != '.' {
			return length
		}
		length += span(rest[length:], isWord)
	}
	return length
}

// quotedLength returns the length of the quoted string at the start of rest, and whether
// its closing quote exists. The length is 0 if rest does not start with a quote.
func quotedLength(rest string) (length int, closed bool) {
	if rest == "" || rest[0] != '\'' {
		return 0, false
	}
	for i := 1; i < len(rest); i++ {
		if rest[i] != '\'' {
			continue
		}
		if i+1 == len(rest) || rest[i+1] != '\'' {
			return i + 1, true
		}
		i++
	}
	return len(rest), false
}

// unquote returns the value of a string in single quotes.
func unquote(quoted string) string {
	return strings.ReplaceAll(quoted[1:len(quoted)-1], "''", "'")
}
