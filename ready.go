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
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/hyperfleet-io/hyperfleet/internal/facade"
)

// readyInterval is the time between two looks whether the facade is ready.
const readyInterval = 50 * time.Millisecond

// announcement tells once that the facade is ready.
type announcement struct {
	server *facade.Server
	ready  func()
}

// Start implements manager.Runnable.
func (a announcement) Start(ctx context.Context) error {
	err := wait.PollUntilContextCancel(ctx, readyInterval, true, func(context.Context) (bool, error) {
		return a.server.Ready(nil) == nil, nil
	})
	if err == nil {
		a.ready()
	}
	return nil // the manager stops
}

// NeedLeaderElection is false: every replica becomes ready.
func (announcement) NeedLeaderElection() bool { return false }
