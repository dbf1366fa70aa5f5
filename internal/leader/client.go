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

package leader

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Fence returns a client whose writes fail with ErrNotLeading unless this process holds
// the lease. A write in flight is canceled when the proof of the lease expires. Reads are
// not fenced.
func (l *Lease) Fence(c client.Client) client.Client { return fenced{c, l} }

type fenced struct {
	client.Client
	lease *Lease
}

// during calls write if the lease is proven, with a context that ends with the proof.
func (l *Lease) during(ctx context.Context, write func(context.Context) error) error {
	until, err := l.provenUntil()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithDeadlineCause(ctx, until, ErrNotLeading)
	defer cancel()
	return write(ctx)
}

func (f fenced) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	return f.lease.during(ctx, func(ctx context.Context) error { return f.Client.Create(ctx, o, opts...) })
}

func (f fenced) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	return f.lease.during(ctx, func(ctx context.Context) error { return f.Client.Update(ctx, o, opts...) })
}

func (f fenced) Patch(ctx context.Context, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
	return f.lease.during(ctx, func(ctx context.Context) error { return f.Client.Patch(ctx, o, patch, opts...) })
}

func (f fenced) Apply(ctx context.Context, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	return f.lease.during(ctx, func(ctx context.Context) error { return f.Client.Apply(ctx, o, opts...) })
}

func (f fenced) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	return f.lease.during(ctx, func(ctx context.Context) error { return f.Client.Delete(ctx, o, opts...) })
}

func (f fenced) DeleteAllOf(ctx context.Context, o client.Object, opts ...client.DeleteAllOfOption) error {
	return f.lease.during(ctx, func(ctx context.Context) error { return f.Client.DeleteAllOf(ctx, o, opts...) })
}

func (f fenced) Status() client.SubResourceWriter {
	return fencedSubResource{f.Client.Status(), f.lease}
}

func (f fenced) SubResource(name string) client.SubResourceClient {
	sub := f.Client.SubResource(name)
	return struct {
		client.SubResourceReader
		client.SubResourceWriter
	}{sub, fencedSubResource{sub, f.lease}}
}

type fencedSubResource struct {
	client.SubResourceWriter
	lease *Lease
}

func (f fencedSubResource) Create(ctx context.Context, o, sub client.Object, opts ...client.SubResourceCreateOption) error {
	return f.lease.during(ctx, func(ctx context.Context) error { return f.SubResourceWriter.Create(ctx, o, sub, opts...) })
}

func (f fencedSubResource) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	return f.lease.during(ctx, func(ctx context.Context) error { return f.SubResourceWriter.Update(ctx, o, opts...) })
}

func (f fencedSubResource) Patch(ctx context.Context, o client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
	return f.lease.during(ctx, func(ctx context.Context) error { return f.SubResourceWriter.Patch(ctx, o, patch, opts...) })
}

func (f fencedSubResource) Apply(ctx context.Context, o runtime.ApplyConfiguration, opts ...client.SubResourceApplyOption) error {
	return f.lease.during(ctx, func(ctx context.Context) error { return f.SubResourceWriter.Apply(ctx, o, opts...) })
}
