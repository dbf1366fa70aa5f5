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
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// The values of headers that are the same in every response. net/http does not
// change them.
var (
	jsonType   = []string{"application/json"}
	revalidate = []string{"no-cache"} // caches may keep the response, but must revalidate it before use
	byEncoding = []string{"Accept-Encoding"}
	gzipCoding = []string{"gzip"}
)

// writeRow answers with a resource.
func (s *Server) writeRow(w http.ResponseWriter, r *http.Request, row *fleet.Row) {
	if !s.maySend(w, r) {
		return
	}
	w.Header()[resourceTagHeader] = []string{resourceTag(row.Generation, row.Labels)}
	gzipped, unchanged := begin(w, r, len(row.JSON), row.Digest)
	switch {
	case unchanged || r.Method == http.MethodHead:
	case gzipped:
		s.writeBody(w, r, len(row.JSON), gzipped, func(to io.Writer) { _, _ = to.Write(row.JSON) })
	default:
		_, _ = s.paced(w).Write(row.JSON) // the client may have gone
	}
}

// writeList answers with a list, which it assembles from its rows' JSON.
func (s *Server) writeList(w http.ResponseWriter, r *http.Request, of listHead, result fleet.Page) {
	if !s.maySend(w, r) {
		return
	}
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	head := of.append((*scratch)[:0], result)
	length := len(head) + len(listEnd) + max(0, len(result.Rows)-1)
	identity := head
	for _, row := range result.Rows {
		length += len(row.JSON)
		identity = append(identity, row.Digest[:]...)
	}
	*scratch, head = identity, identity[:len(head)]

	gzipped, unchanged := begin(w, r, length, rest.DigestOf(identity))
	if unchanged || r.Method == http.MethodHead {
		return
	}
	s.writeBody(w, r, length, gzipped, func(to io.Writer) {
		_, _ = to.Write(head) // the client may have gone, here and below
		for i, row := range result.Rows {
			if i > 0 {
				_, _ = to.Write(listComma)
			}
			_, _ = to.Write(row.JSON)
		}
		_, _ = to.Write(listEnd)
	})
}

// scratches contains buffers for the bytes that identify a list while it is written.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

var (
	listComma = []byte(",")
	listEnd   = []byte("]}")
)

// listHead holds the members of a list that precede its items.
type listHead struct {
	kind          string
	page          int
	nextPageToken string // "" if there is none
}

func (h listHead) append(b []byte, result fleet.Page) []byte {
	b = append(append(append(b, `{"kind":"`...), h.kind...), `","page":`...)
	b = strconv.AppendInt(b, int64(h.page), 10)
	b = strconv.AppendInt(append(b, `,"size":`...), int64(len(result.Rows)), 10)
	b = strconv.AppendInt(append(b, `,"total":`...), int64(result.Total), 10)
	if h.nextPageToken != "" {
		b = append(append(append(b, `,"nextPageToken":"`...), h.nextPageToken...), '"')
	}
	return append(b, `,"items":[`...)
}

// begin writes the header of a response to GET or HEAD, whose content has that length and
// digest. It reports whether to compress the content, and whether the client has the content
// already, so that it must not be sent.
func begin(w http.ResponseWriter, r *http.Request, length int, content fleet.Digest) (gzipped, unchanged bool) {
	gzipped = length >= gzipFrom && acceptsGzip(r.Header)
	tag := entityTag(content, gzipped)
	header := w.Header()
	header["Etag"] = []string{tag}
	header["Cache-Control"] = revalidate
	header["Vary"] = byEncoding
	if matches(r.Header, tag) {
		w.WriteHeader(http.StatusNotModified)
		return gzipped, true
	}
	header["Content-Type"] = jsonType
	if gzipped {
		header["Content-Encoding"] = gzipCoding
	} else {
		header["Content-Length"] = []string{strconv.Itoa(length)}
	}
	w.WriteHeader(http.StatusOK)
	return gzipped, false
}

// writeJSON answers with a body without an entity tag.
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header["Content-Type"] = jsonType
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}

// writeProblem answers with a problem.
func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, p *problem.Error) {
	body, err := rest.Marshal(rest.Problem{
		Type:      p.Type(),
		Title:     p.Title,
		Status:    int32(p.Status),
		Detail:    p.Detail,
		Code:      p.Code,
		Instance:  r.URL.EscapedPath(),
		Timestamp: s.options.Clock.Now().UTC().Truncate(time.Millisecond),
		RequestID: requestIDOf(r.Context()),
		TraceID:   traceIDOf(r.Context()),
		Errors:    p.Fields,
	})
	if err != nil { // no field of a Problem can fail to marshal
		panic(err)
	}
	metrics.Problems.WithLabelValues(p.Code).Inc()
	for key, values := range p.Header {
		w.Header()[key] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client may have gone
}
