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
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
	"github.com/hyperfleet-io/hyperfleet/internal/rfc3339"
)

// maxBodyBytes is the largest request body.
const maxBodyBytes = 1 << 20

// freeForm are the members of request bodies that are free-form objects. The facade
// checks that they are objects that can be stored without loss, and never decodes them.
var freeForm = map[string]bool{"spec": true, "data": true, "metadata": true}

// readBody checks a request's JSON body against its schema in openapi.yaml, and decodes
// it into one of the generated request types.
func readBody(w http.ResponseWriter, r *http.Request, schema *openapi3.Schema, into any) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	return decodeBody(body, schema, into)
}

// readJSON reads a request's body, which must be declared as JSON.
func readJSON(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if _, err := checkMediaType(r, jsonMediaType); err != nil {
		return nil, err
	}
	return readAll(w, r)
}

// readAll reads a request's body, within limits of size and time.
func readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(underlying(w), r.Body, maxBodyBytes))
	if err == nil {
		return body, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, problem.TooLarge.Because("The body is larger than %d bytes", maxBodyBytes)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, problem.TooSlow.Because("The body did not arrive in time").WithCause(err)
	}
	return nil, problem.MalformedBody.Because("The body could not be read completely").WithCause(err)
}

// checkMediaType returns the media type of the body, which must be one of the accepted
// types.
func checkMediaType(r *http.Request, accepted ...string) (string, error) {
	if coding := contentCoding(r.Header); coding != "" {
		return "", problem.UnsupportedMediaType.Because("The Content-Encoding %s is not supported; send the body uncompressed", coding)
	}
	if r.ContentLength == 0 {
		return accepted[0], nil // the fault is that there is no body
	}
	// A body without a media type is refused: a page of another site can make a browser send
	// such a body without a CORS preflight.
	contentType := strings.Join(r.Header["Content-Type"], ", ")
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || !slices.Contains(accepted, mediaType) {
		refused := problem.UnsupportedMediaType.Because("Content-Type is %q; want %s", contentType, strings.Join(accepted, " or "))
		if r.Method == http.MethodPatch {
			refused = refused.WithHeader("Accept-Patch", strings.Join(accepted, ", "))
		}
		return "", refused
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", problem.UnsupportedMediaType.Because("The charset is %q; JSON is UTF-8", charset)
	}
	return mediaType, nil
}

func decodeBody(body []byte, schema *openapi3.Schema, into any) error {
	members, err := decodeObject(body)
	if err != nil {
		return err
	}
	value, err := shallow(members)
	if err != nil {
		return problem.MalformedBody.Because("The body is not valid JSON: %s", err)
	}
	err = schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.EnableFormatValidation(), openapi3.WithStringFormatValidators(stringFormats))
	if fields := slices.Compact(schemaFaults(err)); len(fields) > 0 {
		return problem.InvalidBody.InFields(fields...)
	}
	return decodeValid(body, into)
}

// decodeObject returns the members of a body that is an object.
func decodeObject(body []byte) (map[string]json.RawMessage, error) {
	if err := checkLossless(body); err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return nil, problem.MalformedBody.Because("The body is JSON, but not an object")
	}
	return members, nil
}

// checkLossless fails unless a body is JSON that can be stored without loss.
func checkLossless(body []byte) error {
	err := checkJSON(body)
	if err == nil {
		return nil
	}
	if fault, ok := errors.AsType[*lossError](err); ok {
		return problem.InvalidBody.InFields(rest.FieldError{Field: fault.path, Constraint: fault.constraint, Message: fault.Error()})
	}
	return problem.MalformedBody.Because("%s", err)
}

// stringFormats contains stricter checks than those of kin-openapi, which does not check
// days against the calendar.
var stringFormats = map[string]openapi3.StringFormatValidator{
	"date-time": openapi3.NewCallbackValidator(func(text string) error {
		_, err := rfc3339.Parse(text)
		return err
	}),
}

// decodeValid decodes a body that its schema allows. A schema compares numbers by value,
// so it accepts 1.0 and 1e0 as integers; the generated types cannot decode such numbers.
func decodeValid(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	if err == nil {
		return nil
	}
	if fault, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return problem.InvalidBody.InFields(rest.FieldError{Field: fault.Field, Constraint: "type",
			Message: fault.Field + " must be an integer without a fraction or exponent"})
	}
	return problem.InvalidBody.Because("The body does not fit its schema: %s", err)
}

// shallow decodes a body for the check against its schema, with an empty object in place
// of each free-form object.
func shallow(members map[string]json.RawMessage) (map[string]any, error) {
	value := make(map[string]any, len(members))
	for name, raw := range members {
		if freeForm[name] && raw[0] == '{' {
			value[name] = map[string]any{}
			continue
		}
		var member any
		if err := json.Unmarshal(raw, &member); err != nil {
			return nil, err
		}
		value[name] = member
	}
	return value, nil
}

// schemaFaults flattens the errors of VisitJSON.
func schemaFaults(err error) []rest.FieldError {
	switch err := err.(type) { //nolint:errorlint // VisitJSON nests these types and wraps neither
	case nil:
		return nil
	case openapi3.MultiError:
		var fields []rest.FieldError
		for _, one := range err {
			fields = append(fields, schemaFaults(one)...)
		}
		return fields
	case *openapi3.SchemaError:
		if nested, ok := err.Origin.(openapi3.MultiError); ok { //nolint:errorlint // as above
			return schemaFaults(nested)
		}
		return []rest.FieldError{schemaFault(err)}
	default:
		return []rest.FieldError{{Constraint: "schema", Message: err.Error()}}
	}
}

func schemaFault(err *openapi3.SchemaError) rest.FieldError {
	path, constraint := err.JSONPointer(), err.SchemaField
	if constraint == "properties" {
		path, constraint = append(path, unknownMember(err)), "unknown"
	}
	schema := err.Schema
	if number, ok := err.Value.(float64); ok && constraint == "format" && schema.Min != nil && schema.Max != nil {
		// The limits in the schema express int32 in numbers.
		constraint = "maximum"
		if number < 0 {
			constraint = "minimum"
		}
	}
	field := fieldPath(path)
	name := field
	if name == "" {
		name = "the body"
	}
	var rule string
	switch constraint {
	case "required":
		rule = "is required"
	case "unknown":
		rule = "is not a known field"
	case "type", "nullable":
		rule = "must be " + withArticle(strings.Join(schema.Type.Slice(), " or "))
	case "enum":
		rule = fmt.Sprintf("must be %s", oneOf(schema.Enum))
		if len(schema.Enum) == 1 { // a kind; clients know this message
			rule = fmt.Sprintf("must be '%s'", schema.Enum[0])
			if err.Value == "" {
				constraint, rule = "required", "is required"
			}
		}
	case "minLength":
		rule = fmt.Sprintf("must have at least %d characters", schema.MinLength)
	case "maxLength":
		rule = fmt.Sprintf("must have at most %d characters", *schema.MaxLength)
	case "minimum":
		rule = fmt.Sprintf("must be at least %.0f", *schema.Min)
	case "maximum":
		rule = fmt.Sprintf("must be at most %.0f", *schema.Max)
	case "maxItems":
		rule = fmt.Sprintf("must have at most %d items", *schema.MaxItems)
	case "pattern":
		rule = "must match " + schema.Pattern
		if schema.Pattern == namePattern {
			rule = "must consist of lower-case letters, digits and hyphens, and start and end with a letter or digit"
		}
	case "format":
		rule = formatRule(schema.Format)
	default:
		rule = err.Reason
	}
	return rest.FieldError{Field: field, Constraint: constraint, Message: name + " " + rule}
}

// unknownMember returns the name of a member that the schema does not have. Only the
// reason of the error contains the name.
func unknownMember(err *openapi3.SchemaError) string {
	quoted := strings.TrimSuffix(strings.TrimPrefix(err.Reason, "property "), " is unsupported")
	name, unquoteErr := strconv.Unquote(quoted)
	if unquoteErr != nil {
		return quoted
	}
	return name
}

const namePattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"

func formatRule(format string) string {
	if format == "date-time" {
		return "must be an RFC 3339 time such as 2025-01-01T10:00:00Z"
	}
	return "must have the format " + format
}

func withArticle(noun string) string {
	if noun != "" && strings.ContainsRune("aeio", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

func oneOf(values []any) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprint(value)
	}
	return strings.Join(texts[:len(texts)-1], ", ") + " or " + texts[len(texts)-1]
}

// fieldPath writes a path in the usual form: conditions[0].status. A number after
// conditions is an index; every other number is the name of a member.
func fieldPath(path []string) string {
	var b strings.Builder
	for i, part := range path {
		if i == 1 && path[0] == "conditions" {
			fmt.Fprintf(&b, "[%s]", part)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	return b.String()
}

// checkLabels checks the syntax of Kubernetes labels, and that no label is HyperFleet's
// own.
func checkLabels(labels map[string]string) []rest.FieldError {
	var fields []rest.FieldError
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		value := labels[key]
		fault := func(constraint, rule string) {
			fields = append(fields, rest.FieldError{Field: "labels." + key, Constraint: constraint, Message: "labels." + key + " " + rule})
		}
		if strings.HasPrefix(key, v1.OwnPrefix) {
			fault("reserved", "is reserved: keys that start with "+v1.OwnPrefix+" are HyperFleet's own")
			continue
		}
		for _, rule := range validation.IsQualifiedName(key) {
			fault("labelKey", "is not a label key: "+rule)
		}
		for _, rule := range validation.IsValidLabelValue(value) {
			fault("labelValue", "is not a label value: "+rule)
		}
	}
	return fields
}
