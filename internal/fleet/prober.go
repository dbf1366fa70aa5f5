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
	"fmt"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// probeInterval is the time between two questions for the current version.
	probeInterval = time.Second
	// probeTimeout bounds one attempt at a proof.
	probeTimeout = 30 * time.Second
	// busyPatience is how long the Index has to reach a version by itself, as it
	// does where its collection changes all the time.
	busyPatience = 200 * time.Millisecond
	// stallPatience is how long the Index may take to reach an event that another
	// watch has seen, before its own watch counts as stalled.
	stallPatience = 5 * time.Second
)

// The time-outs of the watch of a proof, in seconds. The API server sends a
// bookmark two seconds before that, if anything at all has changed anywhere since
// the watch began. Where nobody else writes, the API server itself does, every
// ten seconds, to its lease.
const (
	shortWatch = 5
	longWatch  = 15
)

// A Prober proves, again and again, that an Index is current, and breaks the
// watch of its Feed where that has stalled. It is a manager.Runnable that every
// replica runs.
//
// A resourceVersion counts the changes of all collections, so the Index of one
// in which nothing happens never reaches the newest. That it misses nothing
// takes a proof. A consistent list says at which version the collection is. An
// Index that does not reach it by itself is compared with a second watch from the
// Index's own version: what that brings the Index must reach, and a bookmark says
// up to which version there was nothing else.
type Prober struct {
	collection string
	index      *Index
	source     cache.ListerWatcherWithContext
	rewatch    func()

	interval, stallPatience time.Duration
	watchSeconds            int64
}

// NewProber returns a Prober of the Index of a collection, whose name is for logs.
// From source it needs no more than the metadata of the objects that feed the
// Index. rewatch makes the Feed begin a new watch.
func NewProber(collection string, index *Index, source cache.ListerWatcher, rewatch func()) *Prober {
	return &Prober{
		collection:    collection,
		index:         index,
		source:        cache.ToListerWatcherWithContext(source),
		rewatch:       rewatch,
		interval:      probeInterval,
		stallPatience: stallPatience,
		watchSeconds:  shortWatch,
	}
}

// NeedLeaderElection tells the manager that every replica runs the Prober.
func (p *Prober) NeedLeaderElection() bool { return false }

// Start makes proofs until ctx is done.
func (p *Prober) Start(ctx context.Context) error {
	logger := log.FromContext(ctx).WithName("fleet").WithValues("collection", p.collection)
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
			logger.Info("The index is known to be current again")
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
	known := p.index.version()
	asked, err := p.ask(ctx)
	if err != nil {
		return err
	}
	if asked.version < known {
		p.rewatch() // from what the API server does not know: the Feed will list anew
		return fmt.Errorf("the API server has gone back from resourceVersion %d to %d", known, asked.version)
	}
	if p.reaches(ctx, asked.version, busyPatience) {
		p.index.Prove(asked.at)
		return nil
	}
	return p.compare(ctx, asked)
}

// A moment is when the API server was asked for the collection's version, and what
// it answered: what was changed before is no later than that.
type moment struct {
	at      time.Time
	version uint64
}

// ask asks for the current version of the collection.
func (p *Prober) ask(ctx context.Context) (moment, error) {
	now := time.Now()
	list, err := p.source.ListWithContext(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return moment{}, fmt.Errorf("ask for the current resourceVersion: %w", err)
	}
	accessor, err := meta.ListAccessor(list)
	if err != nil {
		return moment{}, fmt.Errorf("ask for the current resourceVersion: %w", err)
	}
	version, err := parseVersion(accessor.GetResourceVersion())
	return moment{at: now, version: version}, err
}

var errNoBookmark = errors.New("the watch ended without a bookmark")

// compare makes a proof by a second watch.
func (p *Prober) compare(ctx context.Context, asked moment) error {
	from, seconds := p.index.version(), p.watchSeconds
	w, err := p.source.WatchWithContext(ctx, metav1.ListOptions{
		ResourceVersion:     strconv.FormatUint(from, 10),
		TimeoutSeconds:      &seconds,
		AllowWatchBookmarks: true,
	})
	if err != nil {
		return fmt.Errorf("watch from resourceVersion %d: %w", from, err)
	}
	defer w.Stop()
	// To ask makes the API server learn of its progress, which the bookmark tells.
	again := time.NewTicker(probeInterval)
	defer again.Stop()
	moments := []moment{asked}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
			if asked, err = p.ask(ctx); err != nil {
				return err
			}
			if p.index.version() >= asked.version { // it is busy after all
				p.index.Prove(asked.at)
				return nil
			}
			moments = append(moments, asked)
		case e, ok := <-w.ResultChan():
			if !ok {
				return errNoBookmark
			}
			version, err := p.eventVersion(e)
			if err != nil {
				return fmt.Errorf("watch from resourceVersion %d: %w", from, err)
			}
			if e.Type == watch.Bookmark {
				p.index.waits.advanceFrom(from, version)
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
			p.rewatch() // the Feed's own watch may hang at a version that is forgotten
		}
		return 0, err
	}
	accessor, err := meta.Accessor(e.Object)
	if err != nil {
		return 0, err
	}
	return parseVersion(accessor.GetResourceVersion())
}

// proveLatest takes the last of the moments that the Index has reached as proven.
func (p *Prober) proveLatest(moments []moment, reached uint64) {
	for _, m := range moments {
		if m.version <= reached {
			p.index.Prove(m.at)
		}
	}
}

// require waits until the Index reaches an event, if need be by another watch.
func (p *Prober) require(ctx context.Context, version uint64) error {
	if p.reaches(ctx, version, p.stallPatience) {
		return nil
	}
	log.FromContext(ctx).Info("The watch has stalled, beginning another", "resourceVersion", version)
	p.rewatch()
	if p.reaches(ctx, version, probeTimeout) {
		return nil
	}
	return fmt.Errorf("the index is at resourceVersion %d and does not reach %d", p.index.version(), version)
}

// reaches tells whether the Index reaches a version within that time.
func (p *Prober) reaches(ctx context.Context, version uint64, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return p.index.WaitForResourceVersion(ctx, strconv.FormatUint(version, 10)) == nil
}
