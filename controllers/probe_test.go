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

package controllers

import (
	"context"
	"sync"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// probeClient is a client that counts status writes and fails the writes that a test
// chooses, before they reach the API server.
type probeClient struct {
	client.Client

	// underWay is read-locked from a write until the write is counted, because a test sees
	// the effect of the write before that and then reads the count.
	underWay sync.RWMutex

	mu        sync.Mutex
	written   map[client.ObjectKey]int // status writes that succeeded
	conflicts map[client.ObjectKey]int // status writes that conflicted
	fault     func(verb string, o client.Object) error
}

func newProbeClient(c client.Client) *probeClient {
	return &probeClient{Client: c, written: map[client.ObjectKey]int{}, conflicts: map[client.ObjectKey]int{}}
}

func (p *probeClient) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	if err := p.fail("delete", o); err != nil {
		return err
	}
	return p.Client.Delete(ctx, o, opts...)
}

func (p *probeClient) Patch(ctx context.Context, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
	if err := p.fail("patch", o); err != nil {
		return err
	}
	return p.Client.Patch(ctx, o, patch, opts...)
}

func (p *probeClient) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	if err := p.fail("update", o); err != nil {
		return err
	}
	return p.Client.Update(ctx, o, opts...)
}

func (p *probeClient) Status() client.SubResourceWriter {
	return probeStatus{SubResourceWriter: p.Client.Status(), probe: p}
}

type probeStatus struct {
	client.SubResourceWriter
	probe *probeClient
}

func (s probeStatus) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	if err := s.probe.fail("update status", o); err != nil {
		return err
	}
	key := client.ObjectKeyFromObject(o)
	s.probe.underWay.RLock()
	defer s.probe.underWay.RUnlock()
	err := s.SubResourceWriter.Update(ctx, o, opts...)
	s.probe.mu.Lock()
	defer s.probe.mu.Unlock()
	switch {
	case err == nil:
		s.probe.written[key]++
	case apierrors.IsConflict(err):
		s.probe.conflicts[key]++
	}
	return err
}

// setFault makes the client call f before every write. The write fails with the error
// that f returns; nil removes the fault.
func (p *probeClient) setFault(f func(verb string, o client.Object) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

func (p *probeClient) fail(verb string, o client.Object) error {
	p.mu.Lock()
	fault := p.fault
	p.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(verb, o)
}

func (p *probeClient) statusWrites(key client.ObjectKey) int {
	p.underWay.Lock()
	defer p.underWay.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.written[key]
}

func (p *probeClient) statusConflicts(key client.ObjectKey) int {
	p.underWay.Lock()
	defer p.underWay.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conflicts[key]
}

// probeReader reads from the API server. A test can set a function that is called between
// the answer to a list and its receipt.
type probeReader struct {
	client.Reader
	afterList atomic.Pointer[func(client.ObjectList, *client.ListOptions)]
}

func (p *probeReader) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	err := p.Reader.List(ctx, list, opts...)
	if f := p.afterList.Load(); f != nil {
		(*f)(list, (&client.ListOptions{}).ApplyOptions(opts))
	}
	return err
}
