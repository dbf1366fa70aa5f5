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
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
)

// turnTime is the time after which a scan lets the scans of other callers run.
const turnTime = 10 * time.Millisecond

// turns limits the number of scans that run at a time. It leaves half of the processors to
// everything else.
//
// Callers get turns in rotation, and a scan gives its turn up after turnTime if other
// callers wait. So a scan takes at most as many times longer as there are callers that
// scan, however many scans each of them has and however long these take.
type turns struct {
	mu   sync.Mutex
	free int
	// waiting are the waiting scans of each caller that has any. callers are these
	// callers, in the order of their next turns.
	waiting map[string][]*turn
	callers []string
}

func newTurns() *turns {
	return &turns{free: max(1, runtime.GOMAXPROCS(0)/2), waiting: map[string][]*turn{}}
}

// turn is the right of one scan to run. A nil turn is that of a scan that needs none.
type turn struct {
	turns  *turns
	caller string
	// granted is closed once the scan may run.
	granted chan struct{}
	// held is true from the grant until the scan gives the turn back. since is the time of
	// the grant.
	held  bool
	since time.Time
}

// take waits for a turn. It fails with ErrBusy if there is none after the time of patience,
// or with the error of ctx if that is done first.
func (t *turns) take(ctx context.Context, patience time.Duration) (*turn, error) {
	caller := fairness.CallerOf(ctx)
	taken := &turn{turns: t, caller: caller, granted: make(chan struct{})}
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		close(taken.granted)
	} else {
		t.enqueue(taken, len(t.waiting[caller]))
	}
	t.mu.Unlock()
	return taken, taken.wait(ctx, patience)
}

// enqueue makes a scan wait at a place among those of its caller. The caller of enqueue
// holds the lock.
func (t *turns) enqueue(u *turn, place int) {
	queue := t.waiting[u.caller]
	if len(queue) == 0 {
		t.callers = append(t.callers, u.caller)
	}
	t.waiting[u.caller] = slices.Insert(queue, place, u)
}

// pass grants a turn that a scan gave back: to the next caller, or to whoever asks first.
// The caller of pass holds the lock.
func (t *turns) pass() {
	if len(t.callers) == 0 {
		t.free++
		return
	}
	caller := t.callers[0]
	queue := t.waiting[caller]
	t.callers = t.callers[1:]
	if len(queue) > 1 {
		t.callers = append(t.callers, caller)
		t.waiting[caller] = queue[1:]
	} else {
		delete(t.waiting, caller)
	}
	close(queue[0].granted)
}

// withdraw ends the wait of a scan. It reports whether the turn was granted meanwhile.
func (t *turns) withdraw(u *turn) (granted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := t.waiting[u.caller]
	i := slices.Index(queue, u)
	if i < 0 {
		return true
	}
	if len(queue) > 1 {
		t.waiting[u.caller] = slices.Delete(queue, i, i+1)
		return false
	}
	delete(t.waiting, u.caller)
	t.callers = slices.Delete(t.callers, slices.Index(t.callers, u.caller), slices.Index(t.callers, u.caller)+1)
	return false
}

// wait returns nil once the turn is granted. If it fails, the scan has no turn.
func (u *turn) wait(ctx context.Context, patience time.Duration) error {
	select {
	case <-u.granted: // even without patience
		u.held, u.since = true, time.Now()
		return nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	var err error
	select {
	case <-u.granted:
		u.held, u.since = true, time.Now()
		return nil
	case <-timer.C:
		err = ErrBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	if u.turns.withdraw(u) {
		u.held = true
		u.done()
	}
	return err
}

// done gives the turn back, if it is held.
func (u *turn) done() {
	if u == nil || !u.held {
		return
	}
	u.held = false
	u.turns.mu.Lock()
	defer u.turns.mu.Unlock()
	u.turns.pass()
}

// expired reports whether the scan must let other callers run, if any wait.
func (u *turn) expired(now time.Time) bool { return u != nil && now.Sub(u.since) >= turnTime }

// yield lets the scans of other callers run, if any wait, and waits for the next turn of
// its own caller. If it fails, the scan has no turn.
func (u *turn) yield(ctx context.Context, patience time.Duration) error {
	t := u.turns
	t.mu.Lock()
	if len(t.callers) == 0 || len(t.callers) == 1 && t.callers[0] == u.caller {
		t.mu.Unlock()
		u.since = time.Now()
		return nil
	}
	u.granted, u.held = make(chan struct{}), false
	t.enqueue(u, 0) // before the caller's scans that have not begun
	t.pass()
	t.mu.Unlock()
	return u.wait(ctx, patience)
}
