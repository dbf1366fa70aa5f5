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

package feed

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// TestArrived counts the objects of a collection on both sides, and again after the feed
// has requested all of them once more.
func TestArrived(t *testing.T) {
	for name, listOnly := range map[string]bool{"by a list": true, "by a watch": false} {
		t.Run(name, func(t *testing.T) {
			c, namespace := newNamespace(t)
			ctx := within(t, patience)
			for _, adapter := range []string{"a", "b", "c"} {
				create(t, c, namespace, adapter)
			}
			x := fleet.New(fleet.AdapterStatuses)
			f := New(x, newBreakable(c, namespace, listOnly), render)
			if got := f.Arrived(); got != 0 {
				t.Errorf("%d objects have arrived before the start", got)
			}
			start(t, f)
			must(t, x.WaitForSync(ctx))
			if got := f.Arrived(); got != 3 {
				t.Errorf("%d objects have arrived, want 3", got)
			}
			metadata := &metav1.PartialObjectMetadataList{}
			metadata.SetGroupVersionKind(v1.GroupVersion.WithKind("AdapterStatusList"))
			p := NewProber("statuses", x, ListWatch(c, metadata, namespace), f)
			if got, err := p.Stored(ctx); got != 3 || err != nil {
				t.Errorf("Stored() = %d, %v, want 3", got, err)
			}

			last := create(t, c, namespace, "d")
			must(t, x.WaitForResourceVersion(ctx, last.ResourceVersion))
			f.Relist()
			await(t, "the feed has requested all objects again", func() bool { return f.Arrived() == 4 })
			if got, err := p.Stored(ctx); got != 4 || err != nil {
				t.Errorf("Stored() = %d, %v, want 4", got, err)
			}
		})
	}
}
