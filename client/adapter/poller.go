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

package adapter

import (
	"context"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/source"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/rest"
)

// pageSize is the size of a page of a polled list: the largest that the server allows.
const pageSize = 1000

// notReady is the search for the parents that are not Ready, in both dialects.
const notReady = "status.conditions.Ready='False' or status.conditions.Reconciled='False'"

// poller detects changes by polling two lists of one Kind: id, generation and labels of
// all parents, and the ids of the parents that are not Ready. A report that does not
// change whether its parent is Ready changes neither list, so the pages keep their entity
// tags.
type poller struct {
	door          *restDoor
	queue         workqueue.TypedRateLimitingInterface[ctrl.Request]
	all, notReady polledList
	changed       bool            // since the last comparison
	known         map[string]item // of the last comparison, by id
}

// item is an item of a polled list, with the fields that the poller requests.
type item struct {
	ID         string            `json:"id"`
	Generation int64             `json:"generation"`
	Labels     map[string]string `json:"labels"`

	selected, notReady bool
}

// source returns a source that polls until the context ends.
func (d *restDoor) source() source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[ctrl.Request]) error {
		go newPoller(d, queue).run(ctx)
		return nil
	})
}

func newPoller(d *restDoor, queue workqueue.TypedRateLimitingInterface[ctrl.Request]) *poller {
	return &poller{
		door: d, queue: queue, known: map[string]item{},
		all:      polledList{fields: "id,generation,labels"},
		notReady: polledList{fields: "id", search: notReady},
	}
}

func (p *poller) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := p.poll(ctx); err != nil && ctx.Err() == nil {
			logf.FromContext(ctx).Error(err, "Failed to poll; the next poll will find the same changes", "kind", p.door.kind)
		}
		select {
		case <-ctx.Done():
		case <-p.door.options.Clock.After(p.door.poll):
		}
	}
}

// poll requests both lists and enqueues the parents that have changed since the last
// poll.
func (p *poller) poll(ctx context.Context) error {
	for _, list := range []*polledList{&p.all, &p.notReady} {
		changed, err := list.refresh(ctx, p.door)
		if err != nil {
			return err // a change of the first list is still to be compared
		}
		p.changed = p.changed || changed
	}
	if p.changed {
		p.compare()
		p.changed = false
	}
	return nil
}

func (p *poller) compare() {
	unready := map[string]bool{}
	for _, page := range p.notReady.pages {
		for _, row := range page.Items {
			unready[row.ID] = true
		}
	}
	found := make(map[string]item, len(p.known))
	for _, page := range p.all.pages {
		for _, row := range page.Items {
			row.selected = p.door.options.Selector.Matches(labels.Set(row.Labels))
			row.notReady = unready[row.ID]
			found[row.ID] = row
			last, ok := p.known[row.ID]
			if row.selected && (!ok || !last.selected || last.Generation != row.Generation || last.notReady != row.notReady) {
				p.enqueue(row.ID)
			}
		}
	}
	for id, last := range p.known {
		if _, ok := found[id]; !ok && last.selected {
			p.enqueue(id) // the reconciler forgets it
		}
	}
	p.known = found
}

func (p *poller) enqueue(id string) {
	p.queue.Add(ctrl.Request{NamespacedName: types.NamespacedName{Name: id}})
}

// polledList is a list with the pages and entity tags of the last poll.
type polledList struct {
	fields, search string
	pages          []page
}

type page struct {
	Items []item `json:"items"`
	Next  string `json:"nextPageToken"`

	token, etag string
}

// refresh requests all pages and reports whether one has changed. After an error, the
// list is unchanged.
func (l *polledList) refresh(ctx context.Context, d *restDoor) (changed bool, err error) {
	known := make(map[string]page, len(l.pages))
	for _, page := range l.pages {
		known[page.token] = page
	}
	var pages []page
	for token := ""; ; {
		next, unchanged, err := l.page(ctx, d, token, known[token])
		if err != nil {
			return false, err
		}
		changed = changed || !unchanged
		pages = append(pages, next)
		if token = next.Next; token == "" {
			break
		}
	}
	l.pages = pages
	return changed, nil
}

// page requests the page of a token, given the known page or a zero value.
func (l *polledList) page(ctx context.Context, d *restDoor, token string, known page) (_ page, unchanged bool, err error) {
	size, ascending := rest.PageSize(pageSize), rest.Order("asc") // new parents are on the last page
	params := rest.ListClustersParams{Fields: &l.fields, PageToken: &token, PageSize: &size, Order: &ascending}
	if l.search != "" {
		params.Search = &l.search
	}
	ifChanged := func(_ context.Context, r *http.Request) error {
		if known.etag != "" {
			r.Header.Set("If-None-Match", known.etag)
		}
		return nil
	}
	read := page{token: token}
	status, header, err := d.do(ctx, func(ctx context.Context) (*http.Response, error) {
		if d.kind == hyperfleetv1.NodePoolKind {
			nodePools := rest.ListNodePoolsParams(params)
			return d.api.ListNodePools(ctx, &nodePools, ifChanged)
		}
		return d.api.ListClusters(ctx, &params, ifChanged)
	}, &read)
	switch {
	case err != nil:
		return page{}, false, fmt.Errorf("list %ss: %w", d.kind, err)
	case status == http.StatusNotModified:
		return known, true, nil
	}
	read.etag = header.Get("ETag")
	return read, false, nil
}
