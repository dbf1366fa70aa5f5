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

package facade

import (
	"strings"
	"sync"

	"k8s.io/utils/lru"
)

// Limits of the cache of checked query strings. The cache refuses an entry larger than
// maxQuerySize bytes, because it would evict many others.
const (
	maxQueries    = 4096
	maxQueryBytes = 32 << 20
	maxQuerySize  = 1 << 20
)

// queryCache is an LRU cache of checked query strings. It is safe for concurrent use.
type queryCache struct {
	kept *lru.Cache // *listQuery by queryKey

	mu    sync.Mutex // serializes add
	bytes int        // size of all entries
}

type queryKey struct {
	path     string // of the route
	rawQuery string
}

func newQueryCache() *queryCache {
	c := &queryCache{}
	c.kept = lru.NewWithEvictionFunc(maxQueries, func(key lru.Key, value any) {
		c.bytes -= size(key.(queryKey), value.(*listQuery))
	})
	return c
}

func (c *queryCache) get(key queryKey) (*listQuery, bool) {
	q, ok := c.kept.Get(key)
	if !ok {
		return nil, false
	}
	return q.(*listQuery), true
}

func (c *queryCache) add(key queryKey, q *listQuery) {
	key.rawQuery = strings.Clone(key.rawQuery) // else the cache would keep the whole request line
	added := size(key, q)
	if added > maxQuerySize {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.kept.Get(key); ok { // added by a concurrent request
		return
	}
	c.bytes += added
	c.kept.Add(key, q)
	for c.bytes > maxQueryBytes {
		c.kept.RemoveOldest()
	}
}

// size returns the approximate size of an entry in bytes.
func size(key queryKey, q *listQuery) int {
	const entry = 512
	return entry + len(key.rawQuery) + len(q.text) + q.search.Size()
}
