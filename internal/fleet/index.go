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

package fleet

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// ErrNotFound says that the row that was waited for is gone.
var ErrNotFound = errors.New("not found")

// Index holds the rows of one collection. It is safe for concurrent use: what
// one call returns belongs to one state of the collection.
type Index struct {
	schema *Schema

	// writing is held by whoever changes the table, from before he takes mu. With
	// it, the table may be read without mu.
	writing sync.Mutex

	// mu guards the table. Readers hold it to find rows, not to sort or to render
	// them.
	mu sync.RWMutex
	*table
	synced atomic.Bool

	limits   limits
	turns    turns
	standing standingSearches

	waits waits
	// proven is what Proven returns.
	proven atomic.Pointer[time.Time]
}

// Query asks for a page of the rows that match.
type Query struct {
	// Filter is the search, nil for none. It need not be normalized.
	Filter tsl.Expr
	// Owners restricts the list to the rows of any of these owners, empty for all.
	Owners []string
	// OrderBy are the fields to order by, the most significant first. Without any
	// the newest row is first. Rows that are equal in all of them are ordered by
	// id, in the direction of the last field.
	OrderBy []Order
	// Offset is how many matching rows to skip, Limit how many to return at most.
	// A negative number counts as 0.
	Offset, Limit int
}

// Order is one field of an order.
type Order struct {
	Field      string
	Descending bool
}

// Page is one page of a list.
type Page struct {
	// Total is the number of rows that match.
	Total int
	// Rows are the rows of the page, in order. They are not to be modified.
	Rows []*Row
}

// New returns an empty Index of a collection.
func New(schema Schema) *Index {
	return &Index{
		schema:   &schema,
		table:    newTable(&schema),
		limits:   defaultLimits,
		turns:    newTurns(),
		standing: newStandingSearches(),
		waits:    newWaits(),
	}
}

// List returns one page of the rows that match. The error is a *FieldError where
// the collection's Schema does not allow the query, else one of Page.
func (x *Index) List(ctx context.Context, q Query) (Page, error) {
	search, err := x.Prepare(q.Filter, q.OrderBy)
	if err != nil {
		return Page{}, err
	}
	return x.Page(ctx, search, q.Owners, q.Offset, q.Limit)
}

// Get returns the row of that id.
func (x *Index) Get(id string) (*Row, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	ordinal, ok := x.byID[id]
	if !ok {
		return nil, false
	}
	return x.rows[ordinal], true
}

// GetByKey returns the row of the object of that namespace and metadata.name.
func (x *Index) GetByKey(key types.NamespacedName) (*Row, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	ordinal, ok := x.byKey[key]
	if !ok {
		return nil, false
	}
	return x.rows[ordinal], true
}

// Rows returns all rows, in no order. They are not to be modified.
func (x *Index) Rows() []*Row {
	x.mu.RLock()
	defer x.mu.RUnlock()
	rows := make([]*Row, 0, len(x.byKey))
	for _, ordinal := range x.byKey {
		rows = append(rows, x.rows[ordinal])
	}
	return rows
}

// OwnedBy returns the rows of these owners, in no particular order.
func (x *Index) OwnedBy(owners ...string) []*Row {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var rows []*Row
	for _, owner := range owners {
		for _, ordinal := range x.columns[ownerID].values[owner].ordinals() {
			rows = append(rows, x.rows[ordinal])
		}
	}
	return rows
}

// HasSynced tells whether the Index holds everything that the API server held
// at some moment: whether Replace has been called.
func (x *Index) HasSynced() bool { return x.synced.Load() }
