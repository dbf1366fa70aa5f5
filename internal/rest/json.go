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

package rest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// Marshal returns the JSON of a value. Unlike json.Marshal, it does not escape the
// characters <, > and &.
func Marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// DigestOf returns the digest that identifies the bytes. It is the same on every
// replica.
func DigestOf(data []byte) fleet.Digest {
	sum := sha256.Sum256(data)
	return fleet.Digest(sum[:])
}

// FreeForm returns the JSON of a free-form object, {} if there is none.
func FreeForm(raw []byte) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

// setJSON sets the JSON of a row to the JSON of a value.
func setJSON(row *fleet.Row, value any) error {
	rendered, err := Marshal(value)
	if err != nil {
		return fmt.Errorf("render %s: %w", row.Key, err)
	}
	row.JSON, row.Digest = rendered, DigestOf(rendered)
	return nil
}
