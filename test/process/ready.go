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
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Probe reports whether a process is ready. The error explains why it is not.
type Probe func(context.Context) error

// HTTPProbe is ready when a GET of each URL, in this order, returns 200.
func HTTPProbe(client *http.Client, urls ...string) Probe {
	return func(ctx context.Context) error {
		for _, url := range urls {
			if err := get(ctx, client, url); err != nil {
				return err
			}
		}
		return nil
	}
}

func get(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s: %s", url, response.Status, strings.TrimSpace(string(body)))
	}
	return nil
}

// Progress is how far the start of a process has come.
type Progress struct {
	// Work is a count that grows while the start makes progress, in any unit.
	Work int64

	// Text describes the progress to the user.
	Text string
}

// Wait defines what to wait for, and when to give up.
type Wait struct {
	Ready Probe

	// Stall is how long the start may make no progress.
	Stall time.Duration

	// Progress observes the start. If it is nil, the start makes no progress
	// until the process is ready.
	Progress func(context.Context) Progress

	// Report is called with each observation and the time since the wait began.
	Report func(Progress, time.Duration)

	// Interval is the time between observations. 0 means ReportInterval.
	Interval time.Duration
}

// ReportInterval is how often WaitReady observes and reports progress by default.
const ReportInterval = 5 * time.Second

const (
	probeInterval = 50 * time.Millisecond
	probeLimit    = 2 * time.Second
	observeLimit  = 5 * time.Second // an API server that fills its caches answers slowly
)

// WaitReady probes until the process is ready. It fails as soon as the process has ended,
// the context is done, or the start has made no progress for too long. The error then
// contains the last lines of the log or the result of the last probe.
func WaitReady(ctx context.Context, p *Process, w Wait) error {
	start := newObserver(w)
	for {
		notReady := limited(ctx, probeLimit, w.Ready)
		// Check this first: another program may answer on the port.
		if err := p.Exited(); err != nil {
			return err
		}
		if notReady == nil {
			return nil
		}
		if start.stalled(ctx) {
			return fmt.Errorf("%s is not ready, and nothing has moved for %s%s: %w; the last lines of %s:\n%s",
				p.Name(), w.Stall, start.where(), notReady, p.spec.LogFile(), tail(p.spec.LogFile(), tailLines))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.Done():
		case <-time.After(probeInterval):
		}
	}
}

func limited[T any](ctx context.Context, limit time.Duration, do func(context.Context) T) T {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx)
}

// observer follows the progress of one start.
type observer struct {
	Wait
	began, observed, moved time.Time
	last                   Progress
	most                   int64 // an observation that fails in part may be less than an earlier one
}

func newObserver(w Wait) *observer {
	if w.Interval == 0 {
		w.Interval = ReportInterval
	}
	now := time.Now()
	return &observer{Wait: w, began: now, observed: now, moved: now}
}

// stalled reports whether the start has made no progress for too long. It
// observes before it reports so, because this process may have been stopped for
// the whole time.
func (o *observer) stalled(ctx context.Context) bool {
	late := time.Since(o.moved) >= o.Stall
	if o.Progress != nil && (late || time.Since(o.observed) >= o.Interval) {
		o.observe(ctx)
		late = time.Since(o.moved) >= o.Stall
	}
	return late
}

func (o *observer) observe(ctx context.Context) {
	o.last = limited(ctx, observeLimit, o.Progress)
	o.observed = time.Now()
	if o.last.Work > o.most {
		o.most, o.moved = o.last.Work, o.observed
	}
	if o.Report != nil {
		o.Report(o.last, o.observed.Sub(o.began))
	}
}

func (o *observer) where() string {
	if o.last.Text == "" {
		return ""
	}
	return " (" + o.last.Text + ")"
}
