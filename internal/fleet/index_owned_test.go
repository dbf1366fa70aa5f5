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
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

// TestOwnedBy looks up owners of few rows and of many, while rows are added, change their
// owner and are deleted.
func TestOwnedBy(t *testing.T) {
	x := New(AdapterStatuses)
	owners := map[string]string{}
	put := func(id, owner string) {
		owners[id] = owner
		x.Upsert(&Row{ID: id, Key: types.NamespacedName{Name: id}, OwnerID: owner, CreatedTime: epoch})
	}
	drop := func(id string) {
		delete(owners, id)
		x.Delete(types.NamespacedName{Name: id})
	}
	check := func(what string, of ...string) {
		t.Helper()
		var want, got []string
		for id, owner := range owners {
			if slices.Contains(of, owner) {
				want = append(want, id)
			}
		}
		for _, row := range x.OwnedBy(of...) {
			got = append(got, row.ID)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: OwnedBy(%v) is %v, want %v", what, of, got, want)
		}
	}
	check("empty", "a")
	for i := range 30 {
		put(fmt.Sprintf("a%02d", i), "a")
	}
	put("b1", "b")
	put("none", "")
	check("filled", "a")
	check("filled", "b")
	check("filled", "a", "b", "unknown")
	check("filled")
	put("a03", "b")
	check("moved", "a")
	check("moved", "b")
	for i := range 28 {
		drop(fmt.Sprintf("a%02d", i))
	}
	check("deleted", "a")
	check("deleted", "a", "b")
}
