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
	"fmt"
	"slices"
	"strconv"
	"sync"
)

// WaitForResourceVersion returns nil once the Index reflects every change up to
// resourceVersion, which must be that of an object of its collection. It returns the
// error of ctx if ctx is done first.
func (x *Index) WaitForResourceVersion(ctx context.Context, resourceVersion string) error {
	version, err := ParseResourceVersion(resourceVersion)
	if err != nil {
		return err
	}
	reached := x.waits.forVersion(version)
	if reached == nil {
		return nil
	}
	select {
	case <-reached:
		return nil
	case <-ctx.Done():
		x.waits.forgetVersion(reached)
		return ctx.Err()
	}
}

// WaitForSync returns nil once the Index has synced. It returns the error of ctx if ctx
// is done first.
func (x *Index) WaitForSync(ctx context.Context) error {
	return x.WaitForResourceVersion(ctx, "1") // every list has a later version
}

// WaitForRow returns the row with that id once until is true for it. It calls until for
// the current row and after each change of the row. Of several changes in quick
// succession, it may see only the last one. The error is ErrNotFound if there is no such
// row or the row is deleted, or the error of ctx if ctx is done first.
func (x *Index) WaitForRow(ctx context.Context, id string, until func(*Row) bool) (*Row, error) {
	changed := x.waits.forRow(id) // before the first Get, so no change is missed
	defer x.waits.forgetRow(id, changed)
	for {
		row, ok := x.Get(id)
		if !ok {
			return nil, fmt.Errorf("wait for row %s: %w", id, ErrNotFound)
		}
		if until(row) {
			return row, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// WaitForArrival returns the row with that id once the Index contains it. It returns the
// error of ctx if ctx is done first.
func (x *Index) WaitForArrival(ctx context.Context, id string) (*Row, error) {
	changed := x.waits.forRow(id) // before the first Get, so no change is missed
	defer x.waits.forgetRow(id, changed)
	for {
		if row, ok := x.Get(id); ok {
			return row, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// ResourceVersion returns the resourceVersion up to which the Index reflects all
// changes.
func (x *Index) ResourceVersion() uint64 {
	x.waits.mu.Lock()
	defer x.waits.mu.Unlock()
	return x.waits.version
}

// ObserveGap records that the collection has no change between two resourceVersions. The
// Index advances to the second one, unless it has been reset to an earlier version than the
// first.
func (x *Index) ObserveGap(from, to uint64) {
	w := &x.waits
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.version >= from {
		w.reach(max(w.version, to))
	}
}

// waits are the callers that wait for the Index to change, each on a channel.
type waits struct {
	mu sync.Mutex
	// version is the resourceVersion up to which the Index reflects all changes.
	version uint64
	// versions are the awaited resourceVersions, by the channel that is closed once the
	// Index reaches it. There is one for each write under way.
	versions map[chan struct{}]uint64
	// rows are the channels that get a value when the row with that id changes. They have
	// a buffer of one, so no change is lost and no change blocks.
	rows map[string][]chan struct{}
}

func newWaits() waits {
	return waits{versions: map[chan struct{}]uint64{}, rows: map[string][]chan struct{}{}}
}

// advance records that the Index has reached version. It never moves the Index back.
func (w *waits) advance(version uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reach(max(w.version, version))
}

// reset records that the Index is at version now. After a restore of the API server's data,
// that may be an earlier version than before.
func (w *waits) reset(version uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reach(version)
}

func (w *waits) reach(version uint64) {
	w.version = version
	for reached, wanted := range w.versions {
		if wanted <= version {
			close(reached)
			delete(w.versions, reached)
		}
	}
}

// forVersion returns a channel that is closed once the Index has reached version. It is nil
// if the Index has reached it already.
func (w *waits) forVersion(version uint64) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.version >= version {
		return nil
	}
	reached := make(chan struct{})
	w.versions[reached] = version
	return reached
}

func (w *waits) forgetVersion(reached chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.versions, reached)
}

// rowsChanged wakes the callers that wait for any of the rows.
func (w *waits) rowsChanged(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rows) == 0 {
		return
	}
	for _, id := range ids {
		for _, changed := range w.rows[id] {
			select {
			case changed <- struct{}{}:
			default: // the waiter has not received an earlier change yet; it will see this one, too
			}
		}
	}
}

func (w *waits) forRow(id string) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := make(chan struct{}, 1)
	w.rows[id] = append(w.rows[id], changed)
	return changed
}

func (w *waits) forgetRow(id string, changed chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	others := slices.DeleteFunc(w.rows[id], func(c chan struct{}) bool { return c == changed })
	if len(others) == 0 {
		delete(w.rows, id)
		return
	}
	w.rows[id] = others
}

// ParseResourceVersion returns a resourceVersion as a number.
func ParseResourceVersion(resourceVersion string) (uint64, error) {
	version, err := strconv.ParseUint(resourceVersion, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("resourceVersion %q: not a positive whole number", resourceVersion)
	}
	return version, nil
}
