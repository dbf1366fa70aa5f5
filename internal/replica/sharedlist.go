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

package replica

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// A sharedList makes one list at a time. A caller shares the next list that begins after
// its call: a list that is already running may lack an object that was created since.
type sharedList struct {
	list    func(context.Context) (map[types.UID]bool, error)
	running chan struct{}

	mu   sync.Mutex
	next *listRun // has not begun yet; nil if no caller waits for it
}

// listRun is one list of a sharedList. Its result may be read once done is closed.
type listRun struct {
	done chan struct{}
	uids map[types.UID]bool
	err  error
}

func newSharedList(list func(context.Context) (map[types.UID]bool, error)) *sharedList {
	return &sharedList{list: list, running: make(chan struct{}, 1)}
}

// get returns the result of a list that begins after the call.
func (l *sharedList) get(ctx context.Context) (map[types.UID]bool, error) {
	l.mu.Lock()
	run := l.next
	if run == nil {
		run = &listRun{done: make(chan struct{})}
		l.next = run
		go l.run(context.WithoutCancel(ctx), run)
	}
	l.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-run.done:
		return run.uids, run.err
	}
}

func (l *sharedList) run(ctx context.Context, run *listRun) {
	l.running <- struct{}{}
	defer func() { <-l.running }()
	l.mu.Lock()
	l.next = nil
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	run.uids, run.err = l.list(ctx)
	close(run.done)
}
