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
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// The bounds of what is asked of the API server about ids that an index does not
// have, for each collection. Whoever invents ids reaches them soon; whoever asks
// for what another replica has just created hardly ever gets so far.
const (
	// arrivalPatience is how long an id may be on its way before the API server is
	// asked.
	arrivalPatience = 100 * time.Millisecond
	// lookupTimeout bounds one look-up.
	lookupTimeout = 10 * time.Second
	// lookupsPerSecond and lookupBurst are how many there are, lookupQueue is how
	// long one waits for its turn.
	lookupsPerSecond = 20
	lookupBurst      = 40
	lookupQueue      = time.Second
	// absentIDs is how many ids are remembered of which there is no object.
	absentIDs = 10_000
	// metadataPage is how many objects one answer of the API server holds.
	metadataPage = 500
)

// lookUp returns the row of an id that the path of a request names, nil where
// there is no such object.
func (s *Server) lookUp(r *http.Request, c collection, id string) (*fleet.Row, error) {
	if row, ok := c.index.Get(id); ok {
		return row, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.Limits.RequestTimeout)
	defer cancel()
	return s.finders[c.plural].find(ctx, id)
}

// A finder finds out whether there is an object of an id that the index does not
// have: of a replica that is behind, one that another has just created.
//
// The API server cannot be asked for a UID, but for status.id, which the
// reconciler writes soon after an object's creation. So it is asked for the
// objects without status.id first, and for that of the id then: an object that
// gets its status.id in between is found by the second question. An id becomes
// known only once there is the object, and is never used again, so that there is
// none stays true.
type finder struct {
	index     *fleet.Index
	client    client.Client
	namespace string
	kind      string // of the API server's list
	// patience is how long the index has to show what there is.
	patience time.Duration

	absent  *lru.Cache // ids
	flights singleflight.Group
	turns   *rate.Limiter
	fresh   *sharedList // the objects without status.id
}

func newFinder(index *fleet.Index, c client.Client, namespace, kind string, patience time.Duration) *finder {
	f := &finder{
		index:     index,
		client:    c,
		namespace: namespace,
		kind:      kind,
		patience:  patience,
		absent:    lru.New(absentIDs),
		turns:     rate.NewLimiter(lookupsPerSecond, lookupBurst),
	}
	f.fresh = newSharedList(func(ctx context.Context) (map[types.UID]bool, error) { return f.list(ctx, "") })
	return f
}

// find returns the row of that id, nil where there is no such object.
func (f *finder) find(ctx context.Context, id string) (*fleet.Row, error) {
	uid, err := v1.UIDFromID(id)
	if err != nil {
		return nil, nil
	}
	if _, ok := f.absent.Get(id); ok {
		return nil, nil
	}
	// Those who ask for the same id share the answer, which does not end with the
	// request of the first.
	answer := f.flights.DoChan(id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
		defer cancel()
		return f.lookUp(ctx, id, uid)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-answer:
		return result.Val.(*fleet.Row), result.Err
	}
}

func (f *finder) lookUp(ctx context.Context, id string, uid types.UID) (*fleet.Row, error) {
	if row := f.await(ctx, id, arrivalPatience); row != nil {
		return row, nil
	}
	queue, cancel := context.WithTimeout(ctx, lookupQueue)
	defer cancel()
	if err := f.turns.Wait(queue); err != nil {
		return nil, problemTooMany.because("Too many ids are asked for that this replica does not know; try again in a moment").
			withHeader("Retry-After", "1").withCause(err)
	}
	exists, err := f.exists(ctx, id, uid)
	if err != nil {
		return nil, ofOwnRights(fmt.Errorf("look up id %s: %w", id, err))
	}
	if !exists {
		f.absent.Add(id, nil)
		return nil, nil
	}
	if row := f.await(ctx, id, f.patience); row != nil {
		return row, nil
	}
	return nil, problemStale.because("This replica does not know yet what has id %q; try again in a moment", id).
		withHeader("Retry-After", "1")
}

// await returns the row once the index has it, nil where that takes too long.
func (f *finder) await(ctx context.Context, id string, patience time.Duration) *fleet.Row {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	row, err := f.index.WaitForArrival(ctx, id)
	if err != nil {
		return nil
	}
	return row
}

// exists asks the API server whether there is an object of that id, and UID.
func (f *finder) exists(ctx context.Context, id string, uid types.UID) (bool, error) {
	fresh, err := f.fresh.get(ctx)
	if err != nil || fresh[uid] {
		return fresh[uid], err
	}
	known, err := f.list(ctx, id)
	return known[uid], err
}

// list returns the UIDs of the objects with that status.id, "" for none.
func (f *finder) list(ctx context.Context, id string) (map[types.UID]bool, error) {
	uids := map[types.UID]bool{}
	options := []client.ListOption{client.InNamespace(f.namespace), client.MatchingFields{"status.id": id}, client.Limit(metadataPage)}
	for next := ""; ; {
		page := &metav1.PartialObjectMetadataList{}
		page.SetGroupVersionKind(v1.GroupVersion.WithKind(f.kind))
		if err := f.client.List(ctx, page, append(options, client.Continue(next))...); err != nil {
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

// A sharedList is a list of which one is made at a time, for all who asked before
// it began: later ones might miss in it what was created since.
type sharedList struct {
	list    func(context.Context) (map[types.UID]bool, error)
	running chan struct{}

	mu   sync.Mutex
	next *listRun // has not begun yet; nil where nobody waits for it
}

// listRun is one list of a sharedList. What it found may be read once it is done.
type listRun struct {
	done chan struct{}
	uids map[types.UID]bool
	err  error
}

func newSharedList(list func(context.Context) (map[types.UID]bool, error)) *sharedList {
	return &sharedList{list: list, running: make(chan struct{}, 1)}
}

// get returns what a list brings that begins after the call.
func (l *sharedList) get(ctx context.Context) (map[types.UID]bool, error) {
	l.mu.Lock()
	run := l.next
	if run == nil {
		run = &listRun{done: make(chan struct{})}
		l.next = run
		go l.run(context.WithoutCancel(ctx), run)
	}
	l.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-run.done:
		return run.uids, run.err
	}
}

func (l *sharedList) run(ctx context.Context, run *listRun) {
	l.running <- struct{}{}
	defer func() { <-l.running }()
	l.mu.Lock()
	l.next = nil
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	run.uids, run.err = l.list(ctx)
	close(run.done)
}
