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
	"strings"
	"testing"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/benchflag"
)

// BenchmarkLeaf measures the first page of a search of each kind of comparison: as a first
// request, and as a repeated one. The rows have a spec of 1.5 KB.
func BenchmarkLeaf(b *testing.B) {
	for _, size := range benchflag.Fleets() {
		x := New(Clusters)
		rows := benchRows(size)
		for _, row := range rows {
			addSpec(row)
		}
		if err := x.Replace(rows, "1"); err != nil {
			b.Fatal(err)
		}
		created := func(part float64) string { // the time at which that part of the fleet existed
			return epoch.Add(time.Duration(part*float64(size/10)) * time.Second).Format(time.RFC3339)
		}
		for _, s := range []struct{ name, search string }{
			{"LabelEqual", "labels.environment = 'staging'"},
			{"LabelIsNull", "labels.environment is null"},
			{"GenerationBetween", "generation between 2 and 3"},
			{"TimeTwentieth", "created_time < " + created(0.05)},
			{"TimeHalf", "created_time > " + created(0.5)},
			{"TimeHalfOfTwentieth", "created_time > " + created(0.5) + " and labels.shard = '7'"},
			{"NamePrefix", "name like 'cluster-5%'"},
			{"LabelLikeFewValues", "labels.region like '%-3'"},
			{"LabelLikeManyValues", "labels.owner like '%-7%'"},
			{"NameMatch", "name ~= '^cluster-.*7$'"},
			{"NameILike", "name ilike '%ER-7%'"},
			{"NameMatchOfTwentieth", "name ~= '^cluster-.*[89]$' and labels.shard = '7'"},
			{"ConditionReason", "status.conditions.Ready.reason = 'Odd'"},
			{"ConditionReasonMatch", "status.conditions.Ready.reason ~= 'A.*d$'"},
			{"SpecEqual", "spec.region = 'region-3'"},
			{"SpecNumber", "spec.network.size > 50"},
			{"SpecAbsent", "spec.none = 'x'"},
			{"SpecMatch", "spec.region ~= '[37]$'"},
			{"SpecOfTwentieth", "spec.network.size > 50 and labels.shard = '7'"},
		} {
			search, err := x.Prepare(parse(b, s.search), nil)
			if err != nil {
				b.Fatal(err)
			}
			for kind, page := range map[string]func(context.Context, *Search, PageRequest) (Page, error){
				"FirstTime": x.evaluate,
				"Again":     x.Page,
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", s.name, kind, size), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						page, err := page(b.Context(), search, PageRequest{Limit: pageSize})
						if err != nil {
							b.Fatal(err)
						}
						b.ReportMetric(float64(page.Total), "matches")
					}
				})
			}
		}
	}
}

func addSpec(row *Row) {
	var padding strings.Builder
	for n := range 20 {
		fmt.Fprintf(&padding, `"setting%d":{"enabled":true,"value":"%s \"x\"","limits":[1,2,3]},`, n, row.Name)
	}
	region, _ := row.Labels.Get("region")
	row.JSON = fmt.Appendf(nil, `{"kind":"Cluster","id":%q,"name":%q,"spec":{%s"region":%q,"network":{"cidr":"10.0.0.0/8","size":%d}},"labels":{}}`,
		row.ID, row.Name, padding.String(), region, row.Generation*20)
}
