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
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

func TestQueryCacheIsBounded(t *testing.T) {
	index := fleet.New(fleet.Clusters)
	query := func(search string) *listQuery {
		filter, err := parseSearch(search)
		if err != nil {
			t.Fatal(err)
		}
		prepared, err := index.Prepare(filter, nil)
		if err != nil {
			t.Fatal(err)
		}
		return &listQuery{search: prepared, text: search}
	}
	tests := map[string]struct {
		search  string // of each
		queries int
		want    int // maximum number of kept queries
	}{
		"Few":              {search: "name = 'a'", queries: 10, want: 10},
		"Many":             {search: "name = 'a'", queries: maxQueries + 100, want: maxQueries},
		"Large":            {search: "name = '" + strings.Repeat("a", 4000) + "'", queries: maxQueries, want: maxQueryBytes / 4000},
		"Many patterns":    {search: "name = 'a'" + strings.Repeat(" or name ~= 'a'", 20), queries: 200, want: maxQueryBytes / (20 * 32 << 10)},
		"Too many of them": {search: "name = 'a'" + strings.Repeat(" or name ~= 'a'", 100), queries: 5, want: 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newQueryCache()
			q := query(tt.search)
			for n := range tt.queries {
				key := queryKey{rest.ClustersPath, fmt.Sprint(n)}
				c.add(key, q)
				c.add(key, q) // as a concurrent request would
				if _, ok := c.get(key); ok != (tt.want > 0) {
					t.Fatalf("Query %d is kept: %t, want %t", n, ok, tt.want > 0)
				}
			}
			if n := c.kept.Len(); n > tt.want || n < min(tt.want, tt.queries)/4 || c.bytes > maxQueryBytes {
				t.Errorf("%d queries are kept, of %d bytes; want at most %d of %d", n, c.bytes, tt.want, maxQueryBytes)
			}
			for c.kept.Len() > 0 {
				c.kept.RemoveOldest()
			}
			if c.bytes != 0 {
				t.Errorf("%d bytes are kept of nothing", c.bytes)
			}
		})
	}
}

// TestQueriesOfLists requests different lists with one query string, which has a
// different meaning for each list.
func TestQueriesOfLists(t *testing.T) {
	handler := newReads(t, 10).handler
	search := "?" + url.Values{"search": {"owner_id = 'x'"}}.Encode()
	for range 2 {
		for path, want := range map[string]int{rest.NodePoolsPath: http.StatusOK, rest.ClustersPath: http.StatusBadRequest} {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path+search, http.NoBody))
			if w.Code != want {
				t.Errorf("GET %s%s: got status %d, want %d", path, search, w.Code, want)
			}
		}
	}
}

// TestListStops has an HTTP/2 client cancel its request before the search has tested all
// objects.
func TestListStops(t *testing.T) {
	handler := newReads(t, 100).handler
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	search := "?" + url.Values{"search": {"spec.none is null"}}.Encode()
	for range 3 {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, rest.ClustersPath+search, http.NoBody)
		r.ProtoMajor = 2
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusGatewayTimeout {
			t.Errorf("Got status %d, want %d: nobody waits for an answer", w.Code, http.StatusGatewayTimeout)
		}
	}
}
