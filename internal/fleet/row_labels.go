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
	"iter"
	"slices"
	"unique"
)

// Labels are the labels of a row, sorted by key. Rows share equal labels, because most
// labels occur in many rows.
type Labels []unique.Handle[label]

type label struct{ key, value string }

// LabelsOf converts labels to the form that rows hold.
func LabelsOf(all map[string]string) Labels {
	if len(all) == 0 {
		return nil
	}
	held := make(Labels, 0, len(all))
	for key, value := range all {
		held = append(held, unique.Make(label{key, value}))
	}
	slices.SortFunc(held, func(a, b unique.Handle[label]) int { return cmp.Compare(a.Value().key, b.Value().key) })
	return held
}

// All returns the keys and values, sorted by key.
func (l Labels) All() iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for _, held := range l {
			if pair := held.Value(); !yield(pair.key, pair.value) {
				return
			}
		}
	}
}

// Get returns the value of the label with that key, false if there is none.
func (l Labels) Get(key string) (value string, ok bool) {
	for _, held := range l {
		if pair := held.Value(); pair.key == key {
			return pair.value, true
		}
	}
	return "", false
}
