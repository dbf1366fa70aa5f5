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

package server

import (
	"context"
	"errors"
	"fmt"
)

// parts are components that run until they are stopped, in reverse order.
type parts struct {
	ctx    context.Context
	failed chan error
	ends   []func()
}

// newParts returns an empty set of parts, and a channel that receives the error of the
// first part that ends before it is stopped.
func newParts(ctx context.Context) (*parts, <-chan error) {
	p := &parts{ctx: ctx, failed: make(chan error, 1)}
	return p, p.failed
}

// start starts a part. Its function returns when its context ends.
func (p *parts) start(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(p.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := run(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("it has stopped")
		}
		select {
		case p.failed <- fmt.Errorf("%s: %w", name, err):
		default: // an earlier failure ends everything
		}
	}()
	p.ends = append(p.ends, func() {
		cancel()
		<-ended
	})
}

// stop stops all parts, in the reverse order of their start.
func (p *parts) stop() {
	for i := len(p.ends) - 1; i >= 0; i-- {
		p.ends[i]()
	}
}
