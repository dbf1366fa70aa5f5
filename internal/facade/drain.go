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
	"time"
)

// drainTimeout is added to the RequestTimeout to get the maximum time that the Server waits
// for its last requests.
const drainTimeout = 5 * time.Second

// Drain makes the Server unready. It serves for the DrainDelay, in which load balancers stop
// sending requests, and returns once the requests in flight have finished. Requests wait for
// the feeds of the indexes and for the reconcilers, so both must run until Drain returns. A
// second call waits for the first.
func (s *Server) Drain(ctx context.Context) error {
	s.draining.Store(true)
	s.log.Info("Draining: not ready from now on", "delay", s.options.DrainDelay.String())
	select {
	case <-ctx.Done():
	case <-time.After(s.options.DrainDelay):
	}
	return s.shutdown()
}

// finish stops listening and waits for the requests in flight.
func (s *Server) finish() error {
	s.draining.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), s.options.Limits.RequestTimeout+drainTimeout)
	defer cancel()
	return s.httpServer.Shutdown(ctx)
}
