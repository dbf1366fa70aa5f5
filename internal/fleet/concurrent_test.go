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

package fleet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// TestPageIsOneState reads pages while every row keeps changing sides and a fleet of
// another size keeps replacing the whole fleet. Each reader checks a property that every
// state has and no mixture of two states has.
func TestPageIsOneState(t *testing.T) {
	const stable, churn, readers = 200, 50, 3
	x := New(Clusters)
	side := func(n int, side string) *Row {
		row := sideRow("stable", n, side)
		row.UpdatedTime = epoch.Add(time.Duration(rand.IntN(50)) * time.Second) // also moves the row in an order
		return row
	}
	// At any time, there are size(generation) rows with the label churn, all of one generation.
	size := func(generation int) int { return churn + generation%churn }
	fleet := func(generation int) []*Row {
		var rows []*Row
		for n := range stable {
			rows = append(rows, side(n, pick(rand.New(rand.NewPCG(uint64(generation), uint64(n))), "left", "right")))
		}
		for n := range size(generation) {
			row := sideRow("churn", n, strconv.Itoa(generation))
			rows = append(rows, row)
		}
		return rows
	}
	if err := x.Replace(fleet(0), "1"); err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	var done sync.WaitGroup
	done.Go(func() {
		for generation := 1; ctx.Err() == nil; generation++ {
			for range 200 {
				x.Upsert(side(rand.IntN(stable), pick(rand.New(rand.NewPCG(rand.Uint64(), 0)), "left", "right")))
			}
			if generation%3 == 0 {
				x.swap(x.renumbered())
			}
			if err := x.Replace(fleet(generation), strconv.Itoa(generation)); err != nil {
				t.Error(err)
			}
		}
	})
	for range readers {
		done.Go(func() {
			r := rand.New(rand.NewPCG(rand.Uint64(), 0))
			for ctx.Err() == nil {
				if err := readStable(t.Context(), x, r, stable); err != nil {
					t.Error(err)
					stop()
				}
				if err := readChurn(t.Context(), x, r, size); err != nil {
					t.Error(err)
					stop()
				}
			}
		})
	}
	done.Wait()
}

// readStable reads the rows on both sides. At any time, each row is on one side.
func readStable(ctx context.Context, x *Index, r *rand.Rand, want int) error {
	limit := pick(r, 7, want)
	page, err := x.List(ctx, Query{
		Filter: pick[tsl.Expr](r,
			&tsl.Or{Operands: []tsl.Expr{equals("labels.stable", "left"), equals("labels.stable", "right")}},
			&tsl.Or{Operands: []tsl.Expr{equals("labels.stable", "left"), equals("spec.side", "right")}}, // scans rows
			&tsl.And{Operands: []tsl.Expr{matches("labels.stable", "^(left|right)$"), matches("spec.side", "t$")}},
		),
		OrderBy: pick(r, nil, []Order{{Field: "updated_time"}}, []Order{{Field: "generation"}, {Field: "updated_time"}}),
		Limit:   limit,
	})
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, row := range page.Rows {
		seen[row.ID] = true
	}
	if page.Total != want || len(seen) != limit || len(page.Rows) != limit {
		return fmt.Errorf("total %d, %d items of which %d differ, want total %d and %d items",
			page.Total, len(page.Rows), len(seen), want, limit)
	}
	return nil
}

// readChurn reads the rows that the fleet's replacement changes. At any time, all are of one
// generation, which determines their number.
func readChurn(ctx context.Context, x *Index, r *rand.Rand, size func(int) int) error {
	page, err := x.List(ctx, Query{
		Filter:  &tsl.Comparison{Field: tsl.Field{Path: "labels.churn"}, Op: tsl.NotEqual, Values: []tsl.Value{{Kind: tsl.StringValue, Text: "none"}}},
		OrderBy: pick(r, nil, []Order{{Field: "name"}}, []Order{{Field: "generation"}, {Field: "name"}}),
		Limit:   1000,
	})
	if err != nil {
		return err
	}
	if len(page.Rows) == 0 {
		return fmt.Errorf("no items, total %d", page.Total)
	}
	of, _ := page.Rows[0].Labels.Get("churn")
	for _, row := range page.Rows {
		if other, _ := row.Labels.Get("churn"); other != of {
			return fmt.Errorf("items of generations %s and %s in one page", of, other)
		}
	}
	generation, err := strconv.Atoi(of)
	if err != nil {
		return err
	}
	if want := size(generation); page.Total != want || len(page.Rows) != want {
		return fmt.Errorf("generation %d: total %d, %d items, want %d", generation, page.Total, len(page.Rows), want)
	}
	return nil
}

func sideRow(label string, n int, value string) *Row {
	name := label + "-" + strconv.Itoa(n)
	return &Row{
		ID:          "2" + name,
		Key:         types.NamespacedName{Namespace: "default", Name: name},
		Name:        name,
		Generation:  1,
		CreatedTime: epoch,
		UpdatedTime: epoch,
		Labels:      LabelsOf(map[string]string{label: value}),
		JSON:        fmt.Appendf(nil, `{"spec":{"side":%q}}`, value),
	}
}

func matches(path, expression string) tsl.Expr {
	return &tsl.Comparison{
		Field:  tsl.Field{Path: path},
		Op:     tsl.Match,
		Values: []tsl.Value{{Kind: tsl.StringValue, Text: expression}},
	}
}

func equals(path, value string) tsl.Expr {
	return &tsl.Comparison{
		Field:  tsl.Field{Path: path},
		Op:     tsl.Equal,
		Values: []tsl.Value{{Kind: tsl.StringValue, Text: value}},
	}
}
