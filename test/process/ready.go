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

package process

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Probe tells whether a process is ready, by an error that says why it is not.
type Probe func(context.Context) error

// HTTPProbe is ready when a GET of the URL answers 200.
func HTTPProbe(client *http.Client, url string) Probe {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("GET %s: %s: %s", url, response.Status, strings.TrimSpace(string(body)))
		}
		return nil
	}
}

const (
	probeInterval = 50 * time.Millisecond
	probeLimit    = 2 * time.Second
)

// WaitReady probes until the process is ready. It fails as soon as the process
// has ended, the context is done, or the limit has passed; the error then holds
// the log's last lines or what the last probe found.
func WaitReady(ctx context.Context, p *Process, limit time.Duration, probe Probe) error {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for {
		probeContext, cancel := context.WithTimeout(ctx, probeLimit)
		notReady := probe(probeContext)
		cancel()
		// Ask this first: another program on the port may answer in its stead.
		if err := p.Exited(); err != nil {
			return err
		}
		if notReady == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.Done():
		case <-deadline.C:
			return fmt.Errorf("%s is not ready after %s: %w; the last lines of %s:\n%s",
				p.Name(), limit, notReady, p.spec.LogFile(), tail(p.spec.LogFile(), tailLines))
		case <-time.After(probeInterval):
		}
	}
}
