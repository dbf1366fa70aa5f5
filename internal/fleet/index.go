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
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// ErrNotFound reports that the awaited row does not exist or was deleted.
var ErrNotFound = errors.New("not found")

// goneIDs is the maximum number of ids of removed rows that an Index remembers.
const goneIDs = 10_000

// Index holds the rows of one collection. It is safe for concurrent use. The result of each
// call reflects one state of the collection.
type Index struct {
	schema *Schema

	// writing serializes writers. A writer locks it before mu; with it, the writer may read
	// the table without mu.
	writing sync.Mutex

	// mu guards the table. Readers hold it to find rows, but not to test, sort or render them.
	// A writer waits for the readers that hold it, and new readers wait for the writer, so
	// no reader may hold it for long: a search has a limited number of steps.
	mu sync.RWMutex
	*table
	synced atomic.Bool

	limits   limits
	turns    *fairness.Turns
	standing standingSearches

	waits waits
	// gone contains the ids of rows that were removed from the Index.
	gone *lru.Cache
	// proven is the result of Proven.
	proven atomic.Pointer[time.Time]
}

// New returns an empty Index of a collection. It shares the turns of its large searches
// with no other work.
func New(schema Schema) *Index {
	return NewWithTurns(schema, fairness.NewTurns(fairness.HalfOfProcessors()))
}

// NewWithTurns returns an empty Index of a collection. Its large searches share turns
// with other work.
func NewWithTurns(schema Schema, turns *fairness.Turns) *Index {
	return &Index{
		schema:   &schema,
		table:    newTable(&schema),
		limits:   defaultLimits,
		turns:    turns,
		standing: newStandingSearches(),
		waits:    newWaits(),
		gone:     lru.New(goneIDs),
	}
}

// Prepare compiles a search, nil for none, and an order with the fields of a Query. The
// error is a *FieldError if the Schema does not allow them. The Search is valid for every
// Index of the same Schema.
func (x *Index) Prepare(filter tsl.Expr, orderBy []Order) (*Search, error) {
	return x.schema.newSearch(filter, orderBy)
}

// Get returns the row with that id.
func (x *Index) Get(id string) (*Row, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	ordinal, ok := x.byID[id]
	if !ok {
		return nil, false
	}
	return x.rows[ordinal], true
}

// IsGone reports whether a row with that id was removed from the Index and has not
// returned. The Index remembers the ids of the 10,000 rows that were removed last; for
// other ids, IsGone returns false.
func (x *Index) IsGone(id string) bool {
	_, ok := x.Get(id)
	if ok {
		return false
	}
	_, ok = x.gone.Get(id)
	return ok
}

// GetByKey returns the row of the object with that namespace and metadata.name.
func (x *Index) GetByKey(key types.NamespacedName) (*Row, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	ordinal, ok := x.byKey[key]
	if !ok {
		return nil, false
	}
	return x.rows[ordinal], true
}

// Rows returns all rows in no particular order. They are read-only.
func (x *Index) Rows() []*Row {
	x.mu.RLock()
	defer x.mu.RUnlock()
	rows := make([]*Row, 0, len(x.byKey))
	for _, ordinal := range x.byKey {
		rows = append(rows, x.rows[ordinal])
	}
	return rows
}

// OwnedBy returns the rows of these owners in no particular order. They are read-only.
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

// HasSynced reports whether Replace has filled the Index with a complete list from the
// API server.
func (x *Index) HasSynced() bool { return x.synced.Load() }
