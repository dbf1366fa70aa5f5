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
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// run scans for the time service, as a search does. It returns the total time, including
// the turns of other callers.
func (t *Turns) run(ctx context.Context, service, patience time.Duration, running *atomic.Int32) (time.Duration, error) {
	begin := time.Now()
	taken, err := t.Take(ctx, patience)
	if err != nil {
		return 0, err
	}
	defer taken.Done()
	for end := time.Duration(0); end < service; end += time.Millisecond {
		running.Add(1)
		time.Sleep(time.Millisecond)
		running.Add(-1)
		if !taken.Expired(time.Now()) {
			continue
		}
		if err := taken.Yield(ctx, patience); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

// TestOneCallerLeavesTurns has one caller start many scans without end, all before another
// caller's scans. The scans of the other caller take twice as long as without the hostile
// scans, and none is refused.
func TestOneCallerLeavesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(1)
		var running atomic.Int32
		hostile, stop := context.WithCancel(WithCaller(t.Context(), "hostile"))
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for hostile.Err() == nil {
					_, _ = turns.run(hostile, time.Hour, time.Minute, &running) // a refusal is its own fault
				}
			})
		}
		synctest.Wait()
		honest := WithCaller(t.Context(), "honest")
		for range 10 {
			took, err := turns.run(honest, 100*time.Millisecond, time.Second, &running)
			if err != nil {
				t.Fatalf("The honest caller's scan: %v", err)
			}
			if limit := 200*time.Millisecond + 2*turnTime; took > limit {
				t.Errorf("The honest caller's scan of 100ms took %s, want at most %s", took, limit)
			}
		}
		stop()
		group.Wait()
		turns.want(t, 1)
	})
}

// want fails the test if a caller holds one of these turns or waits for one.
func (t *Turns) want(tb testing.TB, free int) {
	tb.Helper()
	if t.free != free || len(t.waiting) != 0 || len(t.callers) != 0 {
		tb.Errorf("%d turns are free, %d callers wait, %d are in the rotation; want %d, 0 and 0", t.free, len(t.waiting), len(t.callers), free)
	}
}

// TestTurnsAreShared has callers start scans at random. No scan takes longer than if every
// caller had an equal part of one turn and the scans of one caller ran one after the other.
// Some scans give up.
func TestTurnsAreShared(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			number, callers := 1+random.IntN(3), 1+random.IntN(5)
			turns := NewTurns(number)
			var running atomic.Int32
			var group sync.WaitGroup
			for caller := range callers {
				ctx := WithCaller(t.Context(), fmt.Sprint(caller))
				services := make([]time.Duration, 1+random.IntN(6))
				var total time.Duration
				for i := range services {
					services[i] = time.Duration(1+random.IntN(60)) * time.Millisecond
					total += services[i]
				}
				// Each turn of another caller is at most turnTime, and the scans of the
				// caller take that many turns.
				most := total + time.Duration(callers-1)*turnTime*time.Duration(int(total/turnTime)+len(services)+1)
				for _, service := range services {
					impatient := random.IntN(4) == 0
					start := time.Duration(random.IntN(20)) * time.Millisecond
					group.Go(func() {
						time.Sleep(start)
						patience := time.Hour
						if impatient {
							patience = 3 * time.Millisecond
						}
						took, err := turns.run(ctx, service, patience, &running)
						switch {
						case err != nil && (!impatient || !errors.Is(err, ErrBusy)):
							t.Errorf("Seed %d: a scan failed: %v", seed, err)
						case took > most:
							t.Errorf("Seed %d: a scan of %s of %s in total took %s beside %d callers, want at most %s", seed, service, total, took, callers-1, most)
						}
					})
				}
			}
			group.Go(func() {
				for range 300 {
					time.Sleep(time.Millisecond)
					if n := running.Load(); int(n) > number {
						t.Errorf("Seed %d: %d scans run at a time, want at most %d", seed, n, number)
					}
				}
			})
			group.Wait()
			turns.want(t, number)
		})
	}
}
