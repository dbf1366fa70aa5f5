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

import "sync"

// OtherAdapters is the value of the label adapter for every adapter that has no value of
// its own.
const OtherAdapters = "other"

// maxOptionalNames bounds the adapters that are not required and have a label value of
// their own. The configuration bounds the required adapters.
const maxOptionalNames = 50

// adapterNames decides which adapters have a label value of their own: all required
// adapters, and the first maxOptionalNames others. Adapters choose their own names, so
// the number of names is unbounded.
type adapterNames struct {
	mu       sync.RWMutex
	required map[string]bool
	optional map[string]bool // at most maxOptionalNames
}

// require sets the required adapters. It returns the adapters that had a value of their
// own until now, and have none from now on.
func (n *adapterNames) require(names []string) (retired []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	before := n.required
	n.required = map[string]bool{}
	for _, name := range names {
		n.required[name] = true
		delete(n.optional, name)
	}
	for name := range before {
		if !n.required[name] && !n.admit(name) {
			retired = append(retired, name)
		}
	}
	return retired
}

// label returns the label value of an adapter. An adapter that has reported gets a value
// of its own if one is left.
func (n *adapterNames) label(adapter string, reported bool) string {
	n.mu.RLock()
	known := n.required[adapter] || n.optional[adapter]
	n.mu.RUnlock()
	if known {
		return adapter
	}
	if reported {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.required[adapter] || n.admit(adapter) {
			return adapter
		}
	}
	return OtherAdapters
}

// admit gives an adapter that is not required a value of its own if one is left. It
// reports whether the adapter has one. n.mu must be held.
func (n *adapterNames) admit(adapter string) bool {
	if !n.optional[adapter] && len(n.optional) >= maxOptionalNames {
		return false
	}
	if n.optional == nil {
		n.optional = map[string]bool{}
	}
	n.optional[adapter] = true
	return true
}
