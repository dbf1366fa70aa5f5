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
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// patience bounds a wait that succeeds soon if all is well. It is far longer than any
// test takes on a slow machine.
const patience = 5 * time.Minute

func TestFeedFollowsChanges(t *testing.T) {
	c, namespace := newNamespace(t)
	ctx := within(t, patience)
	before := create(t, c, namespace, "before")
	x := fleet.New(fleet.AdapterStatuses)
	start(t, New(x, ListWatch(c, &v1.AdapterStatusList{}, namespace), render))
	create(t, c, otherNamespace(t), "elsewhere")

	if err := x.WaitForResourceVersion(ctx, before.ResourceVersion); err != nil {
		t.Fatal(err)
	}
	if !x.HasSynced() {
		t.Error("Not synced once the first list is there")
	}
	checkNames(t, x, "before")

	created := create(t, c, namespace, "dns")
	if err := x.WaitForResourceVersion(ctx, created.ResourceVersion); err != nil {
		t.Fatal(err)
	}
	row, ok := x.Get(v1.ID(created.UID))
	if !ok {
		t.Fatal("No row of an object whose resourceVersion the index has reached")
	}
	if row.Key != client.ObjectKeyFromObject(created) || row.UID() != created.UID || row.ResourceVersion != created.ResourceVersion {
		t.Errorf("Row is of %s, %s, %s", row.Key, row.UID(), row.ResourceVersion)
	}

	created.Spec.ObservedGeneration = 2
	if err := c.Update(ctx, created); err != nil {
		t.Fatal(err)
	}
	if _, err := x.WaitForRow(ctx, row.ID, func(r *fleet.Row) bool { return r.Generation == 2 }); err != nil {
		t.Fatal(err)
	}
	if row.Generation != 1 {
		t.Error("The row of the earlier state has changed")
	}

	gone := make(chan error, 1)
	go func() {
		_, err := x.WaitForRow(ctx, row.ID, func(*fleet.Row) bool { return false })
		gone <- err
	}()
	if err := c.Delete(ctx, created); err != nil {
		t.Fatal(err)
	}
	if err := <-gone; !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("Got error %v, want %v", err, fleet.ErrNotFound)
	}
	checkNames(t, x, "before")
}

// TestFeedConverges breaks the watch, changes everything in the gap and lets the feed
// start again, in both ways of a reflector: by a list, and by a watch that begins with
// all objects.
func TestFeedConverges(t *testing.T) {
	for name, listOnly := range map[string]bool{"By a list": true, "By a watch": false} {
		t.Run(name, func(t *testing.T) {
			c, namespace := newNamespace(t)
			ctx := within(t, patience)
			source := newBreakable(c, namespace, listOnly)
			x := fleet.New(fleet.AdapterStatuses)
			stays, goes, changes := create(t, c, namespace, "stays"), create(t, c, namespace, "goes"), create(t, c, namespace, "changes")
			reborn := create(t, c, namespace, "reborn")
			rendered := &counter{}
			start(t, New(x, source, rendered.render))
			if err := x.WaitForResourceVersion(ctx, reborn.ResourceVersion); err != nil {
				t.Fatal(err)
			}
			held, _ := x.Get(v1.ID(stays.UID))

			source.cut()
			changes.Spec.ObservedGeneration = 7
			must(t, c.Update(ctx, changes))
			must(t, c.Delete(ctx, goes))
			must(t, c.Delete(ctx, reborn))
			successor := create(t, c, namespace, "reborn")
			last := create(t, c, namespace, "last")
			if err := x.WaitForResourceVersion(within(t, 100*time.Millisecond), last.ResourceVersion); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("The feed is not cut off: %v", err)
			}
			checkNames(t, x, "changes", "goes", "reborn", "stays") // the index still serves its last state
			source.mend()

			if err := x.WaitForResourceVersion(ctx, last.ResourceVersion); err != nil {
				t.Fatal(err)
			}
			checkNames(t, x, "changes", "last", "reborn", "stays")
			if row, _ := x.Get(v1.ID(changes.UID)); row == nil || row.Generation != 7 {
				t.Errorf("Changed in the gap: got %v", row)
			}
			if row, ok := x.Get(v1.ID(reborn.UID)); ok {
				t.Errorf("Predecessor of the same name is still there: %v", row)
			}
			if row, ok := x.Get(v1.ID(successor.UID)); !ok || row.Key.Name != successor.Name {
				t.Errorf("Successor of the same name: got %v", row)
			}
			if now, _ := x.Get(v1.ID(stays.UID)); now != held {
				t.Error("An object that did not change has a new row")
			}
			if n := rendered.of(stays.Name); n != 1 {
				t.Errorf("An object that did not change was rendered %d times", n)
			}
		})
	}
}

// TestFeedBurst deletes a thousand objects as fast as the API server can, half
// of them one by one and half in one request.
func TestFeedBurst(t *testing.T) {
	const objects = 1000
	c, namespace := newNamespace(t)
	ctx := within(t, patience)
	x := fleet.New(fleet.AdapterStatuses)
	start(t, New(x, ListWatch(c, &v1.AdapterStatusList{}, namespace), render))
	var all sync.WaitGroup
	slots := make(chan struct{}, 16)
	for n := range objects {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := c.Create(ctx, report(namespace, fmt.Sprintf("burst-%d", n), n%2)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	stays := create(t, c, namespace, "stays")
	must(t, x.WaitForResourceVersion(ctx, stays.ResourceVersion))
	checkConverged(t, c, x, namespace, objects+1)

	for n := 0; n < objects; n += 2 {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := c.Delete(ctx, report(namespace, fmt.Sprintf("burst-%d", n), 0)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		if err := c.DeleteAllOf(ctx, &v1.AdapterStatus{}, client.InNamespace(namespace), client.MatchingLabels{"odd": "1"}); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	last := create(t, c, namespace, "last")
	must(t, x.WaitForResourceVersion(ctx, last.ResourceVersion))
	checkNames(t, x, "last", "stays")
	checkConverged(t, c, x, namespace, 2)
}

// TestFeedLeavesOutObjectsThatFailToRender has one object that fails to render at first,
// and again after some successful renderings.
func TestFeedLeavesOutObjectsThatFailToRender(t *testing.T) {
	c, namespace := newNamespace(t)
	ctx := within(t, patience)
	odd := create(t, c, namespace, "odd")
	x := fleet.New(fleet.AdapterStatuses)
	start(t, New(x, ListWatch(c, &v1.AdapterStatusList{}, namespace), func(s *v1.AdapterStatus) (*fleet.Row, error) {
		if s.Spec.Adapter == "odd" && s.Spec.ObservedGeneration%2 == 1 {
			return nil, errors.New("odd generation")
		}
		return render(s)
	}))
	create(t, c, namespace, "fine")
	for generation := int64(1); generation <= 4; generation++ {
		odd.Spec.ObservedGeneration = generation
		must(t, c.Update(ctx, odd))
		after := create(t, c, namespace, fmt.Sprintf("after-%d", generation))
		must(t, x.WaitForResourceVersion(ctx, after.ResourceVersion))
		if _, ok := x.GetByKey(client.ObjectKeyFromObject(odd)); ok != (generation%2 == 0) {
			t.Errorf("Generation %d: row %t", generation, ok)
		}
		if _, ok := x.GetByKey(types.NamespacedName{Namespace: namespace, Name: v1.AdapterStatusName("parent", "fine")}); !ok {
			t.Errorf("Generation %d: no row of another object", generation)
		}
	}
}

// TestEmptyCollectionHasAVersion waits for a resourceVersion that no object of the
// collection has. The end of the initial objects shows that the watch is past it.
func TestEmptyCollectionHasAVersion(t *testing.T) {
	c, namespace := newNamespace(t)
	x := fleet.New(fleet.AdapterStatuses)
	elsewhere := create(t, c, otherNamespace(t), "elsewhere")
	start(t, New(x, ListWatch(c, &v1.AdapterStatusList{}, namespace), render))
	must(t, x.WaitForResourceVersion(within(t, patience), elsewhere.ResourceVersion))
	if !x.HasSynced() {
		t.Error("Not synced")
	}
	checkNames(t, x)
}

// render returns a row with the fields that these tests read.
func render(s *v1.AdapterStatus) (*fleet.Row, error) {
	return &fleet.Row{
		ID:          v1.ID(s.UID),
		Name:        s.Spec.Adapter,
		Generation:  s.Spec.ObservedGeneration,
		CreatedTime: s.CreationTimestamp.Time,
		UpdatedTime: s.Spec.ObservedTime.Time,
		OwnerID:     s.Spec.ResourceRef.Name,
	}, nil
}

// counter counts how often each object is rendered.
type counter struct {
	mu    sync.Mutex
	calls map[string]int
}

func (c *counter) render(s *v1.AdapterStatus) (*fleet.Row, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	c.calls[s.Name]++
	return render(s)
}

func (c *counter) of(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[name]
}

// start runs a Feed until the test ends.
func start(t *testing.T, feed *Feed[*v1.AdapterStatus]) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- feed.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Feed: %v", err)
		}
	})
}

func create(t *testing.T, c client.Client, namespace, adapter string) *v1.AdapterStatus {
	t.Helper()
	s := report(namespace, adapter, 0)
	must(t, c.Create(t.Context(), s))
	return s
}

func report(namespace, adapter string, odd int) *v1.AdapterStatus {
	return &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace,
			Name:      v1.AdapterStatusName("parent", adapter),
			Labels:    map[string]string{"odd": fmt.Sprint(odd)},
		},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: v1.ClusterKind, Name: "parent"},
			Adapter:            adapter,
			ObservedGeneration: 1,
			ObservedTime:       v1.NewTimestamp(time.Unix(1_800_000_000, 0)),
			Conditions:         []v1.AdapterCondition{},
		},
	}
}

func otherNamespace(t *testing.T) string {
	t.Helper()
	_, namespace := newNamespace(t)
	return namespace
}

// checkNames compares the adapters of all rows, in the order of names.
func checkNames(t *testing.T, x *fleet.Index, want ...string) {
	t.Helper()
	page, err := x.List(t.Context(), fleet.Query{OrderBy: []fleet.Order{{Field: "adapter"}}, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range page.Rows {
		got = append(got, row.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Rows (-want +got):\n%s", diff)
	}
}

// checkConverged checks that the index contains the objects of the API server.
func checkConverged(t *testing.T, c client.Client, x *fleet.Index, namespace string, want int) {
	t.Helper()
	var list v1.AdapterStatusList
	must(t, c.List(t.Context(), &list, client.InNamespace(namespace)))
	var truth []string
	for _, s := range list.Items {
		truth = append(truth, s.Name+" "+s.ResourceVersion)
	}
	slices.Sort(truth)
	page, err := x.List(t.Context(), fleet.Query{Limit: 2 * want})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range page.Rows {
		rows = append(rows, row.Key.Name+" "+row.ResourceVersion)
	}
	slices.Sort(rows)
	if diff := cmp.Diff(truth, rows); diff != "" {
		t.Errorf("Index (-API server +index):\n%s", diff)
	}
	if len(truth) != want || page.Total != want {
		t.Errorf("API server holds %d, index %d, want %d", len(truth), page.Total, want)
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
