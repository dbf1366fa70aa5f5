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
	"slices"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// maxPatchOperations bounds the work of a JSON patch: each operation may move all elements
// of an array.
const maxPatchOperations = 1000

// mutable are the members of a resource that a PATCH can change.
var mutable = []string{"spec", "labels"}

// mergePatch returns the change of a JSON merge patch (RFC 7396).
func (s *Server) mergePatch(kind string, body []byte) (change, error) {
	members, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	for member := range members {
		if !slices.Contains(mutable, member) {
			// decodeDesired returns the same error as for a body that replaces whole
			// members.
			_, err := s.decodeDesired(kind, body)
			return nil, err
		}
	}
	return s.patched(kind, func(document []byte) ([]byte, error) {
		patched, err := jsonpatch.MergePatch(document, body)
		if err != nil {
			return nil, problem.MalformedBody.Because("The body is not a merge patch: %s", err)
		}
		return patched, nil
	}), nil
}

// jsonPatch returns the change of a JSON patch (RFC 6902). The patch may test and copy
// every part of the resource.
func (s *Server) jsonPatch(kind string, body []byte) (change, error) {
	if err := checkLossless(body); err != nil {
		return nil, err
	}
	var operations []struct {
		Op, Path, From *string
		Value          json.RawMessage
	}
	if err := json.Unmarshal(body, &operations); err != nil {
		return nil, problem.MalformedBody.Because("The body is JSON, but not a JSON patch, which is an array of operations")
	}
	if len(operations) > maxPatchOperations {
		return nil, problem.InvalidBody.InFields(rest.FieldError{Constraint: "maxItems", Message: fmt.Sprintf("the body must have at most %d items", maxPatchOperations)})
	}
	var faults []rest.FieldError
	for i, operation := range operations {
		add := func(field, constraint, rule string) {
			name := fmt.Sprintf("[%d].%s", i, field)
			faults = append(faults, rest.FieldError{Field: name, Constraint: constraint, Message: name + " " + rule})
		}
		changes := false
		switch op := operation.Op; {
		case op == nil:
			add("op", "required", "is required")
			continue
		case *op == "test":
		case slices.Contains([]string{"add", "remove", "replace", "move", "copy"}, *op):
			changes = true
		default:
			add("op", "enum", "must be add, remove, replace, move, copy or test")
			continue
		}
		checkPointer := func(field string, pointer *string, mayChange bool) {
			switch {
			case pointer == nil:
				add(field, "required", "is required")
			case *pointer != "" && !strings.HasPrefix(*pointer, "/"):
				add(field, "format", "must be a JSON pointer, which starts with a slash")
			case !mayChange:
			case *pointer == "":
				add(field, "immutable", "is the whole resource; a PATCH changes spec and labels")
			default:
				if member := firstOf(*pointer); !slices.Contains(mutable, member) {
					add(field, "immutable", "changes "+member+", which cannot be changed; a PATCH changes spec and labels")
				}
			}
		}
		checkPointer("path", operation.Path, changes)
		if *operation.Op == "move" || *operation.Op == "copy" {
			checkPointer("from", operation.From, *operation.Op == "move")
		} else if *operation.Op != "remove" && operation.Value == nil {
			add("value", "required", "is required")
		}
	}
	if len(faults) > 0 {
		return nil, problem.InvalidBody.InFields(faults...)
	}
	patch, err := jsonpatch.DecodePatch(body)
	if err != nil {
		return nil, problem.MalformedBody.Because("The body is not a JSON patch: %s", err)
	}
	return s.patched(kind, func(document []byte) ([]byte, error) { return applyJSONPatch(patch, document) }), nil
}

// firstOf returns the first member that a JSON pointer names.
func firstOf(pointer string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(first)
}

func applyJSONPatch(patch jsonpatch.Patch, document []byte) ([]byte, error) {
	options := jsonpatch.NewApplyOptions()
	options.SupportNegativeIndices = false
	options.AccumulatedCopySizeLimit = maxBodyBytes
	options.EscapeHTML = false
	patched, err := patch.ApplyWithOptions(document, options)
	if _, ok := errors.AsType[*jsonpatch.AccumulatedCopySizeError](err); ok {
		return nil, problem.TooLarge.Because("The patch copies more than %d bytes", maxBodyBytes)
	}
	if err != nil {
		return nil, problem.PatchFailed.Because("The patch does not fit the resource as it is: %s", bounded(err.Error()))
	}
	return patched, nil
}

// bounded cuts a message that a client's input makes long.
func bounded(message string) string {
	const limit = 1024
	if len(message) > limit {
		message = message[:limit] + "…"
	}
	return strings.ToValidUTF8(message, "")
}

// patched returns the change that patches the JSON of a resource. The result must satisfy
// the rules of a request body.
func (s *Server) patched(kind string, apply func(document []byte) ([]byte, error)) change {
	return func(o client.Object) (desired, error) {
		row, err := s.replica.Renderer.Row(o)
		if err != nil {
			return desired{}, err
		}
		document, err := apply(row.JSON)
		if err != nil {
			return desired{}, err
		}
		var result struct{ Spec, Labels json.RawMessage }
		if err := json.Unmarshal(document, &result); err != nil {
			return desired{}, problem.InvalidBody.Because("The patched resource is not an object with spec and labels")
		}
		return s.desiredOf(kind, result.Spec, result.Labels, row)
	}
}

// desiredOf returns the desired content after a patch. A member that the patch removes is
// missing or null. Missing labels mean no labels, but a missing spec is an error.
func (s *Server) desiredOf(kind string, spec, labels json.RawMessage, row *fleet.Row) (desired, error) {
	if isNull(spec) {
		return desired{}, problem.InvalidBody.InFields(rest.FieldError{Field: "spec", Constraint: "required", Message: "spec is required"})
	}
	if isNull(labels) {
		labels = json.RawMessage("{}")
	}
	body, err := json.Marshal(map[string]json.RawMessage{"spec": spec, "labels": labels})
	if err != nil {
		return desired{}, fmt.Errorf("write the patched %s: %w", row.Key, err)
	}
	return s.decodeDesired(kind, body)
}

func isNull(value json.RawMessage) bool {
	return len(value) == 0 || bytes.Equal(value, []byte("null"))
}
