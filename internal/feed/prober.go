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

package feed

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

const (
	// probeInterval is the time between two requests for the current version.
	probeInterval = time.Second
	// probeTimeout bounds one attempt at a proof.
	probeTimeout = 30 * time.Second
	// busyPatience is how long the index has to reach a version through its own watch. It
	// reaches the version if its collection changes all the time.
	busyPatience = 200 * time.Millisecond
	// stallPatience is how long the index may take to reach an event that another
	// watch has seen. After that, its own watch counts as stalled.
	stallPatience = 5 * time.Second
)

// The time-outs of the watch of a proof, in seconds. The API server sends a bookmark
// two seconds before the time-out if anything in its store has changed since the
// watch began. Even in an idle store, the API server renews its own lease every ten
// seconds.
const (
	shortWatch = 5
	longWatch  = 15
)

// A Prober repeatedly proves that an index is current, and replaces the watch of its Feed
// if the watch has stalled. It is a manager.Runnable that every replica runs.
//
// A resourceVersion counts the changes of all collections, so the index of an idle
// collection never reaches the newest version through its own watch. Only a proof shows
// that the index misses nothing. A consistent list returns the version of the collection.
// If the index does not reach this version through its own watch, the Prober opens a
// second watch at the index's own version. The index must reach every event of this
// watch, and a bookmark confirms that there are no other events up to its version.
type Prober struct {
	collection string
	index      *fleet.Index
	source     cache.ListerWatcherWithContext
	feed       Restarter

	interval, stallPatience time.Duration
	watchSeconds            int64

	restored atomic.Pointer[RestoredError] // the result of Restored
}

// A Restarter is a Feed of any type.
type Restarter interface {
	Rewatch()
	Relist()
}

// NewProber returns a Prober of the index of a collection, which the feed fills. Logs
// show the name of the collection. The source may return only the objects' metadata.
func NewProber(collection string, index *fleet.Index, source cache.ListerWatcher, feed Restarter) *Prober {
	return &Prober{
		collection:    collection,
		index:         index,
		source:        cache.ToListerWatcherWithContext(source),
		feed:          feed,
		interval:      probeInterval,
		stallPatience: stallPatience,
		watchSeconds:  shortWatch,
	}
}

// NeedLeaderElection returns false: every replica runs the Prober.
func (p *Prober) NeedLeaderElection() bool { return false }

// Start makes proofs until ctx is done.
func (p *Prober) Start(ctx context.Context) error {
	logger := log.FromContext(ctx).WithName("feed").WithValues("collection", p.collection)
	ctx = log.IntoContext(ctx, logger)
	failing := false
	for {
		err := p.probe(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errNoBookmark):
			p.watchSeconds = longWatch
		case err != nil && !failing:
			failing = true
			logger.Error(err, "Failed to compare the index with the API server")
		case err == nil && failing:
			failing = false
			logger.Info("The index is proven to be current again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(p.interval):
		}
	}
}

// probe makes one proof.
func (p *Prober) probe(ctx context.Context) error {
	if err := p.index.WaitForSync(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	current, err := p.verified(ctx)
	if err != nil {
		return err
	}
	if p.reaches(ctx, current.version, busyPatience) {
		p.index.Prove(current.at)
		return nil
	}
	return p.compare(ctx, current)
}

// A moment is the time of a request for the collection's version, and the version
// that the API server returned. No change before this time has a later version.
type moment struct {
	at      time.Time
	version uint64
}

// current requests the current version of the collection.
func (p *Prober) current(ctx context.Context) (moment, error) {
	now := time.Now()
	// A list of one name costs the API server nothing. For a page of one object, it would
	// gather all objects first.
	list, err := p.source.ListWithContext(ctx, metav1.ListOptions{FieldSelector: "metadata.name=-"})
	if err != nil {
		return moment{}, fmt.Errorf("get the current resourceVersion: %w", err)
	}
	accessor, err := meta.ListAccessor(list)
	if err != nil {
		return moment{}, fmt.Errorf("get the current resourceVersion: %w", err)
	}
	version, err := fleet.ParseResourceVersion(accessor.GetResourceVersion())
	return moment{at: now, version: version}, err
}

// Stored returns how many objects the API server has.
func (p *Prober) Stored(ctx context.Context) (int, error) {
	list, err := p.source.ListWithContext(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return 0, fmt.Errorf("count the objects: %w", err)
	}
	accessor, err := meta.ListAccessor(list)
	if err != nil {
		return 0, fmt.Errorf("count the objects: %w", err)
	}
	return meta.LenList(list) + int(ptr.Deref(accessor.GetRemainingItemCount(), 0)), nil
}

// Verify returns an error if the index reflects a resourceVersion that the API server
// does not have: a *RestoredError. Then it makes the Feed list all objects again.
func (p *Prober) Verify(ctx context.Context) error {
	_, err := p.verified(ctx)
	return err
}

// Restored returns an error while the index is known to reflect a history that the API
// server does not have any more, otherwise nil.
func (p *Prober) Restored() *RestoredError { return p.restored.Load() }

// verified returns the current version of the collection, which is not older than the
// index.
func (p *Prober) verified(ctx context.Context) (moment, error) {
	held := p.index.ResourceVersion()
	current, err := p.current(ctx)
	if err != nil {
		return moment{}, err
	}
	if current.version < held {
		restored := &RestoredError{Held: held, Current: current.version}
		p.restored.Store(restored)
		p.feed.Relist()
		return moment{}, restored
	}
	p.restored.Store(nil)
	return current, nil
}

// A RestoredError reports that the API server has an older resourceVersion than an
// index: its store was restored to an older revision.
type RestoredError struct {
	// Held is the resourceVersion of the index, Current is the API server's.
	Held, Current uint64
}

// Error implements error.
func (e *RestoredError) Error() string {
	return fmt.Sprintf("the API server has gone back from resourceVersion %d to %d: its store was restored to an older revision", e.Held, e.Current)
}

var errNoBookmark = errors.New("the watch ended without a bookmark")

// compare makes a proof with a second watch.
func (p *Prober) compare(ctx context.Context, first moment) error {
	from, seconds := p.index.ResourceVersion(), p.watchSeconds
	w, err := p.source.WatchWithContext(ctx, metav1.ListOptions{
		ResourceVersion:     strconv.FormatUint(from, 10),
		TimeoutSeconds:      &seconds,
		AllowWatchBookmarks: true,
	})
	if err != nil {
		return fmt.Errorf("watch from resourceVersion %d: %w", from, err)
	}
	defer w.Stop()
	// Each request makes the API server read etcd's progress, and bookmarks show that
	// progress.
	again := time.NewTicker(probeInterval)
	defer again.Stop()
	moments := []moment{first}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
			later, err := p.current(ctx)
			if err != nil {
				return err
			}
			if p.index.ResourceVersion() >= later.version { // the collection is busy after all
				p.index.Prove(later.at)
				return nil
			}
			moments = append(moments, later)
		case e, ok := <-w.ResultChan():
			if !ok {
				return errNoBookmark
			}
			version, err := p.eventVersion(e)
			if err != nil {
				return fmt.Errorf("watch from resourceVersion %d: %w", from, err)
			}
			if e.Type == watch.Bookmark {
				p.index.ObserveGap(from, version)
				p.proveLatest(moments, version)
				return nil
			}
			if err := p.require(ctx, version); err != nil {
				return err
			}
			from = version
		}
	}
}

func (p *Prober) eventVersion(e watch.Event) (uint64, error) {
	if e.Type == watch.Error {
		err := apierrors.FromObject(e.Object)
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			p.feed.Rewatch() // the Feed's own watch may hang at a compacted version
		}
		return 0, err
	}
	accessor, err := meta.Accessor(e.Object)
	if err != nil {
		return 0, err
	}
	return fleet.ParseResourceVersion(accessor.GetResourceVersion())
}

// proveLatest proves the index as of the latest moment whose version it has reached.
func (p *Prober) proveLatest(moments []moment, reached uint64) {
	for _, m := range moments {
		if m.version <= reached {
			p.index.Prove(m.at)
		}
	}
}

// require waits until the index reaches the version of an event. If the index does not
// reach it in time, the Feed begins another watch.
func (p *Prober) require(ctx context.Context, version uint64) error {
	if p.reaches(ctx, version, p.stallPatience) {
		return nil
	}
	log.FromContext(ctx).Info("The watch has stalled, replacing it", "resourceVersion", version)
	p.feed.Rewatch()
	if p.reaches(ctx, version, probeTimeout) {
		return nil
	}
	return fmt.Errorf("the index is at resourceVersion %d and does not reach %d", p.index.ResourceVersion(), version)
}

// reaches reports whether the index reaches a version within a time.
func (p *Prober) reaches(ctx context.Context, version uint64, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return p.index.WaitForResourceVersion(ctx, strconv.FormatUint(version, 10)) == nil
}
