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

package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestWaitReady(t *testing.T) {
	notReady := errors.New("still loading")
	cases := map[string]struct {
		script string
		probe  Probe
		cancel bool
		stall  time.Duration
		want   []string // parts of the error; none if it is ready
	}{
		"ready": {
			script: sleeps,
			probe:  func(context.Context) error { return nil },
			stall:  patience,
		},
		"ends before it is ready": {
			script: "echo out of luck; exit 1",
			probe:  func(context.Context) error { return notReady },
			stall:  patience,
			want:   []string{"sleeper ended by itself", "exit status 1", "out of luck"},
		},
		"never gets ready": {
			script: sleeps,
			probe:  func(context.Context) error { return notReady },
			stall:  300 * time.Millisecond,
			want:   []string{"sleeper is not ready, and nothing has moved for 300ms", notReady.Error()},
		},
		"nobody waits any more": {
			script: sleeps,
			probe:  func(context.Context) error { return notReady },
			cancel: true,
			stall:  patience,
			want:   []string{context.Canceled.Error()},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.cancel {
				cancel()
			}
			err := WaitReady(ctx, shell(t, t.TempDir(), c.script), Wait{Ready: c.probe, Stall: c.stall})
			wantError(t, err, c.want...)
		})
	}
}

// wantError fails if the error lacks one of the parts, or if there is an error
// and no part is wanted.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if (err == nil) != (len(parts) == 0) {
		t.Fatalf("WaitReady() = %v, want an error: %t", err, len(parts) > 0)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not mention %q", err, part)
		}
	}
}

// slowStartVariable turns this test's binary into one that starts slowly. Its
// value is the duration of the start, or "never".
const slowStartVariable = "START_SLOWLY"

// slowStartObservations is how often the start is observed at least, before it ends.
const slowStartObservations = 5

// startSlowly prints its address and serves /readyz and /loaded. The count at
// /loaded grows with each request. With "never" it stops at two. Otherwise the program
// is ready after the duration, but not before it was observed.
func startSlowly(slow string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	limit, never := int64(2), slow == "never"
	var took time.Duration
	if !never {
		limit = 1 << 62
		if took, err = time.ParseDuration(slow); err != nil {
			panic(err)
		}
	}
	began := time.Now()
	var loaded atomic.Int64
	http.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if never || time.Since(began) < took || loaded.Load() < slowStartObservations {
			http.Error(w, "still loading", http.StatusInternalServerError)
			return
		}
	})
	http.HandleFunc("/loaded", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "loaded %d\n", min(loaded.Add(1), limit))
	})
	fmt.Println(l.Addr())
	panic(http.Serve(l, nil))
}

// slowProcess starts a program that starts slowly, and returns its URL.
func slowProcess(t *testing.T, slow string) (*Process, string) {
	t.Helper()
	t.Setenv(slowStartVariable, slow)
	p, err := Start(Spec{Name: "slow", Dir: t.TempDir(), Path: os.Args[0]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	var address string
	waitFor(t, func() bool {
		address = tail(p.spec.LogFile(), 1)
		return strings.HasPrefix(address, "127.0.0.1:")
	})
	return p, "http://" + address
}

// slowReady probes a program that starts slowly. It ignores the limit of a probe, so that
// a pause of the machine does not replace the program's answer by a timeout.
func slowReady(t *testing.T, url string) Probe {
	probe := HTTPProbe(http.DefaultClient, url+"/readyz")
	return func(context.Context) error { return probe(t.Context()) }
}

// loaded observes a program that starts slowly. It ignores the limit of an observation,
// so that each observation makes progress.
func loaded(t *testing.T, url string) func(context.Context) Progress {
	return func(context.Context) Progress {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/loaded", http.NoBody)
		if err != nil {
			t.Error(err)
			return Progress{}
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return Progress{}
		}
		defer response.Body.Close()
		var p Progress
		if _, err := fmt.Fscanf(response.Body, "loaded %d\n", &p.Work); err != nil {
			t.Error(err)
		}
		p.Text = fmt.Sprintf("loaded %d", p.Work)
		return p
	}
}

// TestWaitReadyWhileProgressIsMade waits for a start that takes five times the stall
// limit. Each observation makes progress, so a slow machine cannot cause a stall.
func TestWaitReadyWhileProgressIsMade(t *testing.T) {
	const stall = 400 * time.Millisecond
	for name, interval := range map[string]time.Duration{
		"observed often":                       20 * time.Millisecond,
		"observed before the wait is given up": time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			p, url := slowProcess(t, (5 * stall).String())
			var reports []string
			err := WaitReady(t.Context(), p, Wait{
				Ready:    slowReady(t, url),
				Stall:    stall,
				Interval: interval,
				Progress: loaded(t, url),
				Report:   func(p Progress, _ time.Duration) { reports = append(reports, p.Text) },
			})
			wantError(t, err)
			for i, got := range reports {
				if want := fmt.Sprintf("loaded %d", i+1); got != want {
					t.Errorf("report %d is %q, want %q", i, got, want)
				}
			}
			if len(reports) < slowStartObservations {
				t.Errorf("%d reports, want at least %d", len(reports), slowStartObservations)
			}
		})
	}
}

func TestWaitReadyWhileNothingMoves(t *testing.T) {
	p, url := slowProcess(t, "never")
	err := WaitReady(t.Context(), p, Wait{
		Ready:    slowReady(t, url),
		Stall:    400 * time.Millisecond,
		Interval: 20 * time.Millisecond,
		Progress: loaded(t, url),
	})
	wantError(t, err, "slow is not ready, and nothing has moved for 400ms (loaded 2)", "500 Internal Server Error: still loading")
}

// TestObserverCountsProgressOnly makes an observation that fails in part and then
// recovers. A count that returns to its earlier value is no progress.
func TestObserverCountsProgressOnly(t *testing.T) {
	now := Progress{}
	o := newObserver(Wait{Progress: func(context.Context) Progress { return now }})
	for _, step := range []struct {
		work  int64
		moves bool
	}{{10, true}, {10, false}, {3, false}, {10, false}, {11, true}} {
		before := o.moved
		now.Work = step.work
		o.observe(t.Context())
		if moved := o.moved.After(before); moved != step.moves {
			t.Errorf("an observation of %d moves the start: %t, want %t", step.work, moved, step.moves)
		}
	}
}

func TestHTTPProbeOfNobody(t *testing.T) {
	if err := HTTPProbe(http.DefaultClient, "http://127.0.0.1:1/readyz")(t.Context()); err == nil {
		t.Error("ready, want an error")
	}
}
