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

package fairness

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// ErrBusy reports that the work of other callers took too long. The same work may be
// possible a moment later.
var ErrBusy = errors.New("too many requests for large amounts of work are under way")

// turnTime is the time after which work lets the work of other callers run.
const turnTime = 10 * time.Millisecond

// Turns limits how many pieces of work run at a time. It is for work that takes a long
// time and can be interrupted, such as a scan.
//
// Callers get turns in rotation, and work gives up its turn after turnTime if other
// callers wait. With n callers, work takes at most n times as long as alone, no matter
// how much work each caller has.
type Turns struct {
	mu   sync.Mutex
	free int
	// waiting is the waiting work, by caller. callers are the callers with waiting work, in
	// the order of their next turns.
	waiting map[string][]*Turn
	callers []string
}

// NewTurns returns that many free turns.
func NewTurns(number int) *Turns {
	return &Turns{free: number, waiting: map[string][]*Turn{}}
}

// HalfOfProcessors returns the number of turns that leaves half of the processors free
// for all other work.
func HalfOfProcessors() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// Turn is the right of some work to run. Work that needs no turn has a nil Turn.
type Turn struct {
	turns  *Turns
	caller string
	// granted is closed once the work may run.
	granted chan struct{}
	// held is true from the grant until the work gives up the turn. since is the time of the
	// grant.
	held  bool
	since time.Time
}

// Take waits for a turn of the context's caller. It fails with ErrBusy if the work has no
// turn after the time of patience, or with the error of ctx if ctx is done first.
func (t *Turns) Take(ctx context.Context, patience time.Duration) (*Turn, error) {
	caller := CallerOf(ctx)
	taken := &Turn{turns: t, caller: caller, granted: make(chan struct{})}
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

// enqueue makes work wait at a place among the waiting work of its caller. The caller of
// enqueue holds the lock.
func (t *Turns) enqueue(u *Turn, place int) {
	queue := t.waiting[u.caller]
	if len(queue) == 0 {
		t.callers = append(t.callers, u.caller)
	}
	t.waiting[u.caller] = slices.Insert(queue, place, u)
}

// pass grants a turn that was given up to the next caller. If no caller waits, the turn
// is free. The caller of pass holds the lock.
func (t *Turns) pass() {
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

// withdraw ends the wait of some work. It reports whether the turn was granted meanwhile.
func (t *Turns) withdraw(u *Turn) (granted bool) {
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

// wait returns nil once the turn is granted. If it fails, the work has no turn.
func (u *Turn) wait(ctx context.Context, patience time.Duration) error {
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
		u.Done()
	}
	return err
}

// Done gives up the turn, if the work holds it.
func (u *Turn) Done() {
	if u == nil || !u.held {
		return
	}
	u.held = false
	u.turns.mu.Lock()
	defer u.turns.mu.Unlock()
	u.turns.pass()
}

// Expired reports whether the work must let other callers run, if any wait.
func (u *Turn) Expired(now time.Time) bool { return u != nil && now.Sub(u.since) >= turnTime }

// Yield lets the work of other callers run, if any wait, and waits for the next turn of its
// own caller. If it fails, the work has no turn.
func (u *Turn) Yield(ctx context.Context, patience time.Duration) error {
	t := u.turns
	t.mu.Lock()
	if len(t.callers) == 0 || len(t.callers) == 1 && t.callers[0] == u.caller {
		t.mu.Unlock()
		u.since = time.Now()
		return nil
	}
	u.granted, u.held = make(chan struct{}), false
	t.enqueue(u, 0) // before the caller's work that has not begun
	t.pass()
	t.mu.Unlock()
	return u.wait(ctx, patience)
}
