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

// pacedWriter writes a response in pieces and extends the deadline with each piece, so a
// large response may take longer. It disconnects a client that stops receiving, so that
// the client holds no memory and no place.
type pacedWriter struct {
	http.ResponseWriter
	stall time.Duration
	// begun is true once the first piece is written. The first piece has the deadline of the
	// http.Server, so a response of one piece sets no deadline.
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
