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

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"time"
)

// A wire is one kept-alive HTTP/1.1 connection that sends requests as bytes, and
// reads only status and length of an answer. net/http's client takes several
// times the CPU of the measured handlers, and would hide their costs on a machine
// with few cores.
type wire struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
	body    []byte
}

func newWire(address string) *wire { return &wire{address: address} }

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close() // this loses nothing: every answer was read to its end
		w.conn = nil
	}
}

// do sends a request and reads the whole answer. It returns the length of the
// answer's body, and fails if the status is not the wanted one.
func (w *wire) do(request []byte, wantStatus int) (int, error) {
	n, _, err := w.exchange(request, wantStatus, false)
	return n, err
}

// read is like do, but returns the body, which is valid until the next request.
func (w *wire) read(request []byte, wantStatus int) ([]byte, error) {
	_, body, err := w.exchange(request, wantStatus, true)
	return body, err
}

func (w *wire) exchange(request []byte, wantStatus int, keep bool) (n int, body []byte, err error) {
	if w.conn == nil {
		if w.conn, err = net.DialTimeout("tcp", w.address, requestLimit); err != nil {
			w.conn = nil
			return 0, nil, err
		}
		w.in = bufio.NewReaderSize(w.conn, 64<<10)
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if err := w.conn.SetDeadline(time.Now().Add(requestLimit)); err != nil {
		return 0, nil, err
	}
	if _, err := w.conn.Write(request); err != nil {
		return 0, nil, err
	}
	h, err := readHead(w.in)
	if err != nil {
		return 0, nil, fmt.Errorf("read the head of an answer: %w", err)
	}
	keep = keep || h.status != wantStatus
	if n, body, err = w.readBody(h, keep); err != nil {
		return 0, nil, fmt.Errorf("read the body of an answer: %w", err)
	}
	if h.close {
		w.close()
	}
	if h.status != wantStatus {
		return 0, nil, fmt.Errorf("status %d, want %d: %s", h.status, wantStatus, body[:min(len(body), 300)])
	}
	return n, body, nil
}

func (w *wire) readBody(h head, keep bool) (int, []byte, error) {
	switch {
	case h.status == 204 || h.status == 304:
		return 0, nil, nil
	case h.chunked:
		body, err := io.ReadAll(httputil.NewChunkedReader(w.in))
		if err != nil {
			return 0, nil, err
		}
		for { // the end after the last chunk
			line, err := w.in.ReadSlice('\n')
			if err != nil {
				return 0, nil, err
			}
			if len(bytes.TrimSpace(line)) == 0 {
				return len(body), body, nil
			}
		}
	case h.length < 0:
		return 0, nil, errors.New("the answer has no length")
	case !keep:
		n, err := w.in.Discard(h.length)
		return n, nil, err
	}
	if cap(w.body) < h.length {
		w.body = make([]byte, h.length)
	}
	n, err := io.ReadFull(w.in, w.body[:h.length])
	return n, w.body[:n], err
}

// head contains the parsed fields of an answer's head.
type head struct {
	status, length int // -1 if the length is not given
	chunked, close bool
}

func readHead(in *bufio.Reader) (head, error) {
	h := head{length: -1}
	line, err := in.ReadSlice('\n')
	if err != nil {
		return h, err
	}
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return h, fmt.Errorf("%q is not a status line", line)
	}
	if h.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return h, fmt.Errorf("%q is not a status line", line)
	}
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return h, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return h, nil
		}
		if value, ok := field(line, "content-length:"); ok {
			if h.length, err = strconv.Atoi(string(value)); err != nil || h.length < 0 {
				return h, fmt.Errorf("%q is not a length", line)
			}
		} else if value, ok := field(line, "transfer-encoding:"); ok {
			h.chunked = bytes.EqualFold(value, []byte("chunked"))
		} else if value, ok := field(line, "connection:"); ok {
			h.close = bytes.EqualFold(value, []byte("close"))
		}
	}
}

// field returns the value of a header line that has this name. The name is in
// lower case and includes the colon.
func field(line []byte, name string) ([]byte, bool) {
	if len(line) < len(name) || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name):]), true
}

func getRequest(host, uri string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: hyperfleet-bench\r\n\r\n", uri, host)
}

func postRequest(host, uri string, body []byte) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: hyperfleet-bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		uri, host, len(body), body)
}
