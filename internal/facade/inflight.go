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

package facade

import "context"

// waitersPerWrite is how many requests may wait for their write to become visible
// for each that may write.
const waitersPerWrite = 10

// inFlight bounds how many requests are served at a time. Reads and writes do not
// take each other's places, and a write that waits to become visible gives its
// place up: it costs no more than some memory, and there are many of them for a
// while when the reconcilers are away.
type inFlight struct {
	reading, writing, waiting chan struct{}
}

func newInFlight(limits Limits) inFlight {
	return inFlight{
		reading: make(chan struct{}, limits.MaxInFlight),
		writing: make(chan struct{}, limits.MaxMutatingInFlight),
		waiting: make(chan struct{}, waitersPerWrite*limits.MaxMutatingInFlight),
	}
}

// take takes one of the places, if one is free.
func take(places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
		return false
	}
}

// A place is that of a request among those under way.
type place struct {
	among, waiting chan struct{}
}

func (p *place) leave() { <-p.among }

type placeKey struct{}

// in returns a context that carries the place of a write.
func (p *place) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, placeKey{}, p)
}

// mayWait moves a request that has written to those that wait, and tells whether
// there is room for it.
func mayWait(ctx context.Context) bool {
	p := ctx.Value(placeKey{}).(*place)
	if !take(p.waiting) {
		return false
	}
	<-p.among
	p.among = p.waiting
	return true
}
