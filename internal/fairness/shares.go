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

package fairness

import "sync"

// Shares is a number of places that callers share. A caller gets another place while it
// holds fewer places than are free. So a single caller gets half of the places, two
// callers get a third each, and n callers leave about one n-th of the places to the next
// caller. No caller can shut out another caller, no matter how many places it holds and
// for how long.
//
// The fair queues of Kubernetes' API Priority and Fairness would help less here. They
// distribute places that requests give back, and cannot help a caller if other requests
// never give their places back: a body that never ends, or a response that the client
// does not receive. Queueing a read that takes microseconds would also cost more than
// serving it. Package fleet does queue work that is long and can be interrupted: its
// scans take turns.
type Shares struct {
	mu   sync.Mutex
	free int
	held map[string]int
}

// NewShares returns that many free places.
func NewShares(places int) *Shares {
	return &Shares{free: places, held: map[string]int{}}
}

// Take takes a place for the caller and reports whether there was one.
func (s *Shares) Take(caller string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.held[caller]
	if held >= s.free {
		return false
	}
	s.free--
	s.held[caller] = held + 1
	return true
}

// Leave returns a place of the caller.
func (s *Shares) Leave(caller string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	if s.held[caller]--; s.held[caller] == 0 {
		delete(s.held, caller)
	}
}
