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
	"bufio"
	"io"
	"net/http"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// gzhttp of the same library does not replace this file: it compresses after the handler
// has decided on 304, so the handler could not compare If-None-Match with the entity tag of
// the compressed content. It also never compresses the answer to HEAD, whose entity tag and
// Vary would then differ from those of GET.

const (
	// gzipFrom is the minimum length of content to compress, in bytes. Shorter content
	// fits into one packet as it is.
	gzipFrom = 1400
	// gzipLevel is the fastest level. A higher level takes many times longer to save a
	// few per cent.
	gzipLevel = gzip.BestSpeed
)

// gzipWriters and bodyWriters are reused. A gzip.Writer takes hundreds of KiB.
var (
	gzipWriters = sync.Pool{New: func() any {
		z, err := gzip.NewWriterLevel(nil, gzipLevel)
		if err != nil { // the level is a constant
			panic(err)
		}
		return z
	}}
	bodyWriters = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, bodyBuffer) }}
)

// bodyBuffer is the size of the buffer of a response, in bytes. A usual page fits into it and
// is sent in one piece.
const bodyBuffer = 128 << 10

// writeBody calls write with where to write a body to.
func (s *Server) writeBody(w http.ResponseWriter, gzipped bool, write func(io.Writer)) {
	buffer := bodyWriters.Get().(*bufio.Writer)
	buffer.Reset(s.paced(w))
	if gzipped {
		z := gzipWriters.Get().(*gzip.Writer)
		z.Reset(buffer)
		write(z)
		_ = z.Close() // the client may have gone, here and below
		z.Reset(nil)
		gzipWriters.Put(z)
	} else {
		write(buffer)
	}
	_ = buffer.Flush()
	buffer.Reset(nil)
	bodyWriters.Put(buffer)
}
