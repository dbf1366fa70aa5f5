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
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// A contract is the OpenAPI document that is served, parsed to validate requests.
type contract struct {
	doc  *openapi3.T
	json []byte
}

// loadContract parses the document with a default page size.
func loadContract(pageSize int) (*contract, error) {
	text, err := rest.Document(pageSize)
	if err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("parse the OpenAPI document: %w", err)
	}
	schema := doc.Components.Parameters["pageSize"].Value.Schema.Value
	if err := schema.VisitJSON(float64(pageSize)); err != nil {
		return nil, fmt.Errorf("default page size %d: want %.0f to %.0f", pageSize, *schema.Min, *schema.Max)
	}
	if err := doc.Validate(loader.Context); err != nil {
		return nil, fmt.Errorf("validate the OpenAPI document: %w", err)
	}
	return &contract{doc: doc, json: text}, nil
}

// schema returns a schema by its name among the components.
func (c *contract) schema(name string) *openapi3.Schema {
	return c.doc.Components.Schemas[name].Value
}

// parameters returns the query parameters of the list at a path.
func (c *contract) parameters(path string) openapi3.Parameters {
	return c.doc.Paths.Value(path).Get.Parameters
}
