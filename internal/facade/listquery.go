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
	"net/url"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// listQuery is a checked query string of a list.
type listQuery struct {
	page, pageSize int
	paged          bool // the client has asked for a page
	byToken        bool // the client pages by tokens
	after          *fleet.Position
	fields         []string // of the items; all if there are none
	search         *fleet.Search
	text           string // of the search
	orderedBy      string // the parameter with the order
}

// parseListQuery checks the query string of the list at a path. The result depends on
// these two only, and clients that poll repeat their queries, so a cache keeps it.
func (s *Server) parseListQuery(c replica.Collection, path, rawQuery string) (*listQuery, error) {
	key := queryKey{path, rawQuery}
	if q, ok := s.queries.get(key); ok {
		return q, nil
	}
	p, err := s.parseListParameters(rawQuery, path)
	if err != nil {
		return nil, err
	}
	q := &listQuery{page: p.page, pageSize: p.pageSize, paged: p.paged, text: p.text["search"]}
	filter, err := parseSearch(q.text)
	if err != nil {
		return nil, err
	}
	var orders []fleet.Order
	if orders, q.orderedBy, err = parseOrder(p.text["orderBy"], p.text["order"]); err != nil {
		return nil, err
	}
	if c.Resource != s.replica.Reports.Resource {
		orders = storedOrder(orders)
	}
	if q.search, err = c.Index.Prepare(s.replica.Renderer.Identities.Search(filter), orders); err != nil {
		return nil, q.problem(err)
	}
	if q.fields, err = s.parseFields(c, p.text["fields"]); err != nil {
		return nil, err
	}
	if token, ok := p.text["pageToken"]; ok {
		q.byToken = true
		if q.after, err = parsePageToken(token); err != nil {
			return nil, err
		}
		if !isPageableByToken(orders) {
			return nil, problem.InvalidParameter.InFields(rest.FieldError{Field: "pageToken", Constraint: "order", Message: "pageToken: pages by tokens are in the order of created_time only"})
		}
	}
	s.queries.add(key, q)
	return q, nil
}

type listParameters struct {
	page, pageSize int
	paged          bool
	text           map[string]string // of the parameters that are not numbers
}

// parseListParameters checks the query parameters against those in openapi.yaml. It ignores
// unknown parameters.
func (s *Server) parseListParameters(rawQuery, path string) (listParameters, error) {
	p := listParameters{page: 1, pageSize: s.options.PageSize, text: map[string]string{}}
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return p, malformedQuery(err)
	}
	var faults []rest.FieldError
	numbers := map[string]int{}
	for _, ref := range s.contract.parameters(path) {
		parameter := ref.Value
		given, ok := values[parameter.Name]
		if !ok {
			continue
		}
		if len(given) > 1 {
			faults = append(faults, rest.FieldError{Field: parameter.Name, Constraint: "unique", Message: parameter.Name + " is given more than once"})
			continue
		}
		var fault *rest.FieldError
		if parameter.Schema.Value.Type.Is("integer") {
			numbers[parameter.Name], fault = integerParameter(parameter, given[0])
		} else {
			p.text[parameter.Name], fault = given[0], checkParameter(parameter, given[0])
		}
		if fault != nil {
			faults = append(faults, *fault)
		}
	}
	page, hasPage := numbers["page"]
	if hasPage {
		p.page = page
	}
	size, hasSize := numbers["size"]
	pageSize, hasPageSize := numbers["pageSize"]
	_, hasToken := p.text["pageToken"]
	switch {
	case hasSize && hasPageSize && size != pageSize:
		faults = append(faults, rest.FieldError{Field: "size", Constraint: "alias", Message: "size is another name for pageSize, and they differ"})
	case hasPageSize:
		p.pageSize = pageSize
	case hasSize:
		p.pageSize = size
	}
	if hasPage && hasToken {
		faults = append(faults, rest.FieldError{Field: "pageToken", Constraint: "alias", Message: "pageToken and page exclude each other"})
	}
	if len(faults) > 0 {
		return p, problem.InvalidParameter.InFields(faults...)
	}
	p.paged = hasPage || hasSize || hasPageSize || hasToken
	return p, nil
}

func malformedQuery(err error) error {
	return problem.InvalidParameter.Because("The query string is malformed: %s", err)
}

func integerParameter(parameter *openapi3.Parameter, text string) (int, *rest.FieldError) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, &rest.FieldError{Field: parameter.Name, Constraint: "type", Message: parameter.Name + " must be a whole number"}
	}
	return int(n), checkParameter(parameter, float64(n))
}

func checkParameter(parameter *openapi3.Parameter, value any) *rest.FieldError {
	faults := schemaFaults(parameter.Schema.Value.VisitJSON(value))
	if len(faults) == 0 {
		return nil
	}
	fault := faults[0]
	fault.Field = parameter.Name
	fault.Message = parameter.Name + strings.TrimPrefix(fault.Message, "the body")
	return &fault
}

// parseSearch parses the search; it returns nil for an empty or blank one.
func parseSearch(text string) (tsl.Expr, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	filter, err := tsl.Parse(text)
	if err != nil {
		return nil, problem.InvalidSearch.InFields(rest.FieldError{Field: "search", Constraint: "syntax", Message: err.Error()})
	}
	return filter, nil
}

// parseOrder parses the two parameters of an order, and returns the name of the parameter
// that names the fields. The value of order shows its dialect: asc and desc are the
// direction of the fields of orderBy that have no direction, or of created_time. Any
// other value is itself a list of fields.
func parseOrder(orderBy, order string) (orders []fleet.Order, parameter string, err error) {
	isDirection := order == "asc" || order == "desc"
	hasFields := strings.TrimSpace(order) != "" && !isDirection
	parameter = "orderBy"
	switch {
	case strings.TrimSpace(orderBy) == "" && isDirection:
		orderBy = "created_time"
	case strings.TrimSpace(orderBy) == "" && hasFields:
		parameter, orderBy, order = "order", order, ""
	case hasFields:
		return nil, "", problem.InvalidParameter.InFields(rest.FieldError{Field: "order", Constraint: "enum", Message: "order must be asc or desc where orderBy names the fields"})
	}
	orders, err = fleet.ParseOrders(orderBy, strings.TrimSpace(order))
	if err != nil {
		return nil, "", problem.InvalidParameter.InFields(rest.FieldError{Field: parameter, Constraint: "syntax", Message: parameter + ": " + err.Error()})
	}
	return orders, parameter, nil
}

// storedOrder replaces the fields that an index does not have. All rows of a list have
// the same kind, and an href ends in the id.
func storedOrder(orders []fleet.Order) []fleet.Order {
	var stored []fleet.Order
	for _, o := range orders {
		switch o.Field {
		case "kind":
			continue
		case "href":
			o.Field = "id"
		}
		stored = append(stored, o)
	}
	if len(stored) == 0 && len(orders) > 0 {
		return []fleet.Order{{Field: "id", Descending: orders[0].Descending}}
	}
	return stored
}

// parseFields returns the fields of the items in the answer, none for all. They always
// include the field that identifies an item.
func (s *Server) parseFields(c replica.Collection, text string) ([]string, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	properties := s.contract.schema(strings.TrimSuffix(c.ListKind, "List")).Properties
	fields := []string{"id"}
	if properties["id"] == nil {
		fields = []string{"adapter"}
	}
	for field := range strings.SplitSeq(text, ",") {
		field = strings.TrimSpace(field)
		if properties[field] == nil {
			return nil, problem.InvalidParameter.InFields(rest.FieldError{Field: "fields", Constraint: "field", Message: fmt.Sprintf("fields: %q is not a field of the items", field)})
		}
		fields = append(fields, field)
	}
	return fields, nil
}
