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

package adapter

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// maxSkew is how far a clock may be ahead. HyperFleet considers reports that are further
// ahead of the API server's clock implausible, and deletes them.
const maxSkew = 5 * time.Minute

// skew compares the clock of this process with the dates of the API server's answers,
// which are in whole seconds.
type skew struct {
	adapter string
	clock   clock.PassiveClock

	mu    sync.Mutex
	dated bool          // whether there has been an answer
	ahead time.Duration // negative if this clock is behind
}

func newSkew(adapter string, c clock.PassiveClock) *skew { return &skew{adapter: adapter, clock: c} }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// observe wraps a transport.
func (s *skew) observe(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		before := s.clock.Now()
		response, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
			s.record(before, date)
		}
		return response, nil
	})
}

// record compares the date of an answer with the time of this clock when the request was
// sent. A slow answer makes this clock seem behind, never ahead.
func (s *skew) record(sent, date time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dated, s.ahead = true, sent.Sub(date)
	clockAhead.WithLabelValues(s.adapter).Set(s.ahead.Seconds())
}

func (s *skew) seen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dated
}

// check returns an error if this clock is more than maxSkew ahead.
func (s *skew) check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ahead <= maxSkew {
		return nil
	}
	return fmt.Errorf("this clock is %s ahead of the API server's: HyperFleet would delete the report", s.ahead.Round(time.Second))
}
