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

package metrics

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestAdapterNames(t *testing.T) {
	n := &adapterNames{}
	n.require([]string{"dns"})
	for i := range 1000 {
		n.label(fmt.Sprintf("refused-%d", i), false)
	}
	for i := range maxOptionalNames {
		name := fmt.Sprintf("early-%d", i)
		if got := n.label(name, true); got != name {
			t.Errorf("the label of %s is %s", name, got)
		}
	}
	for name, want := range map[string]string{"dns": "dns", "early-7": "early-7", "late": OtherAdapters, "refused-1": OtherAdapters} {
		if got := n.label(name, true); got != want {
			t.Errorf("the label of %s is %s, want %s", name, got, want)
		}
	}
	// A required adapter has a value of its own, no matter which adapters had one before.
	if retired := n.require([]string{"late", "early-7"}); !slices.Equal(retired, nil) {
		t.Errorf("retired %v: early-7 has left its place to dns", retired)
	}
	if retired := n.require(nil); len(retired) != 2 {
		t.Errorf("retired %v: there is no place for late and early-7", retired)
	}
	for name, want := range map[string]string{"dns": "dns", "late": OtherAdapters, "early-7": OtherAdapters} {
		if got := n.label(name, true); got != want {
			t.Errorf("then the label of %s is %s, want %s", name, got, want)
		}
	}
}

// TestAdapterNamesAreBounded changes the required adapters while reports of all kinds of
// names arrive. The number of names with a value of their own never exceeds the bound.
func TestAdapterNamesAreBounded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	n := &adapterNames{}
	own := map[string]bool{} // names with a value of their own, as the labels say
	for range 5000 {
		name := fmt.Sprintf("a%d", random.IntN(200))
		if random.IntN(20) > 0 {
			reported := random.IntN(2) == 0
			got := n.label(name, reported)
			if got != name && got != OtherAdapters || own[name] && got != name {
				t.Fatalf("the label of %s is %s, with a value of its own before: %t", name, got, own[name])
			}
			own[name] = got == name
		} else {
			var required []string
			for range random.IntN(10) {
				required = append(required, fmt.Sprintf("a%d", random.IntN(200)))
			}
			for _, retired := range n.require(required) {
				delete(own, retired)
			}
			for _, name := range required {
				if own[name] = n.label(name, false) == name; !own[name] {
					t.Fatalf("required adapter %s has no value of its own", name)
				}
			}
		}
		held := 0
		for name, has := range own {
			if has && !n.required[name] {
				held++
			}
		}
		if held > maxOptionalNames {
			t.Fatalf("%d adapters that are not required have values of their own", held)
		}
	}
}

// TestReportsOfManyNames counts reports of invented adapters by several goroutines.
func TestReportsOfManyNames(t *testing.T) {
	AdaptersInForce(map[string][]string{"Cluster": {"required"}})
	reports.Reset()
	reportsDiscarded.Reset()
	var running sync.WaitGroup
	for worker := range 4 {
		running.Go(func() {
			for i := range 500 {
				StoredReport("Cluster", fmt.Sprintf("invented-%d", i*4+worker), ReportStored)
				DiscardedReport("Cluster", "required", DiscardStale)
			}
		})
	}
	running.Wait()
	series := testutil.CollectAndCount(reports)
	if most := maxOptionalNames + 2; series > most {
		t.Errorf("%d series, want %d at most", series, most)
	}
	if got := testutil.ToFloat64(reports.WithLabelValues("Cluster", "required", ReportDiscarded)); got != 2000 {
		t.Errorf("%v discarded reports of the required adapter, want 2000", got)
	}
	if got := testutil.ToFloat64(reports.WithLabelValues("Cluster", OtherAdapters, ReportStored)); got < 2000-maxOptionalNames {
		t.Errorf("%v stored reports of other adapters, want %d at least", got, 2000-maxOptionalNames)
	}

	// An adapter that is no longer required has no series once its value is taken away.
	AdaptersInForce(map[string][]string{"Cluster": {"successor"}})
	if got := testutil.CollectAndCount(reportsDiscarded); got != 6 {
		t.Errorf("%d series of discarded reports, want those of the successor, 6", got)
	}
}
