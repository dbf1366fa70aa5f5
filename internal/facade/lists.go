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
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// answerList answers with the page of the rows of a collection that the query parameters
// select. If there are owners, it lists only their rows.
func (s *Server) answerList(w http.ResponseWriter, r *http.Request, c replica.Collection, path string, owners ...string) error {
	if err := s.checkCurrent(); err != nil {
		return err
	}
	q, err := s.parseListQuery(c, path, r.URL.RawQuery)
	if err != nil {
		return err
	}
	request := fleet.PageRequest{Owners: owners, Offset: (q.page - 1) * q.pageSize, Limit: q.pageSize, After: q.after}
	if q.byToken {
		request.Limit++ // to know whether there is a next page
	}
	page, err := c.Index.Page(r.Context(), q.search, request)
	if err != nil {
		return q.problem(err)
	}
	next := ""
	if q.byToken && len(page.Rows) > q.pageSize {
		page.Rows = page.Rows[:q.pageSize]
		next = pageToken(page.Rows[q.pageSize-1].Position())
	}
	if !q.paged && page.Total > len(page.Rows) {
		s.unpaged.report(s.logOf(r), r, page)
	}
	if len(q.fields) > 0 {
		if page.Rows, err = s.projected(r.Context(), page.Rows, q.fields); err != nil {
			return q.problem(err)
		}
	}
	s.writeList(w, r, listHead{c.ListKind, q.page, next}, page)
	return nil
}

// projectionPatience is the maximum time to wait for each turn to read a large page.
const projectionPatience = 2 * time.Second

// projected returns rows whose JSON has only some fields. It reads the whole JSON of each
// row, so a large page takes turns.
func (s *Server) projected(ctx context.Context, rows []*fleet.Row, fields []string) ([]*fleet.Row, error) {
	result := make([]*fleet.Row, len(rows))
	var taken *fairness.Turn
	defer func() { taken.Done() }()
	length := 0
	for i, row := range rows {
		var err error
		switch length += len(row.JSON); {
		case length <= bodyBuffer:
		case taken == nil:
			taken, err = s.replica.Turns.Take(ctx, projectionPatience)
		case taken.Expired(time.Now()):
			err = taken.Yield(ctx, projectionPatience)
		}
		if err != nil {
			return nil, err
		}
		object := rest.Project(row.JSON, fields)
		result[i] = &fleet.Row{JSON: object, Digest: rest.DigestOf(object)}
	}
	return result, nil
}

// problem returns the problem of a query that the fields of the collection do not allow, or
// that costs too much.
func (q *listQuery) problem(err error) error {
	switch {
	case errors.Is(err, fleet.ErrTooBroad):
		return problem.InvalidSearch.InFields(rest.FieldError{Field: "search", Constraint: "cost", Message: err.Error()})
	case errors.Is(err, fairness.ErrBusy):
		return problem.TooManyRequests.Transient("Too many requests that scan or sort many objects are running").WithCause(err)
	}
	fault, ok := errors.AsType[*fleet.FieldError](err)
	if !ok {
		return err
	}
	if fault.Offset < 0 {
		return problem.InvalidParameter.InFields(rest.FieldError{Field: q.orderedBy, Constraint: "field", Message: q.orderedBy + ": " + fault.Error()})
	}
	return problem.InvalidSearch.InFields(rest.FieldError{Field: "search", Constraint: "field", Message: "search: at " + tsl.Where(q.text, fault.Offset) + ": " + fault.Error()})
}
