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
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError reports where a search string is not TSL, and what was expected there.
type SyntaxError struct {
	// Offset is the position in bytes, from 0 to the length of the string.
	Offset int
	// Line and Column are the same position for people. Both count from 1; the
	// column counts characters.
	Line, Column int
	// Expected describes what is allowed there, for example `a value after "="`.
	Expected string
	// Found describes what the string contains there instead, for example `"and"` or `end of
	// search`.
	Found string
	// Hint suggests a correction. It is empty if no correction is obvious.
	Hint string
}

// Error returns the message for the author of the search.
func (e *SyntaxError) Error() string {
	message := fmt.Sprintf("search: at %s: expected %s, found %s", place(e.Line, e.Column), e.Expected, e.Found)
	if e.Hint != "" {
		message += "; " + e.Hint
	}
	return message
}

// Where names the position of a byte offset in a search string, as error messages
// do: "character 14", or "line 2, character 3" from the second line on.
func Where(text string, offset int) string { return place(position(text, offset)) }

// endOfSearch is what a message reports as found after the last token.
const endOfSearch = "end of search"

func place(line, column int) string {
	if line > 1 {
		return fmt.Sprintf("line %d, character %d", line, column)
	}
	return fmt.Sprintf("character %d", column)
}

// position returns the line and column of a byte offset, both counted from 1.
func position(text string, offset int) (line, column int) {
	before := text[:offset]
	line = strings.Count(before, "\n") + 1
	start := strings.LastIndexByte(before, '\n') + 1
	return line, utf8.RuneCountInString(before[start:]) + 1
}

func syntaxError(text string, offset int, expected, found, hint string) *SyntaxError {
	line, column := position(text, offset)
	return &SyntaxError{Offset: offset, Line: line, Column: column, Expected: expected, Found: found, Hint: hint}
}

// maxExcerpt is the maximum number of characters that a message quotes.
const maxExcerpt = 40

// quote returns a part of a search string for a message: on one line, printable,
// and cut to maxExcerpt.
func quote(part string) string { return strconv.Quote(excerpt(part)) }

func excerpt(part string) string {
	count := 0
	for i := range part {
		if count == maxExcerpt {
			return part[:i] + "…"
		}
		count++
	}
	return part
}
