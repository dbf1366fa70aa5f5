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
	"slices"
	"sync"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	t.Run("makes so many requests, each once", func(t *testing.T) {
		var lock sync.Mutex
		var indexes []int
		closed := 0
		s := load{workers: 4, requests: 1000, limit: time.Minute, newWorker: func() worker {
			return worker{
				do: func(i int) (int, error) {
					lock.Lock()
					defer lock.Unlock()
					indexes = append(indexes, i)
					if i%10 == 0 {
						return 0, errors.New("refused")
					}
					return 2, nil
				},
				close: func() { closed++ },
			}
		}}.run(t.Context())
		slices.Sort(indexes)
		if len(indexes) != 1000 || len(slices.Compact(indexes)) != 1000 {
			t.Errorf("%d requests, %d different ones, want 1000", len(indexes), len(slices.Compact(indexes)))
		}
		scenario := newScenario("x", s, nil)
		if scenario.Requests != 1000 || scenario.Errors != 100 || scenario.Fault != "refused" || scenario.Bytes != 2 || closed != 4 {
			t.Errorf("scenario %+v, %d workers closed", scenario, closed)
		}
		tenth := newScenario("x", s.of(func(i int) bool { return i%10 == 0 }), nil)
		if tenth.Requests != 100 || tenth.Errors != 100 || tenth.Throughput != 0 {
			t.Errorf("those that failed: %+v", tenth)
		}
	})

	endless := load{workers: 2, limit: time.Minute, newWorker: func() worker {
		return worker{do: func(int) (int, error) { return 0, nil }}
	}}
	t.Run("ends when the time is over", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		l := endless
		l.limit = 20 * time.Millisecond
		if l.run(ctx); ctx.Err() != nil {
			t.Error("it ends with its context only")
		}
	})
	t.Run("makes the least requests although the time is over", func(t *testing.T) {
		l := endless
		l.limit, l.least = 0, 7
		if s := l.run(t.Context()); len(s.all) != 7 {
			t.Errorf("%d requests, want 7", len(s.all))
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if s := endless.run(ctx); len(s.all) != 0 {
			t.Errorf("%d requests", len(s.all))
		}
	})
}
