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
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"slices"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
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

// writeBody calls write with the writer for a body of that length.
func (s *Server) writeBody(w http.ResponseWriter, r *http.Request, length int, gzipped bool, write func(io.Writer)) {
	to := s.paced(w)
	if !gzipped {
		buffer := newBuffer(to)
		defer endBuffer(buffer)
		write(buffer)
		return
	}
	z := gzipWriters.Get().(*gzip.Writer)
	defer func() {
		z.Reset(nil)
		gzipWriters.Put(z)
	}()
	if length > bodyBuffer {
		s.writeInTurns(r.Context(), z, to, write)
		return
	}
	buffer := newBuffer(to)
	defer endBuffer(buffer)
	z.Reset(buffer)
	write(z)
	_ = z.Close() // the client may have gone, here and below
}

func newBuffer(to io.Writer) *bufio.Writer {
	buffer := bodyWriters.Get().(*bufio.Writer)
	buffer.Reset(to)
	return buffer
}

func endBuffer(buffer *bufio.Writer) {
	_ = buffer.Flush()
	buffer.Reset(nil)
	bodyWriters.Put(buffer)
}

// compressedPiece is the number of bytes of a large body that are compressed in one turn.
const compressedPiece = 64 << 10

// writeInTurns compresses a large body. Compression takes milliseconds of CPU time for
// each MiB, so each piece takes a turn.
func (s *Server) writeInTurns(ctx context.Context, z *gzip.Writer, to io.Writer, write func(io.Writer)) {
	// Not cancelled, because a part of a body would look like a complete body.
	compressed := &turnWriter{ctx: context.WithoutCancel(ctx), turns: s.replica.Turns, z: z, to: to}
	z.Reset(&compressed.piece)
	pieces := newBuffer(compressed)
	write(pieces)
	endBuffer(pieces)
	_ = z.Close()
	_, _ = compressed.piece.WriteTo(to)
}

// turnWriter compresses in turns. It holds no turn while the client receives.
type turnWriter struct {
	ctx   context.Context // of the caller
	turns *fairness.Turns
	z     *gzip.Writer // writes to piece
	piece bytes.Buffer
	to    io.Writer
}

// Write implements io.Writer. It waits for its turns without a limit: the response has begun, so
// it is too late for an error. Callers get turns in rotation, so no wait is long.
func (t *turnWriter) Write(data []byte) (int, error) {
	written := 0
	for part := range slices.Chunk(data, compressedPiece) {
		taken, err := t.turns.Take(t.ctx, math.MaxInt64)
		if err != nil {
			return written, err
		}
		_, err = t.z.Write(part)
		taken.Done()
		if err != nil {
			return written, err
		}
		if _, err := t.piece.WriteTo(t.to); err != nil {
			return written, err
		}
		written += len(part)
	}
	return written, nil
}
