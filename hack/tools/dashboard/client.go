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
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const root = "/api/hyperfleet/v1"

// client makes REST requests. All answers below 500 are part of the load.
type client struct {
	base string
	http http.Client

	mutex sync.Mutex
	first error // the first request that failed
}

func newClient(address string) *client {
	return &client{base: "http://" + address, http: http.Client{Timeout: 30 * time.Second}}
}

// resource contains the fields that the load reads of a cluster or nodepool.
type resource struct {
	Href, Name  string
	Generation  int64
	Labels      map[string]string
	DeletedTime string `json:"deleted_time"`
}

// do makes a request to a path of the API or to an href, and returns the resource of the
// answer.
func (c *client) do(ctx context.Context, method, path string, body any) (r resource) {
	content, err := c.request(ctx, method, path, body)
	if err == nil && len(content) > 0 {
		err = json.Unmarshal(content, &r)
	}
	c.note(ctx, err)
	return r
}

// list returns all resources of a collection that a search finds.
func (c *client) list(ctx context.Context, collection, search string) []resource {
	content, err := c.request(ctx, http.MethodGet, "/"+collection+"?size=1000&search="+url.QueryEscape(search), nil)
	var page struct{ Items []resource }
	if err == nil {
		err = json.Unmarshal(content, &page)
	}
	c.note(ctx, err)
	return page.Items
}

func (c *client) request(ctx context.Context, method, path string, body any) ([]byte, error) {
	content, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(path, root) {
		path = root + path
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	content, err = io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= http.StatusInternalServerError {
		err = fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, content)
	}
	return content, err
}

// note keeps the first error, unless the load is over.
func (c *client) note(ctx context.Context, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if err != nil && c.first == nil && ctx.Err() == nil {
		c.first = err
	}
}

func (c *client) fault() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.first
}
