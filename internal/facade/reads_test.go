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

package facade_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// raw makes a request without the compression that http.DefaultClient requests
// automatically.
func raw(t *testing.T, method, path string, header ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, suite.base+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}
}

func gunzip(t *testing.T, body []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// bigCluster makes a cluster whose JSON is worth compressing.
func bigCluster(t *testing.T, labels string) string {
	t.Helper()
	return newCluster(t, fmt.Sprintf(`{"name":%q,"labels":{%s},"spec":{"text":%q}}`, uniqueName(t), labels, strings.Repeat("abc ", 1000))).Href
}

// TestConditionalRequests requests a resource and a list until each changes.
func TestConditionalRequests(t *testing.T) {
	mark := uniqueName(t)
	href := bigCluster(t, `"mark":"`+mark+`"`)
	list := query(api+"/clusters", "search", "labels.mark='"+mark+"'")
	changes := map[string]func(){
		href: func() {
			post(t, href+"/statuses", reportBody("validator", 1, noon, "True")).want(t, http.StatusCreated)
		},
		list: func() { bigCluster(t, `"mark":"`+mark+`"`) },
	}
	for path, change := range changes {
		tags := map[string]string{}
		for _, encoding := range []string{"identity", "gzip"} {
			first := raw(t, http.MethodGet, path, "Accept-Encoding", encoding).want(t, http.StatusOK)
			tag := first.header.Get("ETag")
			if !strings.HasPrefix(tag, `"`) || first.header.Get("Cache-Control") != "no-cache" || first.header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s, %s: header %v", path, encoding, first.header)
			}
			tags[encoding] = tag
			for _, known := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					again := raw(t, method, path, "Accept-Encoding", encoding, "If-None-Match", known).want(t, http.StatusNotModified)
					if len(again.body) > 0 || again.header.Get("ETag") != tag || again.header.Get("Cache-Control") != "no-cache" ||
						again.header.Get("Vary") != "Accept-Encoding" || again.header.Get("Content-Type") != "" || again.header.Get("Content-Encoding") != "" {
						t.Errorf("%s, %s, known %s: body %q, header %v", path, encoding, known, again.body, again.header)
					}
				}
			}
			raw(t, http.MethodGet, path, "Accept-Encoding", encoding, "If-None-Match", `"other"`).want(t, http.StatusOK)
		}
		if tags["identity"] == tags["gzip"] {
			t.Errorf("%s: both encodings have the strong tag %s", path, tags["gzip"])
		}
		change()
		for encoding, tag := range tags {
			changed := raw(t, http.MethodGet, path, "Accept-Encoding", encoding, "If-None-Match", tag).want(t, http.StatusOK)
			if got := changed.header.Get("ETag"); got == tag {
				t.Errorf("%s, %s: changed and still %s", path, encoding, got)
			}
		}
	}
}

// TestListTags compares lists that have the same items but differ otherwise.
func TestListTags(t *testing.T) {
	_, search := fleet(t, "", "", "")
	seen := map[string]string{}
	for _, parameters := range [][]string{
		{"pageSize", "3"}, {"pageSize", "2"}, {"pageSize", "2", "page", "2"}, {"page", "7"}, {"page", "8"}, {"pageSize", "3", "order", "asc"},
	} {
		path := query(api+"/clusters", append(parameters, "search", search)...)
		tag := raw(t, http.MethodGet, path).want(t, http.StatusOK).header.Get("ETag")
		if other, ok := seen[tag]; ok {
			t.Errorf("%s and %s have the tag %s", path, other, tag)
		}
		seen[tag] = path
	}
	raw(t, http.MethodGet, query(api+"/clusters", "search", "nonsense"), "If-None-Match", "*").want(t, http.StatusBadRequest)
	raw(t, http.MethodGet, api+"/clusters/2none", "If-None-Match", "*").want(t, http.StatusNotFound)
}

func TestCreatedTag(t *testing.T) {
	created := post(t, api+"/clusters", fmt.Sprintf(`{"name":%q,"spec":{}}`, uniqueName(t))).want(t, http.StatusCreated)
	tag := created.header.Get("ETag")
	if tag == "" {
		t.Fatalf("header %v", created.header)
	}
	// The reconciler may have changed the status since then, so the tags must be equal only
	// if the content is.
	got := raw(t, http.MethodGet, created.header.Get("Location")).want(t, http.StatusOK)
	if same := bytes.Equal(got.body, created.body); same != (got.header.Get("ETag") == tag) {
		t.Errorf("equal content %t, tags %s and %s", same, tag, got.header.Get("ETag"))
	}
}

func TestCompression(t *testing.T) {
	small := newCluster(t, "").Href
	big := bigCluster(t, "")
	listing := query(api+"/clusters", "pageSize", "100")
	for _, path := range []string{small, big, listing} {
		plain := raw(t, http.MethodGet, path).want(t, http.StatusOK)
		if plain.header.Get("Content-Encoding") != "" || plain.header.Get("Content-Length") != strconv.Itoa(len(plain.body)) {
			t.Errorf("%s: header %v of %d bytes", path, plain.header, len(plain.body))
		}
		asked := raw(t, http.MethodGet, path, "Accept-Encoding", "br;q=1, gzip;q=0.5").want(t, http.StatusOK)
		if path == small && len(plain.body) < 1400 {
			if asked.header.Get("Content-Encoding") != "" || asked.header.Get("ETag") != plain.header.Get("ETag") {
				t.Errorf("%s: %d bytes are compressed: %v", path, len(plain.body), asked.header)
			}
			continue
		}
		if asked.header.Get("Content-Encoding") != "gzip" || len(asked.body) >= len(plain.body) {
			t.Errorf("%s: header %v, %d of %d bytes", path, asked.header, len(asked.body), len(plain.body))
		}
		if diff := cmp.Diff(string(plain.body), string(gunzip(t, asked.body))); diff != "" {
			t.Errorf("%s (-plain +gunzipped):\n%s", path, diff)
		}
		head := raw(t, http.MethodHead, path, "Accept-Encoding", "gzip").want(t, http.StatusOK)
		if head.header.Get("Content-Encoding") != "gzip" || head.header.Get("ETag") != asked.header.Get("ETag") || head.header.Get("Content-Type") != "application/json" {
			t.Errorf("HEAD %s: %v", path, head.header)
		}
		head = raw(t, http.MethodHead, path).want(t, http.StatusOK)
		if head.header.Get("Content-Length") != strconv.Itoa(len(plain.body)) {
			t.Errorf("HEAD %s: %v", path, head.header)
		}
	}
}

// TestClientsThatLeave breaks connections in the middle of responses: the next clients
// get complete responses.
func TestClientsThatLeave(t *testing.T) {
	path := bigCluster(t, "")
	want := raw(t, http.MethodGet, path).want(t, http.StatusOK).body
	for i := range 50 {
		var dialer net.Dialer
		conn, err := dialer.DialContext(context.Background(), "tcp", strings.TrimPrefix(suite.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		encoding := []string{"identity", "gzip"}[i%2]
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAccept-Encoding: %s\r\n\r\n", path, encoding); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if got := gunzip(t, raw(t, http.MethodGet, path, "Accept-Encoding", "gzip").want(t, http.StatusOK).body); !bytes.Equal(got, want) {
			t.Fatalf("got %d bytes, want %d", len(got), len(want))
		}
	}
}
