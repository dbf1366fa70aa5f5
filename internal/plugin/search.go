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

package plugin

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

type searchOptions struct {
	streams genericiooptions.IOStreams
	config  *genericclioptions.ConfigFlags
	print   *genericclioptions.PrintFlags
	table   printers.PrintOptions

	allNamespaces bool
	orderBy       string
	limit         int
	explain       bool
}

// search prints the objects that the query returns.
func (o *searchOptions) search(ctx context.Context, q query) error {
	printer, err := o.printer()
	if err != nil {
		return err
	}
	namespace, err := o.namespace()
	if err != nil {
		return err
	}
	lister, err := newLister(o.config, q.collection, namespace)
	if err != nil {
		return err
	}
	found, err := find(ctx, lister, q)
	if err != nil {
		return err
	}
	return printer.print(found, namespace)
}

// namespace returns the namespace to search, "" for all.
func (o *searchOptions) namespace() (string, error) {
	if o.allNamespaces {
		return metav1.NamespaceAll, nil
	}
	namespace, _, err := o.config.ToRawKubeConfigLoader().Namespace()
	return namespace, err
}

// find returns the table of the objects that the query returns, in its order.
// Selectors reduce the work of the API server and the traffic. The plugin
// searches the selected objects chunk by chunk and keeps only matches in memory.
func find(ctx context.Context, l *lister, q query) (*metav1.Table, error) {
	f := findings{query: q, cells: map[types.NamespacedName]metav1.TableRow{}}
	add := func(chunk *metav1.Table) error { return f.add(ctx, chunk) }
	if err := l.list(ctx, narrowest(q), add); err != nil {
		return nil, err
	}
	return f.inOrder(ctx)
}

// findings are the matches so far.
type findings struct {
	query query
	table metav1.Table // its rows are not ordered yet
	rows  []*fleet.Row
	cells map[types.NamespacedName]metav1.TableRow
}

// add adds the matches of a chunk.
func (f *findings) add(ctx context.Context, chunk *metav1.Table) error {
	if f.table.ColumnDefinitions == nil {
		f.table = metav1.Table{ListMeta: chunk.ListMeta, ColumnDefinitions: chunk.ColumnDefinitions}
	}
	rows := make([]*fleet.Row, len(chunk.Rows))
	cells := make(map[types.NamespacedName]metav1.TableRow, len(chunk.Rows))
	for i, tableRow := range chunk.Rows {
		row, err := f.query.collection.row(tableRow.Object.Raw)
		if err != nil {
			return err
		}
		rows[i], cells[row.Key] = row, tableRow
	}
	matching, err := f.list(ctx, rows, fleet.Query{Filter: f.query.filter, Limit: len(rows)})
	if err != nil {
		return err
	}
	for _, row := range matching {
		kept := *row // the row belongs to the index of this chunk
		kept.JSON = nil
		f.rows = append(f.rows, &kept)
		f.cells[row.Key] = cells[row.Key]
	}
	return nil
}

// inOrder returns the matches within the query's limit, in the query's order.
func (f *findings) inOrder(ctx context.Context) (*metav1.Table, error) {
	limit := f.query.limit
	if limit == 0 {
		limit = len(f.rows)
	}
	rows, err := f.list(ctx, f.rows, fleet.Query{OrderBy: f.query.orderBy, Limit: limit})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		f.table.Rows = append(f.table.Rows, f.cells[row.Key])
	}
	return &f.table, nil
}

// list answers a query from an index of these rows only, which takes ownership of
// them.
func (f *findings) list(ctx context.Context, rows []*fleet.Row, q fleet.Query) ([]*fleet.Row, error) {
	index := fleet.New(f.query.collection.schema)
	if err := index.Replace(rows, f.table.ResourceVersion); err != nil {
		return nil, err
	}
	page, err := index.List(ctx, q)
	return page.Rows, err
}
