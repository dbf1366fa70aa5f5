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

package replica

import (
	"context"
	"errors"

	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// AwaitWrite returns nil once the index shows a write of the object with an id. The API
// server has answered the write with the resourceVersion, and shows reports whether a row
// may include it. AwaitWrite returns nil as well if the object has changed again since.
// It returns the error of ctx if ctx is done first.
//
// The resourceVersion alone is not enough: after the API server's store was restored to
// an older revision, the index may be at a later version than the write and still lack
// the write.
func (c *Collection) AwaitWrite(ctx context.Context, id, resourceVersion string, shows func(*fleet.Row) bool) error {
	if err := c.Index.WaitForResourceVersion(ctx, resourceVersion); err != nil {
		return err
	}
	if row, ok := c.Index.Get(id); ok && shows(row) {
		return nil
	}
	err := c.prober.Verify(ctx)
	if err == nil { // unless the index was reset in the meantime, this returns at once
		return c.Index.WaitForResourceVersion(ctx, resourceVersion)
	}
	if _, restored := errors.AsType[*feed.RestoredError](err); !restored {
		return err
	}
	for {
		if _, err := c.Index.WaitForArrival(ctx, id); err != nil {
			return err
		}
		_, err := c.Index.WaitForRow(ctx, id, shows)
		if !errors.Is(err, fleet.ErrNotFound) {
			return err
		}
	}
}
