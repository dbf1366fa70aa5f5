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
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/benchflag"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

const pageSize = 20

// BenchmarkList measures one page of a repeated search while nothing changes. A page has the
// same number of rows in each fleet, so the ratio between fleets shows how much the cost
// depends on the fleet rather than on the answer.
func BenchmarkList(b *testing.B) {
	indexes := benchIndexes(b)
	for _, s := range listScenarios {
		for _, x := range indexes {
			b.Run(s.in(x), func(b *testing.B) {
				search, offset := s.prepare(b, x)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := x.Page(b.Context(), search, PageRequest{Offset: offset, Limit: pageSize}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkFirstTime measures the same pages as first requests, without parsing.
func BenchmarkFirstTime(b *testing.B) {
	indexes := benchIndexes(b)
	for _, s := range listScenarios {
		for _, x := range indexes {
			b.Run(s.in(x), func(b *testing.B) {
				_, offset := s.prepare(b, x)
				filter := s.filter(b)
				b.ReportAllocs()
				for b.Loop() {
					search, err := x.Prepare(filter, s.order)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := x.evaluate(b.Context(), search, PageRequest{Offset: offset, Limit: pageSize}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkListWhileChanged measures one page after a number of rows had a heartbeat: the
// cost at which a standing search catches up.
func BenchmarkListWhileChanged(b *testing.B) {
	indexes := benchIndexes(b)
	for _, x := range indexes {
		for _, row := range x.rows {
			addSpec(row)
		}
	}
	for _, s := range []listScenario{
		{name: "And", search: "labels.environment = 'staging' and labels.shard in ('6', '7')", matches: 0.025},
		{name: "ConditionMiddlePageByName", search: "status.conditions.Ready = 'False'", order: []Order{{Field: "name"}}, page: 0.5, matches: 0.2},
		{name: "SpecNumber", search: "spec.network.size > 50", matches: 0.6},
	} {
		for _, changes := range []int{1, 100} {
			for _, x := range indexes {
				b.Run(fmt.Sprintf("%s/Changes%d/%d", s.name, changes, x.size), func(b *testing.B) {
					search, offset := s.prepare(b, x)
					n := 0
					for b.Loop() {
						b.StopTimer()
						for range changes {
							n++
							heartbeat(x.Index, n)
						}
						b.StartTimer()
						if _, err := x.Page(b.Context(), search, PageRequest{Offset: offset, Limit: pageSize}); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

type listScenario struct {
	name   string
	search string
	order  []Order
	// page is the position of the page in the answer, from 0 to 1.
	page float64
	// matches is the part of the fleet that matches, at least a page of each fleet. If it is
	// 0, few is the number of rows that match in each fleet.
	matches float64
	few     int
}

var listScenarios = []listScenario{
	{name: "FirstPage", matches: 1},
	{name: "MiddlePage", page: 0.5, matches: 1},
	{name: "LastPage", page: 1, matches: 1},
	{name: "FirstPageByName", order: []Order{{Field: "name"}}, matches: 1},
	{name: "TwoOrders", order: []Order{{Field: "created_by"}, {Field: "created_time", Descending: true}}, matches: 1},
	{name: "TwoOrdersNoTies", order: []Order{{Field: "name"}, {Field: "created_time"}}, matches: 1},
	{name: "Name", search: "name = 'cluster-500'", few: 1},
	{name: "LabelQuarter", search: "labels.environment = 'staging'", matches: 0.25},
	{name: "LabelQuarterMiddlePage", search: "labels.environment = 'staging'", page: 0.5, matches: 0.25},
	{name: "LabelQuarterMiddlePageByName", search: "labels.environment = 'staging'", order: []Order{{Field: "name"}}, page: 0.5, matches: 0.25},
	{name: "LabelTwentieth", search: "labels.shard = '7'", matches: 0.05},
	{name: "In", search: "labels.environment in ('staging', 'dev')", matches: 0.5},
	{name: "And", search: "labels.environment = 'staging' and labels.shard in ('6', '7')", matches: 0.025},
	{name: "AndLarge", search: "labels.environment = 'staging' and status.conditions.Ready = 'True'", matches: 0.2},
	{name: "Or", search: "labels.environment = 'staging' or labels.shard = '7'", matches: 0.29},
	{name: "Not", search: "not (labels.environment = 'staging' or status.conditions.Ready = 'True')", matches: 0.15},
	{name: "Condition", search: "status.conditions.Ready = 'False'", matches: 0.2},
	{name: "Time", search: "created_time = '2026-01-01T00:00:30Z'", few: 10},
	{name: "MatchAll", search: "labels.environment != 'none'", matches: 1},
	{name: "MatchNone", search: "labels.environment = 'none'"},
}

func (s listScenario) filter(b *testing.B) tsl.Expr {
	b.Helper()
	if s.search == "" {
		return nil
	}
	return parse(b, s.search)
}

// in returns the name of the scenario in one fleet, in the form that test/performance
// parses.
func (s listScenario) in(x sizedIndex) string { return fmt.Sprintf("%s/%d", s.name, x.size) }

// prepare returns the search and the offset of the page. It requests the search often enough
// to make it a standing search.
func (s listScenario) prepare(b *testing.B, x sizedIndex) (search *Search, offset int) {
	b.Helper()
	search, err := x.Prepare(s.filter(b), s.order)
	if err != nil {
		b.Fatal(err)
	}
	var page Page
	for range 4 {
		if page, err = x.Page(b.Context(), search, PageRequest{Limit: pageSize}); err != nil {
			b.Fatal(err)
		}
	}
	want := cmp.Or(s.few, int(s.matches*float64(x.size)))
	if tolerance := s.matches * float64(x.size) / 5; math.Abs(float64(page.Total-want)) > tolerance {
		b.Fatalf("%d of %d rows match, want %d", page.Total, x.size, want)
	}
	if len(page.Rows) != min(want, pageSize) {
		b.Fatalf("%d rows are on a page, want %d", len(page.Rows), min(want, pageSize))
	}
	return search, max(0, int(s.page*float64(page.Total-pageSize)))
}

// heartbeat changes a time of a condition of the row that n selects.
func heartbeat(x *Index, n int) {
	row := *x.rows[n*7919%len(x.rows)]
	row.Conditions = slices.Clone(row.Conditions)
	row.Conditions[0].updated = epoch.Unix() + int64(n)
	x.Upsert(&row)
}

func BenchmarkGet(b *testing.B) {
	for _, x := range benchIndexes(b) {
		b.Run(strconv.Itoa(x.size), func(b *testing.B) {
			b.ReportAllocs()
			id := benchRow(x.size / 2).ID
			for b.Loop() {
				if _, ok := x.Get(id); !ok {
					b.Fatal("no row")
				}
			}
		})
	}
}

// BenchmarkUpsert replaces rows of a fleet. A heartbeat changes only a time of a condition, a
// report a condition's status, and an update a label, the generation and the time of the
// update.
func BenchmarkUpsert(b *testing.B) {
	ready := []unique.Handle[conditionStrings]{
		unique.Make(conditionStrings{conditionType: "Ready", status: metav1.ConditionTrue, reason: "AsExpected"}),
		unique.Make(conditionStrings{conditionType: "Ready", status: metav1.ConditionFalse, reason: "AsExpected"}),
	}
	changes := map[string]func(x *Index, row *Row, i int){
		"Heartbeat": func(x *Index, row *Row, i int) {
			row.Conditions[0].updated = epoch.Unix() + int64(i)
			x.Upsert(row)
		},
		"Report": func(x *Index, row *Row, i int) {
			row.Conditions[1].strings = ready[i%2]
			x.Upsert(row)
		},
		"Update": func(x *Index, row *Row, i int) {
			environment := LabelsOf(map[string]string{"environment": environments[i%len(environments)]})
			row.Labels[0] = environment[0] // the first of all values
			row.UpdatedTime = epoch.Add(time.Duration(i) * time.Second)
			row.Generation++
			x.Upsert(row)
		},
		"InsertAndDelete": func(x *Index, row *Row, _ int) {
			row.Key.Name, row.ID = "new", "2new"
			x.Upsert(row)
			x.Delete(row.Key)
		},
	}
	for _, size := range benchflag.Fleets() {
		x := benchIndex(b, size)
		for name, change := range changes {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					i++
					row := *x.rows[i*7919%size]
					row.Labels, row.Conditions = slices.Clone(row.Labels), slices.Clone(row.Conditions)
					change(x, &row, i)
				}
			})
		}
	}
}

// BenchmarkUpsertWhileStanding measures heartbeats while the maximum number of standing
// searches exists, with expensive tests, in the maximum number of orders.
func BenchmarkUpsertWhileStanding(b *testing.B) {
	for _, size := range benchflag.Fleets() {
		x := benchIndex(b, size)
		for n := range maxStanding {
			s := listScenario{
				search:  fmt.Sprintf("labels.shard != 'x%d' and name ~= '^cluster-.*%d$'", n, n%10),
				order:   []Order{{Field: "updated_time"}},
				matches: 0.1,
			}
			s.prepare(b, sizedIndex{x, size})
		}
		if x.standing.kept.Len() != maxStanding || x.standing.orders.Len() != maxOrders {
			b.Fatalf("%d searches stand, in %d orders", x.standing.kept.Len(), x.standing.orders.Len())
		}
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n++
				heartbeat(x, n)
			}
		})
	}
}

// BenchmarkReplace fills an empty index, as the start of the program does.
func BenchmarkReplace(b *testing.B) {
	for _, size := range benchflag.Fleets() {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				rows := benchRows(size)
				b.StartTimer()
				if err := New(Clusters).Replace(rows, "1"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/row")
		})
	}
}

// sizedIndex is an Index of a fleet with that number of clusters.
type sizedIndex struct {
	*Index
	size int
}

// benchIndexes returns an Index of each fleet. A benchmark can then run in one fleet right
// after the other, so a machine that slows down for a while affects all fleets.
func benchIndexes(b *testing.B) []sizedIndex {
	b.Helper()
	var indexes []sizedIndex
	for _, size := range benchflag.Fleets() {
		indexes = append(indexes, sizedIndex{benchIndex(b, size), size})
	}
	return indexes
}

func benchIndex(b *testing.B, size int) *Index {
	b.Helper()
	x := New(Clusters)
	if err := x.Replace(benchRows(size), "1"); err != nil {
		b.Fatal(err)
	}
	return x
}

// benchRows returns rows in random order, because the API server's order is that of names.
func benchRows(size int) []*Row {
	rows := make([]*Row, size)
	for i, n := range rand.New(rand.NewPCG(1, 2)).Perm(size) {
		rows[i] = benchRow(n)
	}
	return rows
}

var environments = []string{"dev", "staging", "production", "test"}

func benchRow(n int) *Row {
	r := rand.New(rand.NewPCG(uint64(n), 0))
	name := "cluster-" + strconv.Itoa(n)
	row := &Row{
		ID:              fmt.Sprintf("2%012x", r.Uint64()),
		Key:             types.NamespacedName{Namespace: "default", Name: name},
		ResourceVersion: strconv.Itoa(n),
		Name:            name,
		Generation:      1 + r.Int64N(5),
		CreatedBy:       "user" + strconv.Itoa(r.IntN(20)),
		UpdatedBy:       "user" + strconv.Itoa(r.IntN(20)),
		CreatedTime:     epoch.Add(time.Duration(n/10) * time.Second),
		UpdatedTime:     epoch.Add(time.Duration(n+r.IntN(10_000)) * time.Second),
		Labels: LabelsOf(map[string]string{
			"environment": environments[n%4],
			"shard":       strconv.Itoa(n / 4 % 20),
			"region":      "region-" + strconv.Itoa(r.IntN(10)),
			"owner":       name,
		}),
	}
	status := metav1.ConditionTrue
	if r.IntN(5) == 0 {
		status = metav1.ConditionFalse
	}
	var conditions []v1.ResourceCondition
	for _, conditionType := range []string{"Available", "Ready", "DnsSuccessful", "HypershiftSuccessful", "PullsecretSuccessful", "ValidatorSuccessful"} {
		conditions = append(conditions, v1.ResourceCondition{Type: conditionType, Status: status, Reason: "AsExpected"})
	}
	row.Conditions = ConditionsOf(conditions)
	return row
}
