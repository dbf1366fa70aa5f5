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
	"cmp"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/problem"
)

const (
	// maxURIBytes is the maximum length of a request's path and query. All parameters fit
	// at their maximum lengths with each byte escaped.
	maxURIBytes = 20 << 10
	// maxHeaderBytes is the maximum length of the request line and headers together.
	maxHeaderBytes = 64 << 10
)

// Limits bound the time and memory of requests. A limit of 0 has the default of its flag.
type Limits struct {
	// MaxInFlight is the maximum number of reads in service, and of responses to reads
	// that are being sent. Callers share both.
	MaxInFlight int
	// MaxMutatingInFlight is the maximum number of writes in service, and of bodies that
	// are being received. Callers share both.
	MaxMutatingInFlight int
	// MaxConnections is the maximum number of open connections. Networks of clients share
	// it.
	MaxConnections int
	// RequestTimeout is the maximum time to serve a write after its body was received,
	// including its API server calls.
	RequestTimeout time.Duration
	// ReadHeaderTimeout and ReadTimeout are the maximum times to receive the headers and
	// the whole request.
	ReadHeaderTimeout, ReadTimeout time.Duration
	// WriteStallTimeout is the maximum time for a client to receive each piece of a
	// response.
	WriteStallTimeout time.Duration
	// IdleTimeout is the maximum time to keep a connection without a request.
	IdleTimeout time.Duration
}

// withDefaults returns the Limits with defaults in place of zeros.
func (l Limits) withDefaults() Limits {
	var defaults Limits
	defaults.BindFlags(flag.NewFlagSet("", flag.ContinueOnError))
	return Limits{
		MaxInFlight:         cmp.Or(l.MaxInFlight, defaults.MaxInFlight),
		MaxMutatingInFlight: cmp.Or(l.MaxMutatingInFlight, defaults.MaxMutatingInFlight),
		MaxConnections:      cmp.Or(l.MaxConnections, defaults.MaxConnections),
		RequestTimeout:      cmp.Or(l.RequestTimeout, defaults.RequestTimeout),
		ReadHeaderTimeout:   cmp.Or(l.ReadHeaderTimeout, defaults.ReadHeaderTimeout),
		ReadTimeout:         cmp.Or(l.ReadTimeout, defaults.ReadTimeout),
		WriteStallTimeout:   cmp.Or(l.WriteStallTimeout, defaults.WriteStallTimeout),
		IdleTimeout:         cmp.Or(l.IdleTimeout, defaults.IdleTimeout),
	}
}

// check fails if a limit is negative.
func (l Limits) check() error {
	if l.MaxInFlight < 0 || l.MaxMutatingInFlight < 0 || l.MaxConnections < 0 {
		return errors.New("the maximum numbers of requests in flight and of connections must not be negative")
	}
	for _, d := range []time.Duration{l.RequestTimeout, l.ReadHeaderTimeout, l.ReadTimeout, l.WriteStallTimeout, l.IdleTimeout} {
		if d < 0 {
			return fmt.Errorf("request timeouts must not be negative, got %s", d)
		}
	}
	return nil
}

// BindFlags adds the flags of the Limits.
func (l *Limits) BindFlags(flags *flag.FlagSet) {
	flags.IntVar(&l.MaxInFlight, "max-requests-inflight", 400, "Maximum number of concurrent REST reads. One caller gets at most half of the places that other callers leave free; the answer to further reads is 429.")
	flags.IntVar(&l.MaxMutatingInFlight, "max-mutating-requests-inflight", 200, "Maximum number of concurrent REST writes. One caller gets at most half of the places that other callers leave free; the answer to further writes is 429.")
	flags.IntVar(&l.MaxConnections, "max-connections", 10000, "Maximum number of open REST connections. One client address (for IPv6, one /64 network) gets at most half of the connections that other clients leave free; the server closes further connections.")
	flags.DurationVar(&l.RequestTimeout, "request-timeout", 30*time.Second, "Maximum time to serve a REST request, including its API server calls.")
	flags.DurationVar(&l.ReadHeaderTimeout, "read-header-timeout", 10*time.Second, "Maximum time to receive the headers of a REST request.")
	flags.DurationVar(&l.ReadTimeout, "read-timeout", 30*time.Second, "Maximum time to receive a REST request.")
	flags.DurationVar(&l.WriteStallTimeout, "write-stall-timeout", 30*time.Second, "Maximum time for a client to receive 128 KiB of a response.")
	flags.DurationVar(&l.IdleTimeout, "idle-timeout", 2*time.Minute, "Maximum time to keep an idle REST connection open.")
}

// limit refuses requests whose path and query are too long, and closes connections while
// the Server drains.
func (s *Server) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		if len(r.RequestURI) > maxURIBytes {
			s.answerError(w, r, problem.URITooLong.Because("The path and query are longer than %d bytes", maxURIBytes))
			return
		}
		next.ServeHTTP(w, r)
	})
}
