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
	"fmt"
	"time"

	"golang.org/x/sync/singleflight"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// Bounds of the look-ups of ids that an index lacks, for each collection. A client that
// invents ids soon reaches these bounds. A client that reads objects that another replica
// has just created hardly ever reaches them.
const (
	// arrivalPatience is how long a look-up that may not ask the API server waits for the
	// index.
	arrivalPatience = 100 * time.Millisecond
	// lookupTimeout bounds one look-up.
	lookupTimeout = 10 * time.Second
	// lookupPlaces and lookupPeriod limit the rate of look-ups: each takes a place for
	// the period. A single caller gets half of the places, and the rest stay free for
	// other callers.
	lookupPlaces = 80
	lookupPeriod = 2 * time.Second
	// absentIDs is how many ids without an object are cached.
	absentIDs = 10_000
	// metadataPage is how many objects one answer of the API server contains.
	metadataPage = 500
)

// Lookup returns the row of the resource with an id, nil if there is no such resource.
// If the index lacks the id, Lookup asks the API server. The error is
// ErrTooManyLookups, a *NotArrivedError, or an error of the API server or of ctx.
func (r *Resources) Lookup(ctx context.Context, id string) (*fleet.Row, error) {
	if row, ok := r.Index.Get(id); ok {
		return row, nil
	}
	return r.resolver.resolve(ctx, id)
}

// A resolver finds out whether an object exists for an id that the index lacks: a replica
// that is behind does not know the objects yet that another replica has just created.
//
// The API server cannot select objects by UID, but it can select them by status.id, which
// the reconciler writes soon after the creation of an object. So the resolver first lists
// the objects without status.id, and then the objects with the id: the second list
// contains an object that gets its status.id between the two. An id exists only after its
// object, and no other object ever gets the same id. So a "not found" can be cached
// forever. A deletion that the index has seen counts as a "not found", too. If the store
// is restored to a revision at which the object still exists, the object returns to the
// index with all other objects, and Lookup reads the index first.
type resolver struct {
	index     *fleet.Index
	client    client.Client
	namespace string
	listKind  string
	// arrivalTimeout is how long the index has to show an object that exists.
	arrivalTimeout time.Duration
	// patience is arrivalPatience.
	patience time.Duration

	absent    *lru.Cache // ids without an object
	flights   singleflight.Group
	places    *fairness.Shares
	withoutID *sharedList // the objects without status.id
}

func newResolver(index *fleet.Index, c client.Client, namespace, listKind string, arrivalTimeout time.Duration) *resolver {
	r := &resolver{
		index:          index,
		client:         c,
		namespace:      namespace,
		listKind:       listKind,
		arrivalTimeout: arrivalTimeout,
		patience:       arrivalPatience,
		absent:         lru.New(absentIDs),
		places:         fairness.NewShares(lookupPlaces),
	}
	r.withoutID = newSharedList(func(ctx context.Context) (map[types.UID]bool, error) { return r.listByStatusID(ctx, "") })
	return r
}

// resolve returns the row of an id, nil if there is no such object.
func (r *resolver) resolve(ctx context.Context, id string) (*fleet.Row, error) {
	uid, err := v1.UIDFromID(id)
	if err != nil {
		return nil, nil
	}
	if _, ok := r.absent.Get(id); ok || r.index.IsGone(id) {
		return nil, nil
	}
	// Concurrent calls of one caller with one id share a look-up. The look-up does not end
	// with the first request.
	answer := r.flights.DoChan(id+" "+fairness.CallerOf(ctx), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
		defer cancel()
		return r.lookUp(ctx, id, uid)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-answer:
		return result.Val.(*fleet.Row), result.Err
	}
}

// lookUp asks the API server and waits for the index at the same time.
func (r *resolver) lookUp(ctx context.Context, id string, uid types.UID) (*fleet.Row, error) {
	waiting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	go func() { giveUp(r.hopeless(waiting, id, uid)) }()
	if row, err := r.index.WaitForArrival(waiting, id); err == nil {
		return row, nil
	}
	if err := context.Cause(waiting); !errors.Is(err, errAbsent) {
		return nil, err
	}
	return nil, nil
}

// errAbsent reports that there is no object with an id.
var errAbsent = errors.New("no such object")

// hopeless returns the reason to stop waiting for the index to show an object. It returns
// early if ctx is done, because the object has arrived.
func (r *resolver) hopeless(ctx context.Context, id string, uid types.UID) error {
	patience, err := r.arrivalTimeout, r.ask(ctx, id, uid)
	switch {
	case err == nil:
		err = &NotArrivedError{ID: id}
	case errors.Is(err, ErrTooManyLookups):
		patience = r.patience
	default:
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(patience):
	}
	return err
}

// ask returns nil if the API server has an object with an id, errAbsent if it has none.
func (r *resolver) ask(ctx context.Context, id string, uid types.UID) error {
	if !r.admits(fairness.CallerOf(ctx)) {
		return ErrTooManyLookups
	}
	exists, err := r.exists(ctx, id, uid)
	if err != nil {
		return fmt.Errorf("look up id %s: %w", id, err)
	}
	if !exists {
		r.absent.Add(id, nil)
		return errAbsent
	}
	return nil
}

// admits reports whether the caller may look up another id now.
func (r *resolver) admits(caller string) bool {
	if !r.places.Take(caller) {
		return false
	}
	time.AfterFunc(lookupPeriod, func() { r.places.Leave(caller) })
	return true
}

// exists reports whether the API server has an object with an id. uid is the UID of the
// id.
func (r *resolver) exists(ctx context.Context, id string, uid types.UID) (bool, error) {
	withoutID, err := r.withoutID.get(ctx)
	if err != nil || withoutID[uid] {
		return withoutID[uid], err
	}
	withID, err := r.listByStatusID(ctx, id)
	return withID[uid], err
}

// listByStatusID returns the UIDs of the objects with a status.id; "" selects the objects
// without one.
func (r *resolver) listByStatusID(ctx context.Context, id string) (map[types.UID]bool, error) {
	uids := map[types.UID]bool{}
	options := []client.ListOption{client.InNamespace(r.namespace), client.MatchingFields{"status.id": id}, client.Limit(metadataPage)}
	for next := ""; ; {
		page := &metav1.PartialObjectMetadataList{}
		page.SetGroupVersionKind(v1.GroupVersion.WithKind(r.listKind))
		if err := r.client.List(ctx, page, append(options, client.Continue(next))...); err != nil {
			return nil, err
		}
		for i := range page.Items {
			uids[page.Items[i].UID] = true
		}
		if next = page.Continue; next == "" {
			return uids, nil
		}
	}
}
