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
	"errors"
	"net/http"
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

// answerList answers with a page of the rows of a collection: of those owners, where
// any are given, and as the query parameters say.
func (s *Server) answerList(w http.ResponseWriter, r *http.Request, c replica.Collection, path string, owners ...string) error {
	if err := s.checkCurrent(); err != nil {
		return err
	}
	q, err := s.parseListQuery(c, path, r.URL.RawQuery)
	if err != nil {
		return err
	}
	page, err := c.Index.Page(r.Context(), q.search, fleet.PageRequest{Owners: owners, Offset: (q.page - 1) * q.pageSize, Limit: q.pageSize})
	if err != nil {
		return queryProblem(err, q.text)
	}
	s.writeList(w, r, c.ListKind, q.page, page)
	return nil
}

// listQuery is a checked query string of a list.
type listQuery struct {
	page, pageSize int
	search         *fleet.Search
	text           string // of the search
}

// parseListQuery checks the query string of the list at a path. It is a function of
// these alone, and pollers ask the same over and over: what it found out is kept.
func (s *Server) parseListQuery(c replica.Collection, path, rawQuery string) (*listQuery, error) {
	key := queryKey{path, rawQuery}
	if q, ok := s.queries.get(key); ok {
		return q, nil
	}
	p, err := s.parseListParameters(rawQuery, path)
	if err != nil {
		return nil, err
	}
	q := &listQuery{page: p.page, pageSize: p.pageSize, text: p.text["search"]}
	filter, err := parseSearch(q.text)
	if err != nil {
		return nil, err
	}
	orders, err := parseOrder(p.text["orderBy"], p.text["order"])
	if err != nil {
		return nil, err
	}
	if q.search, err = c.Index.Prepare(filter, orders); err != nil {
		return nil, queryProblem(err, q.text)
	}
	s.queries.add(key, q)
	return q, nil
}

type listParameters struct {
	page, pageSize int
	text           map[string]string // of the parameters that are not numbers
}

// parseListParameters checks the query parameters against those in openapi.yaml.
// Unknown ones are ignored.
func (s *Server) parseListParameters(rawQuery, path string) (listParameters, error) {
	p := listParameters{page: 1, pageSize: s.options.PageSize, text: map[string]string{}}
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return p, problem.InvalidParameter.Because("The query string is malformed: %s", err)
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
	if page, ok := numbers["page"]; ok {
		p.page = page
	}
	size, hasSize := numbers["size"]
	pageSize, hasPageSize := numbers["pageSize"]
	switch {
	case hasSize && hasPageSize && size != pageSize:
		faults = append(faults, rest.FieldError{Field: "size", Constraint: "alias", Message: "size is another name for pageSize, and they differ"})
	case hasPageSize:
		p.pageSize = pageSize
	case hasSize:
		p.pageSize = size
	}
	if len(faults) > 0 {
		return p, problem.InvalidParameter.InFields(faults...)
	}
	return p, nil
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

// parseSearch parses the search; an empty or blank one is none.
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

// queryProblem is for a query that the collection's fields do not allow, or that
// costs too much.
func queryProblem(err error, search string) error {
	switch {
	case errors.Is(err, fleet.ErrTooBroad):
		return problem.InvalidSearch.InFields(rest.FieldError{Field: "search", Constraint: "cost", Message: err.Error()})
	case errors.Is(err, fleet.ErrBusy):
		return problem.TooManyRequests.Because("Too many searches that look at objects one by one are under way; try again in a moment").
			RetryAfter(1).WithCause(err)
	}
	fault, ok := errors.AsType[*fleet.FieldError](err)
	if !ok {
		return err
	}
	if fault.Offset < 0 {
		return problem.InvalidParameter.InFields(rest.FieldError{Field: "orderBy", Constraint: "field", Message: "orderBy: " + fault.Error()})
	}
	return problem.InvalidSearch.InFields(rest.FieldError{Field: "search", Constraint: "field", Message: "search: at " + tsl.Where(search, fault.Offset) + ": " + fault.Error()})
}

// parseOrder parses orderBy. The order parameter is the direction of what has none
// of its own: of created_time, where nothing else is named.
func parseOrder(orderBy, order string) ([]fleet.Order, error) {
	if strings.TrimSpace(orderBy) == "" && order != "" {
		orderBy = "created_time"
	}
	orders, err := fleet.ParseOrders(orderBy, order)
	if err != nil {
		return nil, problem.InvalidParameter.InFields(rest.FieldError{Field: "orderBy", Constraint: "syntax", Message: "orderBy: " + err.Error()})
	}
	return orders, nil
}
