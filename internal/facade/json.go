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

package facade

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	// maxJSONDepth is the maximum nesting of arrays and objects in a body, whose
	// free-form content is one level below it.
	maxJSONDepth = v1.MaxContentDepth + 1
	// maxJSONMembers is the maximum number of members of objects and elements of
	// arrays in a body. The API server's CPU time for an object grows with them, not
	// with its bytes.
	maxJSONMembers = v1.MaxContentMembers
)

// A lossError reports a value of a body that the API server could not store and return
// unchanged.
type lossError struct {
	path       string
	constraint string
	rule       string
}

func (e *lossError) Error() string { return e.path + " " + e.rule }

// checkJSON checks that a body is one JSON value that the API server can store and
// return as an equal value. It fails with a lossError if the value would change, and with
// another error if the body is not JSON.
func checkJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return errors.New("The body is empty") //nolint:staticcheck // the detail of a problem, a sentence
	}
	if !utf8.Valid(body) {
		return errors.New("The body is not valid UTF-8") //nolint:staticcheck // as above
	}
	checker := &jsonChecker{body: body, dec: json.NewDecoder(bytes.NewReader(body))}
	checker.dec.UseNumber()
	return checker.run()
}

type jsonChecker struct {
	body    []byte
	dec     *json.Decoder
	stack   []jsonFrame
	members int // and elements, seen so far
}

// A jsonFrame is an array or object that is open at a point of the body.
type jsonFrame struct {
	keys    map[string]bool // nil for an array
	key     string          // of the next or current member
	wantKey bool            // in an object, whether its next token is a key
	index   int             // in an array, of the next or current element
}

func (c *jsonChecker) run() error {
	for values := 0; ; {
		before := c.dec.InputOffset()
		token, err := c.dec.Token()
		if errors.Is(err, io.EOF) && len(c.stack) == 0 && values == 1 {
			return nil
		}
		if err != nil {
			return c.syntaxError(err)
		}
		if len(c.stack) == 0 {
			if values++; values > 1 {
				return fmt.Errorf("The body has data after its JSON value, at byte %d", before) //nolint:staticcheck // as above
			}
		}
		if err := c.token(token, c.body[before:c.dec.InputOffset()]); err != nil {
			return err
		}
	}
}

func (c *jsonChecker) syntaxError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("The body is not valid JSON: it ends too early") //nolint:staticcheck // as above
	}
	return fmt.Errorf("The body is not valid JSON: %w, at byte %d", err, c.dec.InputOffset()) //nolint:staticcheck // as above
}

func (c *jsonChecker) token(token json.Token, raw []byte) error {
	if len(c.stack) > 0 {
		if top := &c.stack[len(c.stack)-1]; top.wantKey {
			if key, ok := token.(string); ok {
				return c.key(top, key, raw)
			}
		} else if top.keys == nil && token != json.Delim(']') {
			if err := c.count(); err != nil {
				return err
			}
		}
	}
	switch token := token.(type) {
	case json.Delim:
		if token == ']' || token == '}' {
			c.stack = c.stack[:len(c.stack)-1]
			c.next()
			return nil
		}
		if len(c.stack) == maxJSONDepth {
			return &lossError{c.path(), "maxDepth", fmt.Sprintf("is nested deeper than %d levels", maxJSONDepth)}
		}
		frame := jsonFrame{}
		if token == '{' {
			frame = jsonFrame{keys: map[string]bool{}, wantKey: true}
		}
		c.stack = append(c.stack, frame)
		return nil
	case string:
		if losesRunes(token, raw) {
			return c.surrogate()
		}
	case json.Number:
		if rule := numberRule(token.String()); rule != "" {
			return &lossError{c.path(), "number", rule}
		}
	}
	c.next()
	return nil
}

func (c *jsonChecker) key(top *jsonFrame, key string, raw []byte) error {
	top.key, top.wantKey = key, false
	if err := c.count(); err != nil {
		return err
	}
	if losesRunes(key, raw) {
		return c.surrogate()
	}
	if top.keys[key] {
		return &lossError{c.path(), "unique", "is given twice"}
	}
	top.keys[key] = true
	return nil
}

// count counts a member of an object or an element of an array.
func (c *jsonChecker) count() error {
	if c.members++; c.members > maxJSONMembers {
		return &lossError{c.path(), "maxMembers", fmt.Sprintf("is one too many: a body holds at most %d members and elements in all", maxJSONMembers)}
	}
	return nil
}

func (c *jsonChecker) surrogate() error {
	return &lossError{c.path(), "unicode", `holds half of a surrogate pair (\ud800 to \udfff), which is no character`}
}

// next moves on after a value.
func (c *jsonChecker) next() {
	if len(c.stack) == 0 {
		return
	}
	top := &c.stack[len(c.stack)-1]
	if top.keys != nil {
		top.wantKey = true
	} else {
		top.index++
	}
}

func (c *jsonChecker) path() string {
	var b strings.Builder
	for _, frame := range c.stack {
		if frame.keys == nil {
			fmt.Fprintf(&b, "[%d]", frame.index)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(frame.key)
	}
	return b.String()
}

// losesRunes reports whether decoding has replaced an escape that represents no character
// with U+FFFD.
func losesRunes(decoded string, raw []byte) bool {
	if !strings.ContainsRune(decoded, utf8.RuneError) {
		return false
	}
	raw = bytes.ReplaceAll(raw, []byte(`\\`), nil) // an escaped backslash starts no other escape
	written := bytes.Count(raw, []byte("\uFFFD")) + bytes.Count(bytes.ToLower(raw), []byte(`\ufffd`))
	return strings.Count(decoded, "\uFFFD") > written
}

// numberRule returns the rule that a number violates, "" if the API server can store and
// return an equal number. The API server stores integers of 64 bits, and all other
// numbers as float64.
func numberRule(number string) string {
	if _, err := strconv.ParseInt(number, 10, 64); err == nil {
		return ""
	}
	f, err := strconv.ParseFloat(number, 64)
	if err == nil && decimal(number) == decimal(strconv.FormatFloat(f, 'e', -1, 64)) {
		return ""
	}
	if strings.ContainsAny(number, ".eE") {
		return "is a number beyond double precision, which cannot be stored exactly; send it as a string"
	}
	return "is an integer beyond 64 bits, which cannot be stored exactly; send it as a string"
}

// decimal returns the same string for all ways to write a JSON number: its sign,
// significant digits and power of ten.
func decimal(number string) string {
	mantissa, exponentText, _ := strings.Cut(strings.ToLower(number), "e")
	negative := strings.HasPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	exponent, err := strconv.ParseInt(exponentText, 10, 32)
	if exponentText != "" && err != nil {
		return number // beyond any float: equal to no other
	}
	exponent -= int64(len(fraction))
	trimmed := strings.TrimRight(digits, "0")
	exponent += int64(len(digits) - len(trimmed))
	return fmt.Sprintf("%t %s e%d", negative, trimmed, exponent)
}
