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
	"errors"
	"net/http"
	"time"
)

// paceBytes is the size of a piece of a response that the client must receive
// within the WriteStallTimeout.
const paceBytes = bodyBuffer

// pacedWriter writes a response so that it may take as long as it is large: the
// deadline moves on with each piece. A client that stops receiving is cut off, and
// holds neither memory nor a place among the requests under way.
type pacedWriter struct {
	http.ResponseWriter
	stall time.Duration
	// begun tells that the first piece is written. Its deadline is the server's, so
	// that a response of one piece costs nothing here.
	begun bool
}

func (s *Server) paced(w http.ResponseWriter) *pacedWriter {
	return &pacedWriter{ResponseWriter: w, stall: s.options.Limits.WriteStallTimeout}
}

func (p *pacedWriter) Write(data []byte) (int, error) {
	written := 0
	for {
		piece := data[written:min(len(data), written+paceBytes)]
		if p.begun {
			err := http.NewResponseController(p.ResponseWriter).SetWriteDeadline(time.Now().Add(p.stall))
			if err != nil && !errors.Is(err, http.ErrNotSupported) {
				return written, err
			}
		}
		p.begun = true
		n, err := p.ResponseWriter.Write(piece)
		written += n
		if err != nil || written == len(data) {
			return written, err
		}
	}
}
