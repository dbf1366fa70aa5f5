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

package apiserver

import (
	"context"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/client-go/tools/pager"
)

// TestLargeLists makes lists of 4 objects, of which 6 may be decoded at once.
func TestLargeLists(t *testing.T) {
	const objects, page, total = 4, 3, 6
	c := newStorageOfEncodedCache(t, exampleCodec()).(*encodedCache)
	createPods(t, c, objects)
	c.lists = newListLimit(page, total, time.Hour)
	list := func(ctx context.Context, verb string, limit int64) error {
		predicate := storage.Everything
		predicate.Limit = limit
		ctx = request.WithRequestInfo(ctx, &request.RequestInfo{Verb: verb})
		return c.GetList(ctx, pods, storage.ListOptions{Recursive: true, Predicate: predicate}, newPodList())
	}
	first, endFirst := context.WithCancel(t.Context())
	if err := list(first, "list", 0); err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]struct {
		verb  string
		limit int64
	}{"a page": {"list", page}, "the deletion of all": {"deletecollection", 0}} {
		if err := list(t.Context(), of.verb, of.limit); err != nil {
			t.Errorf("%s is bounded: %v", name, err)
		}
	}
	c.lists.wait = 0
	if err := list(t.Context(), "list", 0); !apierrors.IsTooManyRequests(err) {
		t.Errorf("the second list has the answer %v, want 429", err)
	}
	c.lists.wait = time.Hour
	gone, cancel := context.WithCancel(t.Context())
	answers := make(chan error)
	go func() { answers <- list(gone, "list", 0) }()
	cancel()
	if err := <-answers; err == nil {
		t.Error("a list whose client has gone has an answer")
	}
	go func() { answers <- list(t.Context(), "list", 0) }()
	endFirst()
	if err := <-answers; err != nil {
		t.Errorf("after the first request: %v", err)
	}
	// A list of more objects than the limit must be the only one.
	c.lists = newListLimit(1, 2, time.Hour)
	alone, end := context.WithCancel(t.Context())
	defer end()
	if err := list(alone, "list", 0); err != nil {
		t.Errorf("a list of more objects than may be decoded: %v", err)
	}
	c.lists.wait = 0
	if err := list(t.Context(), "list", 2); !apierrors.IsTooManyRequests(err) {
		t.Errorf("beside the largest list, another one has the answer %v, want 429", err)
	}
}

// TestPagesAndWatchesAreBounded counts the objects that are decoded for a list in
// client-go's pages and for a watch that nobody reads. Both begin at any version, as
// informers do.
func TestPagesAndWatchesAreBounded(t *testing.T) {
	const objects, page = 2*eventBuffer + 1, 5
	c := newStorageOfEncodedCache(t, exampleCodec()).(*encodedCache)
	createPods(t, c, objects)
	if err := c.GetList(t.Context(), pods, storage.ListOptions{Recursive: true, Predicate: storage.Everything}, newPodList()); err != nil {
		t.Fatal(err) // the current list: from here on, the watch cache has all objects
	}
	counted := &countingCodec{Codec: exampleCodec()}
	c.plain, c.schema = counted, counted
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		before := counted.decoded.Load()
		predicate := storage.Everything
		predicate.Limit, predicate.Continue = o.Limit, o.Continue
		list := &example.PodList{}
		err := c.GetList(ctx, pods, storage.ListOptions{
			ResourceVersion: o.ResourceVersion, ResourceVersionMatch: o.ResourceVersionMatch, Recursive: true, Predicate: predicate,
		}, list)
		if n := counted.decoded.Load() - before; n > page {
			t.Errorf("%d objects are decoded for a page of %d", n, page)
		}
		return list, err
	})
	p.PageSize = page
	for name, of := range map[string]struct {
		match metav1.ResourceVersionMatch
		each  func(context.Context, metav1.ListOptions, func(runtime.Object) error) error
	}{
		"each":           {"", p.EachListItem},
		"list":           {"", listed(p)},
		"not older than": {metav1.ResourceVersionMatchNotOlderThan, listed(p)},
	} {
		names := map[string]bool{}
		err := of.each(t.Context(), metav1.ListOptions{ResourceVersion: "0", ResourceVersionMatch: of.match}, func(o runtime.Object) error {
			names[o.(*example.Pod).Name] = true
			return nil
		})
		if err != nil || len(names) != objects {
			t.Errorf("%s: the pages have %d objects and end with %v, want %d", name, len(names), err, objects)
		}
	}
	counted.decoded.Store(0)
	w, err := c.Watch(t.Context(), pods, storage.ListOptions{ResourceVersion: "0", Recursive: true, Predicate: storage.Everything})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	eventually(t, "event that waits", func() bool { return counted.decoded.Load() == eventBuffer+1 })
	for n := range objects {
		<-w.ResultChan()
		if ahead := counted.decoded.Load() - int64(n); ahead > eventBuffer+2 {
			t.Errorf("%d events are decoded and not read", ahead)
		}
	}
}

// listed is like the pager's EachListItem, but reads all pages first, as reflectors do.
func listed(p *pager.ListPager) func(context.Context, metav1.ListOptions, func(runtime.Object) error) error {
	return func(ctx context.Context, o metav1.ListOptions, each func(runtime.Object) error) error {
		list, _, err := p.List(ctx, o)
		if err != nil {
			return err
		}
		return meta.EachListItem(list, each)
	}
}
