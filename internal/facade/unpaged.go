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
	"net/http"
	"sync"

	"github.com/go-logr/logr"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// Limits of the memory of unpagedClients. Clients choose their names freely.
const (
	maxUnpagedClients  = 1000
	maxUserAgentLength = 200
)

// unpagedClients logs clients that do not seem to page. Nothing else shows that such a
// client misses the rest of a list.
type unpagedClients struct {
	mu   sync.Mutex
	seen map[string]bool
}

// report logs, once for each user agent, that a client got a part of a list without
// asking for a page.
func (u *unpagedClients) report(log logr.Logger, r *http.Request, page fleet.Page) {
	agent := r.UserAgent()
	if len(agent) > maxUserAgentLength {
		agent = agent[:maxUserAgentLength]
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen[agent] || len(u.seen) >= maxUnpagedClients {
		return
	}
	if u.seen == nil {
		u.seen = map[string]bool{}
	}
	u.seen[agent] = true
	log.Info("A client that does not page got an incomplete list; raise --page-size if it needs all items", "userAgent", agent, "path", r.URL.Path,
		"items", len(page.Rows), "total", page.Total)
}
