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
	"sync"

	"k8s.io/utils/lru"
)

const (
	// maxStanding is the maximum number of standing searches. Each takes one bit for each
	// row of the fleet.
	maxStanding = 128
	// maxOnce is the number of remembered searches that were requested once.
	maxOnce = 4096
	// maxOrders is the maximum number of standingOrders of all searches together. Each takes
	// about 16 bytes for each row of its search.
	maxOrders = 16
	// maxStandingSize is the maximum memory of the Search of a standing search, in bytes.
	maxStandingSize = 256 << 10
)

// standingSearches are the standing searches of an Index, and the hashes of the latest
// requests.
type standingSearches struct {
	adding *sync.Mutex // serializes additions to kept
	kept   *lru.Cache  // *standing by key
	once   *lru.Cache  // of hashes
	orders *lru.Cache  // of *standingOrder
}

func newStandingSearches() standingSearches {
	return standingSearches{
		adding: &sync.Mutex{},
		kept:   lru.New(maxStanding),
		once:   lru.New(maxOnce),
		orders: lru.NewWithEvictionFunc(maxOrders, func(key lru.Key, _ any) { key.(*standingOrder).rows.Store(nil) }),
	}
}

// get returns the standing search of a repeated search. It is nil for the first request,
// and for a search that needs no standing search.
func (a *standingSearches) get(s *Search) *standing {
	if s.size > maxStandingSize || s.node == nil && s.single {
		return nil
	}
	if kept, ok := a.kept.Get(s.key); ok {
		return kept.(*standing)
	}
	if !a.repeated(s.hash) {
		return nil
	}
	a.adding.Lock()
	defer a.adding.Unlock()
	if kept, ok := a.kept.Get(s.key); ok {
		return kept.(*standing)
	}
	kept := &standing{search: s, working: make(chan struct{}, 1)}
	a.kept.Add(s.key, kept)
	return kept
}

// repeated reports whether the hash was requested before. It remembers the hash.
func (a *standingSearches) repeated(hash lru.Key) bool {
	_, repeated := a.once.Get(hash)
	if !repeated {
		a.once.Add(hash, nil)
	}
	return repeated
}

// touch marks an order, which may be nil, as recently used.
func (a *standingSearches) touch(o *standingOrder) {
	if o != nil {
		a.orders.Get(o)
	}
}
