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
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestFenceRefusesEveryWrite(t *testing.T) {
	unreachable, err := client.New(&rest.Config{}, client.Options{Scheme: runtime.NewScheme(), Mapper: meta.NewDefaultRESTMapper(nil)})
	if err != nil {
		t.Fatal(err)
	}
	c := newLease(&boardLock{board: &board{}, identity: "a"}, renewDeadline).Fence(unreachable)
	o, apply := &corev1.Node{}, applycorev1.Node("one")
	patch := client.RawPatch(types.MergePatchType, nil)
	for name, write := range map[string]func(context.Context) error{
		"Create":             func(ctx context.Context) error { return c.Create(ctx, o) },
		"Update":             func(ctx context.Context) error { return c.Update(ctx, o) },
		"Patch":              func(ctx context.Context) error { return c.Patch(ctx, o, patch) },
		"Apply":              func(ctx context.Context) error { return c.Apply(ctx, apply) },
		"Delete":             func(ctx context.Context) error { return c.Delete(ctx, o) },
		"DeleteAllOf":        func(ctx context.Context) error { return c.DeleteAllOf(ctx, o) },
		"Status.Create":      func(ctx context.Context) error { return c.Status().Create(ctx, o, o) },
		"Status.Update":      func(ctx context.Context) error { return c.Status().Update(ctx, o) },
		"Status.Patch":       func(ctx context.Context) error { return c.Status().Patch(ctx, o, patch) },
		"Status.Apply":       func(ctx context.Context) error { return c.Status().Apply(ctx, apply) },
		"SubResource.Update": func(ctx context.Context) error { return c.SubResource("scale").Update(ctx, o) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := write(t.Context()); !errors.Is(err, ErrNotLeading) {
				t.Errorf("the error is %v, want ErrNotLeading", err)
			}
		})
	}
	if err := c.Get(t.Context(), client.ObjectKey{Name: "one"}, o); err == nil || errors.Is(err, ErrNotLeading) {
		t.Errorf("the error of a read is %v, want that of the client", err)
	}
}
