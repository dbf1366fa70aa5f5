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

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
)

// checks bounds the authentications in flight by the networks of clients. Requests from
// one network with the same credentials share one place, because they share one
// TokenReview. So a caller with valid credentials takes at most one place from other
// clients behind the same proxy.
type checks struct {
	mu     sync.Mutex
	places *fairness.Shares
	held   map[check]int
}

// A check is the authentication of the same credentials from one network.
type check struct{ network, authorization string }

func newChecks(places int) *checks {
	return &checks{places: fairness.NewShares(places), held: map[check]int{}}
}

// checkOf returns the check that a request needs.
func checkOf(r *http.Request) check {
	return check{networkOf(r.RemoteAddr), r.Header.Get("Authorization")}
}

// begin reports whether there is a place for the check.
func (c *checks) begin(of check) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[of] == 0 && !c.places.Take(of.network) {
		return false
	}
	c.held[of]++
	return true
}

// end ends the check of one request.
func (c *checks) end(of check) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[of]--; c.held[of] == 0 {
		delete(c.held, of)
		c.places.Leave(of.network)
	}
}
