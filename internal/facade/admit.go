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
	"bytes"
	"context"
	"io"
	"net/http"

	"k8s.io/apiserver/pkg/endpoints/request"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
)

// waitersPerWrite is the number of requests that may wait for their write to become
// visible, for each write in flight. A waiting request costs only some memory, and many
// requests wait while no reconciler runs.
const waitersPerWrite = 10

// inFlight are the places of requests, by activity. A request holds a place of one
// activity at a time. Only the places of reads and writes limit work. Separate places
// exist for receiving a body, for sending a response, and for a write that waits to
// become visible.
type inFlight struct {
	authenticating *checks
	reading        *fairness.Shares
	sending        *fairness.Shares
	receiving      *fairness.Shares
	writing        *fairness.Shares
	waiting        *fairness.Shares
}

func newInFlight(limits Limits) inFlight {
	return inFlight{
		authenticating: newChecks(limits.MaxInFlight + limits.MaxMutatingInFlight),
		reading:        fairness.NewShares(limits.MaxInFlight),
		sending:        fairness.NewShares(limits.MaxInFlight),
		receiving:      fairness.NewShares(limits.MaxMutatingInFlight),
		writing:        fairness.NewShares(limits.MaxMutatingInFlight),
		waiting:        fairness.NewShares(waitersPerWrite * limits.MaxMutatingInFlight),
	}
}

// noPlace is the problem for a caller whose requests already hold the maximum number of
// places.
func noPlace() *problem.Error {
	return problem.TooManyRequests.Transient("The caller has too many requests in flight")
}

// admitted wraps the handlers, so that they serve requests within the Limits.
func (s *Server) admitted(handlers methods) methods {
	admitted := make(methods, len(handlers))
	for method, handle := range handlers {
		if isRead(method) {
			admitted[method] = s.admitRead(handle)
		} else {
			admitted[method] = s.admitWrite(handle)
		}
	}
	return admitted
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// admitRead serves a read while the caller has a place. It sets no deadline: the facade
// answers reads from memory, and each request to the API server has a deadline of its
// own.
func (s *Server) admitRead(handle handlerFunc) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		p := s.newPlace(r)
		defer p.leave()
		if !p.move(p.all.reading) {
			return noPlace()
		}
		return handle(w, r)
	}
}

// admitWrite receives the body, and then serves the write while the caller has a place. The
// RequestTimeout does not include the time that the client takes to send the body.
func (s *Server) admitWrite(handle handlerFunc) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		p := s.newPlace(r)
		defer p.leave()
		if r.ContentLength != 0 {
			if !p.move(p.all.receiving) {
				return noPlace()
			}
			r.Body = receive(w, r)
		}
		if !p.move(p.all.writing) {
			return noPlace()
		}
		ctx, cancel := context.WithTimeout(r.Context(), s.options.Limits.RequestTimeout)
		defer cancel()
		return handle(w, r.WithContext(ctx))
	}
}

// receive returns the body of a request once it is in memory. The handler gets an error
// of receiving only when it reads the body, because it first decides whether the caller
// is authorized.
func receive(w http.ResponseWriter, r *http.Request) io.ReadCloser {
	body, err := io.ReadAll(http.MaxBytesReader(underlying(w), r.Body, maxBodyBytes))
	received := io.Reader(bytes.NewReader(body))
	if err != nil {
		received = io.MultiReader(received, failedBody{err})
	}
	return io.NopCloser(received)
}

// failedBody stands for the rest of a body that could not be received.
type failedBody struct{ err error }

// Read implements io.Reader.
func (b failedBody) Read([]byte) (int, error) { return 0, b.err }

// A place is the place of a request, in one of the shares at a time.
type place struct {
	all    *inFlight
	caller string
	in     *fairness.Shares // nil for none
}

// newPlace returns the place of an authenticated request. The place belongs to no share
// yet. The context of the request carries it.
func (s *Server) newPlace(r *http.Request) *place {
	p := &place{all: &s.inFlight}
	if caller, ok := request.UserFrom(r.Context()); ok {
		p.caller = caller.GetName()
	}
	observationOf(r.Context()).place = p
	return p
}

// move takes a place in other shares and gives up the present place. It reports whether
// the other shares had a place; if not, the request keeps its present place.
func (p *place) move(to *fairness.Shares) bool {
	if !to.Take(p.caller) {
		return false
	}
	p.leave()
	p.in = to
	return true
}

// leave gives up the place, if the request has one.
func (p *place) leave() {
	if p.in != nil {
		p.in.Leave(p.caller)
		p.in = nil
	}
}

// mayWait moves a request that has written to the waiting requests, and reports whether
// there is a place for it.
func mayWait(ctx context.Context) bool {
	p := observationOf(ctx).place
	return p.move(p.all.waiting)
}

// maySend moves a request that has read to the requests that send their response, and
// reports whether there is a place for it. If not, maySend answers the request.
func (s *Server) maySend(w http.ResponseWriter, r *http.Request) bool {
	p := observationOf(r.Context()).place
	if p.move(p.all.sending) {
		return true
	}
	s.answerError(w, r, noPlace())
	return false
}
