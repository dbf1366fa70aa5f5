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
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestShareKeepsRows shares memory between random states of objects. No value of a row
// changes, and successive rows share one copy of equal values, even after a garbage
// collection, which forgets interned strings.
func TestShareKeepsRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	options := cmp.Options{
		cmp.AllowUnexported(Row{}),
		cmp.Comparer(slices.Equal[Labels]),
		cmp.Comparer(slices.Equal[Conditions]),
	}
	for n := range 1000 {
		predecessor, row := fresh(randomRow(r, n%50)), fresh(randomRow(r, n%50))
		predecessor.share(nil)
		if n%100 == 0 {
			runtime.GC()
		}
		want := *row
		row.share(predecessor)
		if diff := cmp.Diff(&want, row, options); diff != "" {
			t.Fatalf("A row has changed (-want +got):\n%s", diff)
		}
		for what, pair := range map[string][2]string{
			"names": {row.Name, predecessor.Name}, "owners": {row.OwnerID, predecessor.OwnerID},
			"creators": {row.CreatedBy, predecessor.CreatedBy}, "updaters": {row.UpdatedBy, predecessor.UpdatedBy},
			"object names": {row.Key.Name, predecessor.Key.Name}, "namespaces": {row.Key.Namespace, predecessor.Key.Namespace},
		} {
			if pair[0] == pair[1] && !same(pair[0], pair[1]) {
				t.Fatalf("Successive rows have two copies of equal %s", what)
			}
		}
		if slices.Equal(row.Labels, predecessor.Labels) && len(row.Labels) > 0 && &row.Labels[0] != &predecessor.Labels[0] ||
			slices.Equal(row.Conditions, predecessor.Conditions) && len(row.Conditions) > 0 && &row.Conditions[0] != &predecessor.Conditions[0] {
			t.Fatal("Successive rows have two copies of equal labels or conditions")
		}
	}
}

// TestShareAmongObjects checks that rows of different objects share the names of users and
// namespaces.
func TestShareAmongObjects(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection forgets interned strings
	r := rand.New(rand.NewPCG(1, 4))
	copies := map[string]*byte{}
	for n := range 200 {
		row := fresh(randomRow(r, n))
		row.share(nil)
		for _, s := range []string{row.CreatedBy, row.UpdatedBy, row.Key.Namespace} {
			if first, ok := copies[s]; ok && s != "" && first != unsafe.StringData(s) {
				t.Fatalf("Two rows have copies of %q", s)
			}
			copies[s] = unsafe.StringData(s)
		}
	}
}

// fresh returns the row with strings of its own, as a decoder makes them.
func fresh(row *Row) *Row {
	for _, s := range []*string{&row.Name, &row.OwnerID, &row.CreatedBy, &row.UpdatedBy, &row.Key.Namespace, &row.Key.Name} {
		*s = strings.Clone(*s)
	}
	return row
}

func same(a, b string) bool {
	return unsafe.StringData(a) == unsafe.StringData(b) || a == "" && b == ""
}

func TestUID(t *testing.T) {
	const uid = types.UID("0d7a7a5c-5c3e-4b43-9b86-1d2a2f8e0c11")
	tests := map[string]struct {
		row  Row
		want types.UID
	}{
		"A cluster's":       {Row{ID: v1.ID(uid)}, uid},
		"None":              {Row{}, ""},
		"Not made of a UID": {Row{ID: "2cluster-1"}, ""},
	}
	for name, tt := range tests {
		if got := tt.row.UID(); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
