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
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// readyInterval is the time between two checks of the facade's readiness.
	readyInterval = 50 * time.Millisecond
	// loadingInterval is the time between two progress messages.
	loadingInterval = 5 * time.Second
	// loadingLimit bounds the requests for one progress message: the API server answers
	// slowly while it fills its own caches.
	loadingLimit = 4 * time.Second
)

// observer receives the progress of a start.
type observer struct {
	// loading is called with the progress, at intervals until the facade is ready.
	loading func(string)
	// ready is called once, when the facade answers from complete indexes.
	ready func()
}

// announcement sends the progress of a start to an observer.
type announcement struct {
	observer
	check    func(*http.Request) error    // fails until the facade is ready
	progress func(context.Context) string // how many objects the indexes contain so far
}

// Start implements manager.Runnable.
func (a announcement) Start(ctx context.Context) error {
	loading, stop := context.WithCancel(ctx)
	var reports sync.WaitGroup
	reports.Go(func() { a.reportLoading(loading) })
	err := wait.PollUntilContextCancel(ctx, readyInterval, true, func(context.Context) (bool, error) {
		return a.check(nil) == nil, nil
	})
	stop()
	reports.Wait()
	if err == nil {
		a.ready()
	}
	return nil // the manager stops
}

func (a announcement) reportLoading(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(loadingInterval):
		}
		asking, cancel := context.WithTimeout(ctx, loadingLimit)
		progress := a.progress(asking)
		cancel()
		if ctx.Err() == nil {
			a.loading(progress)
		}
	}
}

// NeedLeaderElection is false: every replica becomes ready.
func (announcement) NeedLeaderElection() bool { return false }
