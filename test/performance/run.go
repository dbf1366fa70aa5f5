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

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
)

// run is one measurement of all scenarios on one control plane.
type run struct {
	options
	*stack
	out   io.Writer
	fleet []*cluster // in the watched namespace, by number
	round *Run       // the result of the current round
}

// add makes a run and adds it to the result. When it returns, all processes that it
// started have ended.
func (r *Result) add(ctx context.Context, o options, out io.Writer) (err error) {
	fmt.Fprintln(out, "  Starting the API server")
	s, err := startStack(ctx, o)
	defer func() { err = errors.Join(err, s.stop()) }()
	if err != nil {
		return err
	}
	running := &run{options: o, stack: s, out: out}
	if err := running.prepare(ctx); err != nil {
		return err
	}
	watching, cancel := s.cancelWhenOneEnds(ctx)
	defer cancel()
	finish := func() error { return nil }
	if o.profile != "" {
		finish = s.recordProfile(watching, o.profile)
	}
	measured, err := running.measure(watching)
	err = errors.Join(err, finish())
	if watching.Err() != nil {
		return context.Cause(watching)
	}
	if err != nil {
		return err
	}
	cancel() // the run ends the program next
	if measured.StartUp, err = running.measureStartUp(ctx); err != nil {
		return err
	}
	r.Runs = append(r.Runs, measured)
	return nil
}

// prepare fills the fleet up to the clusters that the rounds add, and starts a manager
// afterwards, because filling is faster without it. It returns when the fleet is loaded.
func (r *run) prepare(ctx context.Context) error {
	began := time.Now()
	if n := r.clusters - len(r.rounds())*2*r.batch(); n > 0 {
		fmt.Fprintf(r.out, "  Filling the fleet with %d clusters and their reports\n", n)
		if err := r.fill(ctx, n); err != nil {
			return fmt.Errorf("fill the fleet: %w", err)
		}
	}
	if r.plane != nil {
		fmt.Fprintln(r.out, "  Starting the manager")
		if err := r.start(ctx, r.options); err != nil {
			return err
		}
	}
	r.settle(ctx, fillLimit, 0)
	fmt.Fprintf(r.out, "  The fleet is ready after %s\n", time.Since(began).Round(time.Second))
	return ctx.Err()
}

// measure makes two equal rounds. The first one only warms up, because virtual
// machines take time to schedule and to page in.
func (r *run) measure(ctx context.Context) (*Run, error) {
	for _, what := range r.rounds() {
		fmt.Fprintf(r.out, "  %s\n", what)
		r.round = newRun()
		if err := r.makeRound(ctx); err != nil {
			return nil, err
		}
	}
	return r.round, nil
}

func (r *run) makeRound(ctx context.Context) error {
	first := len(r.fleet)
	if err := r.measureCreates(ctx); err != nil {
		return err
	}
	if err := r.measureReports(ctx, r.fleet[first:]); err != nil {
		return err
	}
	if err := r.measureReads(ctx); err != nil {
		return err
	}
	if err := r.measureMix(ctx, r.fleet[first:]); err != nil {
		return err
	}
	if err := r.measureStale(ctx, r.fleet[first:]); err != nil {
		return err
	}
	if err := r.countLost(ctx); err != nil {
		return err
	}
	r.round.sumUp()
	return nil
}

// write measures a load that writes. The CPU time includes the work that the
// writes cause. Duration and throughput are those of the requests.
func (r *run) write(ctx context.Context, name string, l load) {
	before := readUsages(r.pids())
	s := l.run(ctx)
	later := time.Duration(0)
	if name == heartbeatScenario {
		later = r.gathering()
	}
	r.settle(ctx, settleLimit, later)
	r.record(name, s, readUsages(r.pids()).since(before))
}

func (r *run) record(name string, s samples, u usages) {
	r.show(newScenario(name, s, u))
}

// recordPart records some of the requests of a scenario separately.
func (r *run) recordPart(of, name string, s samples) {
	scenario := newScenario(name, s, nil)
	scenario.PartOf = of
	r.show(scenario)
}

func (r *run) show(scenario Scenario) {
	r.round.Scenarios = append(r.round.Scenarios, scenario)
	fmt.Fprintf(r.out, "    %-24s %7d requests %9.1f/s  p50 %s  p99 %s ms", scenario.Name, scenario.Requests, scenario.Throughput,
		milliseconds(scenario.P50), milliseconds(scenario.P99))
	if scenario.Errors > 0 {
		fmt.Fprintf(r.out, "  %d errors, one of them: %s", scenario.Errors, scenario.Fault)
	}
	fmt.Fprintln(r.out)
}

// measureStartUp restarts the program, which then loads the whole fleet.
func (r *run) measureStartUp(ctx context.Context) (StartUp, error) {
	if err := r.running.Stop(stopLimit); err != nil {
		return StartUp{}, err
	}
	began := time.Now()
	if err := r.start(ctx, r.options); err != nil {
		return StartUp{}, err
	}
	startUp := StartUp{Seconds: time.Since(began).Seconds()}
	r.settle(ctx, settleLimit, 0)
	err := r.measureMemory(ctx, &startUp)
	if err != nil {
		return StartUp{}, err
	}
	fmt.Fprintf(r.out, "    start-up of the %s: ready after %.2f s, then %d MiB resident, %d MiB of heap, for %d MiB of JSON\n",
		r.shape, startUp.Seconds, startUp.ResidentBytes>>20, startUp.HeapBytes>>20, startUp.JSONBytes>>20)
	if r.plane == nil {
		return startUp, ctx.Err() // it was a cold start
	}
	if startUp.Cold, err = r.measureColdStart(ctx); err != nil {
		return StartUp{}, err
	}
	return startUp, ctx.Err()
}

// measureColdStart restarts the manager and its control plane. The API server begins to
// fill its watch caches when the manager requests its collections.
func (r *run) measureColdStart(ctx context.Context) (ColdStart, error) {
	if err := errors.Join(r.running.Stop(stopLimit), r.plane.Stop()); err != nil {
		return ColdStart{}, err
	}
	began := time.Now()
	if err := r.plane.Start(ctx); err != nil {
		return ColdStart{}, err
	}
	cold := ColdStart{APIServerSeconds: time.Since(began).Seconds()}
	if err := r.start(ctx, r.options); err != nil {
		return ColdStart{}, err
	}
	cold.Seconds = time.Since(began).Seconds()
	fmt.Fprintf(r.out, "    cold start: the API server is ready after %.2f s, the manager after %.2f s\n", cold.APIServerSeconds, cold.Seconds)
	return cold, nil
}

// gathering is how long the manager batches heartbeats, and is idle, before it
// writes them.
func (r *run) gathering() time.Duration { return r.heartbeatDelay + time.Second }

// settle waits until the processes are idle, so that the costs of one scenario do
// not count for the next. later is how long the manager may defer work and be
// idle meanwhile.
func (r *run) settle(ctx context.Context, limit, later time.Duration) {
	const interval, quiet = 500 * time.Millisecond, 0.15 // of one core
	busy := func(u usages) float64 {
		return u.cpuSeconds(controlplane.EtcdName, controlplane.APIServerName, r.shape)
	}
	before, active := busy(readUsages(r.pids())), time.Now()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
		now := busy(readUsages(r.pids()))
		if now-before >= quiet*interval.Seconds() {
			active = time.Now()
		} else if time.Since(active) > later {
			return
		}
		before = now
	}
	fmt.Fprintf(r.out, "    The processes are still busy after %s\n", limit)
}
