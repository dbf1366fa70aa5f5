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

package adapter

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestSchedule records calls for a parent, and checks the time of the next one.
func TestSchedule(t *testing.T) {
	const ready, notReady, working = 30 * time.Minute, 10 * time.Second, 5 * time.Second
	request := ctrl.Request{NamespacedName: types.NamespacedName{Name: "my-cluster"}}
	done := Report{Status: metav1.ConditionTrue}
	cases := map[string]struct {
		before   func(s *schedule, parent *hyperfleetv1.Cluster) // at 0
		passed   time.Duration
		change   func(parent *hyperfleetv1.Cluster)
		min, max time.Duration
	}{
		"no call yet":         {},
		"not Ready":           {before: func(s *schedule, c *hyperfleetv1.Cluster) { s.called(request, c, done) }, min: 9 * time.Second, max: notReady},
		"not Ready, later":    {before: func(s *schedule, c *hyperfleetv1.Cluster) { s.called(request, c, done) }, passed: 4 * time.Second, min: 5 * time.Second, max: 6 * time.Second},
		"not Ready, too old":  {before: func(s *schedule, c *hyperfleetv1.Cluster) { s.called(request, c, done) }, passed: time.Minute},
		"the report is False": {before: func(s *schedule, c *hyperfleetv1.Cluster) { s.called(request, c, Report{Status: "False"}) }, min: 9 * time.Second, max: notReady},
		"becomes Ready": {
			before: func(s *schedule, c *hyperfleetv1.Cluster) { s.called(request, c, done) },
			passed: 20 * time.Second,
			change: func(c *hyperfleetv1.Cluster) { c.Status.Ready = "True" },
			min:    27*time.Minute - 20*time.Second, max: ready - 20*time.Second,
		},
		"a new generation": {
			before: func(s *schedule, c *hyperfleetv1.Cluster) { s.called(request, c, done) },
			change: func(c *hyperfleetv1.Cluster) { c.Generation++ },
		},
		"another parent of the name": {
			before: func(s *schedule, c *hyperfleetv1.Cluster) { s.called(request, c, done) },
			change: func(c *hyperfleetv1.Cluster) { c.UID = "2" },
		},
		"forgotten": {before: func(s *schedule, c *hyperfleetv1.Cluster) { s.called(request, c, done); s.forget(request) }},
		"works":     {before: func(s *schedule, c *hyperfleetv1.Cluster) { s.called(request, c, Report{}) }, min: working, max: working},
		"works, and becomes Ready": {
			before: func(s *schedule, c *hyperfleetv1.Cluster) { s.called(request, c, Report{}) },
			change: func(c *hyperfleetv1.Cluster) { c.Status.Ready = "True" },
			min:    working, max: working,
		},
		"After": {
			before: func(s *schedule, c *hyperfleetv1.Cluster) {
				s.called(request, c, Report{Status: "True", After: time.Hour})
			},
			min: time.Hour, max: time.Hour,
		},
		"stale":      {before: func(s *schedule, c *hyperfleetv1.Cluster) { s.stale(request, c) }, min: working, max: working},
		"fails once": {before: func(s *schedule, c *hyperfleetv1.Cluster) { s.failed(request, c) }, min: minBackoff, max: minBackoff},
		"fails again": {
			before: func(s *schedule, c *hyperfleetv1.Cluster) {
				s.failed(request, c)
				s.failed(request, c)
				s.failed(request, c)
			},
			min: 4 * minBackoff, max: 4 * minBackoff,
		},
		"fails always": {
			before: func(s *schedule, c *hyperfleetv1.Cluster) {
				for range 100 {
					s.failed(request, c)
				}
			},
			min: maxBackoff, max: maxBackoff,
		},
		"fails after a success": {
			before: func(s *schedule, c *hyperfleetv1.Cluster) {
				s.failed(request, c)
				s.called(request, c, done)
				s.failed(request, c)
			},
			min: minBackoff, max: minBackoff,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			clock := clocktesting.NewFakeClock(time.Now())
			s := newSchedule(Options{Clock: clock, MaxAgeReady: ready, MaxAgeNotReady: notReady, Working: working})
			parent := &hyperfleetv1.Cluster{ObjectMeta: metav1.ObjectMeta{UID: "1", Generation: 1}}
			if c.before != nil {
				c.before(s, parent)
			}
			clock.Step(c.passed)
			if c.change != nil {
				c.change(parent)
			}
			if got := s.wait(request, parent); got < c.min || got > c.max {
				t.Errorf("the next call is due in %s, want %s to %s", got, c.min, c.max)
			}
		})
	}
}

// TestCallsBySchedule runs an adapter on a fake clock. The time between two calls is that
// of the schedule.
func TestCallsBySchedule(t *testing.T) {
	cases := map[string]struct {
		reports []Report
		failed  error
		want    []time.Duration // between the calls, at least
	}{
		"known":    {reports: []Report{{Status: "True"}}, want: []time.Duration{54 * time.Second, 54 * time.Second}},
		"works":    {reports: []Report{{}, {}, {Status: "True"}}, want: []time.Duration{10 * time.Second, 10 * time.Second, 54 * time.Second}},
		"After":    {reports: []Report{{Status: "True", After: 2 * time.Minute}, {Status: "True"}}, want: []time.Duration{2 * time.Minute, 54 * time.Second}},
		"it fails": {reports: []Report{{}}, failed: errors.New("the zone is locked"), want: []time.Duration{minBackoff, 2 * minBackoff, 4 * minBackoff, 8 * minBackoff}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			namespace := newNamespace(t)
			clock := clocktesting.NewFakeClock(time.Now())
			var mu sync.Mutex
			var times []time.Time
			start(t, namespace, Options{Clock: clock, MaxAgeNotReady: time.Minute, Working: 10 * time.Second}, func(context.Context, hyperfleetv1.Parent) (Report, error) {
				mu.Lock()
				defer mu.Unlock()
				times = append(times, clock.Now())
				return c.reports[min(len(times), len(c.reports))-1], c.failed
			}, nil)
			create(t, namespace, "my-cluster", nil)
			waitFor(t, "enough calls", func() bool {
				mu.Lock()
				defer mu.Unlock()
				if len(times) > 0 {
					clock.Step(500 * time.Millisecond)
				}
				return len(times) > len(c.want)
			})
			mu.Lock()
			defer mu.Unlock()
			for i, want := range c.want {
				// The clock may advance between the steps of a call, so only the minimum
				// is certain.
				if got := times[i+1].Sub(times[i]); got < want {
					t.Errorf("call %d came after %s, want %s", i+2, got, want)
				}
			}
		})
	}
}

// TestWorking makes a long call: meanwhile the parent has a report of work in progress
// that keeps the known data, but only for a new generation.
func TestWorking(t *testing.T) {
	namespace := newNamespace(t)
	proceed := make(chan struct{})
	var slow atomic.Bool
	start(t, namespace, Options{Patience: time.Nanosecond, MaxAgeNotReady: time.Hour}, func(context.Context, hyperfleetv1.Parent) (Report, error) {
		if slow.Load() {
			<-proceed
		}
		return Report{Status: metav1.ConditionTrue, Data: map[string]int{"records": 3}}, nil
	}, nil)
	cluster := create(t, namespace, "my-cluster", nil)
	waitForReport(t, cluster, func(s hyperfleetv1.AdapterStatusSpec) bool { return statusOf(s, "Available") == "True" })

	slow.Store(true)
	cluster.Spec.Raw = []byte(`{"region":"us-east"}`)
	if err := env.Client.Update(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	working := waitForReport(t, cluster, func(s hyperfleetv1.AdapterStatusSpec) bool { return s.ObservedGeneration == cluster.Generation })
	if statusOf(*working, "Available") != "Unknown" || string(working.Data.Raw) != `{"records":3}` {
		t.Errorf("the report during the call is %+v, want Available=Unknown and the known data", working)
	}
	close(proceed)
	waitForReport(t, cluster, func(s hyperfleetv1.AdapterStatusSpec) bool { return statusOf(s, "Available") == "True" })

	// An announcement does not replace a known result of the generation.
	if err := doorAt(time.Now()).announce(t.Context(), cluster, conditions(false, Report{}, nil)); err != nil {
		t.Fatal(err)
	}
	if got := report(t, cluster); statusOf(*got, "Available") != "True" {
		t.Errorf("after the announcement the report is %+v, want Available=True", got)
	}
}

// TestWrongClock starts an adapter whose clock is ahead. It reports nothing until the
// clock is right: a report would cause the refusal of its later reports.
func TestWrongClock(t *testing.T) {
	namespace := newNamespace(t)
	clock := clocktesting.NewFakeClock(time.Now().Add(10 * time.Minute))
	var called atomic.Int32
	start(t, namespace, Options{Clock: clock}, func(context.Context, hyperfleetv1.Parent) (Report, error) {
		called.Add(1)
		return Report{Status: metav1.ConditionTrue}, nil
	}, nil)
	cluster := create(t, namespace, "my-cluster", nil)
	waitFor(t, "calls that are repeated", func() bool {
		if called.Load() > 0 {
			clock.Step(time.Second)
		}
		return called.Load() > 1
	})
	if reports := listReports(t, namespace); len(reports) > 0 {
		t.Fatalf("an adapter with a wrong clock reported %+v", reports)
	}
	// When a clock is set back, timers wait longer, so the next event causes the call.
	clock.SetTime(time.Now())
	cluster.Spec.Raw = []byte(`{"region":"us-east"}`)
	if err := env.Client.Update(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	waitForReport(t, cluster, func(s hyperfleetv1.AdapterStatusSpec) bool { return statusOf(s, "Available") == "True" })
}

// TestSkew compares times of this clock with dates of answers.
func TestSkew(t *testing.T) {
	for _, ahead := range []time.Duration{-time.Hour, 0, time.Minute, maxSkew, maxSkew + time.Second, math.MaxInt64} {
		s := newSkew("dns", clocktesting.NewFakePassiveClock(time.Time{}))
		if s.seen() || s.check() != nil {
			t.Errorf("without an answer the clock is seen: %t, %v", s.seen(), s.check())
		}
		date := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
		s.record(date.Add(ahead), date)
		if err := s.check(); !s.seen() || (err != nil) != (ahead > maxSkew) {
			t.Errorf("%s ahead: %v", ahead, err)
		}
	}
}

// TestPanic: the kit reports a panic like an error.
func TestPanic(t *testing.T) {
	namespace := newNamespace(t)
	start(t, namespace, Options{}, func(context.Context, hyperfleetv1.Parent) (Report, error) { panic("no zone") }, nil)
	stored := waitForReport(t, create(t, namespace, "my-cluster", nil), func(hyperfleetv1.AdapterStatusSpec) bool { return true })
	if i := slices.IndexFunc(stored.Conditions, func(c hyperfleetv1.AdapterCondition) bool { return c.Type == HealthCondition }); i < 0 || stored.Conditions[i].Message != "panic: no zone" {
		t.Errorf("the report after a panic is %+v, want its value in the message of Health", stored)
	}
}

// TestRestart stops an adapter in the middle of a call, which then has no result, and
// starts it again: the kit calls it for every parent.
func TestRestart(t *testing.T) {
	namespace := newNamespace(t)
	cluster := create(t, namespace, "my-cluster", nil)
	called := make(chan struct{}, 1)
	stop := start(t, namespace, Options{}, func(ctx context.Context, _ hyperfleetv1.Parent) (Report, error) {
		called <- struct{}{}
		<-ctx.Done()
		return Report{Status: metav1.ConditionFalse}, ctx.Err()
	}, nil)
	<-called
	stop()
	if reports := listReports(t, namespace); len(reports) > 0 {
		t.Errorf("a call that was cut off has led to the report %+v", reports)
	}
	start(t, namespace, Options{}, func(context.Context, hyperfleetv1.Parent) (Report, error) {
		return Report{Status: metav1.ConditionTrue}, nil
	}, nil)
	waitForReport(t, cluster, func(s hyperfleetv1.AdapterStatusSpec) bool { return statusOf(s, "Available") == "True" })
}
