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
	"errors"
	"fmt"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/feed"
)

// ErrTooManyLookups reports that a look-up was not made, because its caller has requested
// too many ids that this replica does not know.
var ErrTooManyLookups = errors.New("too many look-ups of unknown ids")

// A LoadingError reports an index that is not filled yet.
type LoadingError struct {
	// Collection is the name of the collection.
	Collection string
}

// Error implements error.
func (e *LoadingError) Error() string {
	return fmt.Sprintf("the index of %s is still loading", e.Collection)
}

// A StaleError reports an index that is, or may be, too far behind the API server, or that
// reflects a history which the API server does not have any more.
type StaleError struct {
	// Collection is the name of the collection.
	Collection string
	// Restored is not nil if the store of the API server was restored. Then the fields below
	// mean nothing.
	Restored *feed.RestoredError
	// NeverProven is true if the index was never compared with the API server.
	NeverProven bool
	// Staleness is the time since the last proof that the index is current. It means
	// nothing if NeverProven is true.
	Staleness time.Duration
	// Limit is the staleness that is allowed.
	Limit time.Duration
}

// Error implements error.
func (e *StaleError) Error() string {
	if e.Restored != nil {
		return fmt.Sprintf("the index of %s is loading again: %v", e.Collection, e.Restored)
	}
	if e.NeverProven {
		return fmt.Sprintf("the index of %s was never compared with the API server, where %s is allowed", e.Collection, e.Limit)
	}
	return fmt.Sprintf("the index of %s is up to %s behind the API server, where %s is allowed", e.Collection, e.Staleness.Round(time.Second), e.Limit)
}

// A NotArrivedError reports an object that the API server has and the index does not show
// yet.
type NotArrivedError struct {
	// ID is the REST id of the object.
	ID string
}

// Error implements error.
func (e *NotArrivedError) Error() string {
	return fmt.Sprintf("this replica does not know yet what has id %q", e.ID)
}
