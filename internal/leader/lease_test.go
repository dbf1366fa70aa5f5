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

package leader

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

const (
	leaseDuration = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

// TestNewLeaseLeavesTheConfig checks that NewLease does not add the time limit of the
// lease's requests to the configuration. The manager continues to use it, and the time
// limit would end every watch.
func TestNewLeaseLeavesTheConfig(t *testing.T) {
	config := &rest.Config{Host: "https://127.0.0.1:1", UserAgent: "manager"}
	if _, err := NewLease(config, "default", "manager", renewDeadline, nil); err != nil {
		t.Fatal(err)
	}
	if config.Timeout != 0 || config.UserAgent != "manager" {
		t.Errorf("after NewLease, the configuration has timeout %s and user agent %q", config.Timeout, config.UserAgent)
	}
}

func TestProof(t *testing.T) {
	errStore := errors.New("the API server is unavailable")
	own := resourcelock.LeaderElectionRecord{HolderIdentity: "a"}
	type step func(*testing.T, *Lease, *board)
	renew := func(t *testing.T, l *Lease, _ *board) {
		t.Helper()
		if err := l.Update(t.Context(), own); err != nil {
			t.Fatal(err)
		}
	}
	pass := func(d time.Duration) step { return func(*testing.T, *Lease, *board) { time.Sleep(d) } }
	tests := map[string]struct {
		steps []step
		want  bool
	}{
		"never held": {nil, false},
		"created": {[]step{func(t *testing.T, l *Lease, _ *board) {
			if err := l.Create(t.Context(), own); err != nil {
				t.Fatal(err)
			}
		}}, true},
		"renewed":                     {[]step{renew}, true},
		"right before the end":        {[]step{renew, pass(renewDeadline - 1)}, true},
		"at the end":                  {[]step{renew, pass(renewDeadline)}, false},
		"frozen for longer than that": {[]step{renew, pass(24 * time.Second)}, false},
		"renewed after the end":       {[]step{renew, pass(renewDeadline), renew}, true},
		"renewed once more before":    {[]step{renew, pass(6 * time.Second), renew, pass(6 * time.Second)}, true},
		"a renewal that fails is none": {[]step{renew, pass(6 * time.Second), func(t *testing.T, l *Lease, b *board) {
			b.fault = errStore
			if err := l.Update(t.Context(), own); !errors.Is(err, errStore) {
				t.Fatal(err)
			}
		}, pass(6 * time.Second)}, false},
		"a slow renewal counts from its start": {[]step{func(t *testing.T, l *Lease, b *board) {
			b.delay = 6 * time.Second
			renew(t, l, b)
		}, pass(6 * time.Second)}, false},
		"released": {[]step{renew, func(t *testing.T, l *Lease, _ *board) {
			if err := l.Update(t.Context(), resourcelock.LeaderElectionRecord{}); err != nil {
				t.Fatal(err)
			}
		}}, false},
		"while a release is under way": {[]step{renew, func(t *testing.T, l *Lease, b *board) {
			b.fault = errStore
			if err := l.Update(t.Context(), resourcelock.LeaderElectionRecord{}); !errors.Is(err, errStore) {
				t.Fatal(err)
			}
		}}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &board{}
				l := newLease(&boardLock{board: b, identity: "a"}, renewDeadline)
				for _, s := range test.steps {
					s(t, l, b)
				}
				_, err := l.provenUntil()
				if got := err == nil; got != test.want {
					t.Errorf("may write: %t (%v), want %t", got, err, test.want)
				}
				if err != nil && !errors.Is(err, ErrNotLeading) {
					t.Errorf("the error is %v, want ErrNotLeading", err)
				}
			})
		})
	}
}

// A write that is under way ends when the proof does.
func TestWriteEndsWithTheProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLease(&boardLock{board: &board{}, identity: "a"}, renewDeadline)
		if err := l.Update(t.Context(), resourcelock.LeaderElectionRecord{HolderIdentity: "a"}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err := l.during(t.Context(), func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		})
		if !errors.Is(err, ErrNotLeading) || time.Since(start) != renewDeadline {
			t.Errorf("the write ended after %s with %v, want ErrNotLeading after %s", time.Since(start), err, renewDeadline)
		}
	})
}

// Two replicas elect a leader as client-go does. The leader is cut off from the lease
// and, without the fence, would write until it notices.
func TestNoTwoReplicasMayWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		b := &board{}
		locks := map[string]*boardLock{"a": {board: b, identity: "a"}, "b": {board: b, identity: "b"}}
		leases := map[string]*Lease{}
		var running sync.WaitGroup
		for _, name := range []string{"a", "b"} {
			leases[name] = newLease(locks[name], renewDeadline)
			elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
				Lock: leases[name], LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod, ReleaseOnCancel: true,
				Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) {}, OnStoppedLeading: func() {}},
			})
			if err != nil {
				t.Fatal(err)
			}
			running.Go(func() { elector.Run(ctx) })
			synctest.Wait() // a is the first
		}
		mayWrite := func(name string) bool {
			_, err := leases[name].provenUntil()
			return err == nil
		}
		const tick = 100 * time.Millisecond
		for elapsed := time.Duration(0); elapsed < 2*time.Minute; elapsed += tick {
			if elapsed == time.Minute {
				if !mayWrite("a") || mayWrite("b") {
					t.Fatalf("a may write: %t, b: %t; want only a, which leads", mayWrite("a"), mayWrite("b"))
				}
				locks["a"].cut.Store(true)
			}
			if mayWrite("a") && mayWrite("b") {
				t.Fatalf("both replicas may write, %s after a was cut off", elapsed-time.Minute)
			}
			time.Sleep(tick)
		}
		if mayWrite("a") || !mayWrite("b") {
			t.Errorf("a may write: %t, b: %t; want only b", mayWrite("a"), mayWrite("b"))
		}
		stop()
		running.Wait()
		if mayWrite("b") {
			t.Error("b may write after it has released the lease")
		}
	})
}

// board is where the lease is stored.
type board struct {
	mu      sync.Mutex
	record  *resourcelock.LeaderElectionRecord
	version int
	delay   time.Duration // of every write
	fault   error         // of every write
}

// boardLock is a replica's lock on the lease, by the version that it saw last.
type boardLock struct {
	*board
	identity string
	seen     int
	cut      atomic.Bool // requests get no answer
}

func (l *boardLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	if l.cut.Load() {
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.record == nil {
		return nil, nil, apierrors.NewNotFound(schema.GroupResource{}, "lease")
	}
	l.seen = l.version
	record := *l.record
	raw, err := json.Marshal(record)
	return &record, raw, err
}

func (l *boardLock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.Update(ctx, record)
}

func (l *boardLock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	if l.cut.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	time.Sleep(l.delay)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.fault != nil:
		return l.fault
	case l.seen != l.version:
		return apierrors.NewConflict(schema.GroupResource{}, "lease", nil)
	}
	l.version++
	l.seen, l.record = l.version, &record
	return nil
}

func (l *boardLock) Identity() string   { return l.identity }
func (l *boardLock) Describe() string   { return "lease" }
func (l *boardLock) RecordEvent(string) {}
