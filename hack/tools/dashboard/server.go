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
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// adapters requires, for Clusters, the adapters of the load and, for NodePools, another
// adapter that never reports.
const adapters = `
requiredAdapters:
  Cluster: [validator, dns, pullsecret]
  NodePool: [validator, {name: autoscaler, finalizes: false}]
`

// startLimit is generous: a busy machine starts slowly.
const startLimit = 3 * time.Minute

// server is a running hyperfleet server.
type server struct {
	process       *exec.Cmd
	rest, metrics string // addresses
}

func startServer(ctx context.Context, program, dir string) (*server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "required.yaml")
	if err := os.WriteFile(config, []byte(adapters), 0o600); err != nil {
		return nil, err
	}
	ports, err := freeAddresses(4)
	if err != nil {
		return nil, err
	}
	s := &server{rest: ports[0], metrics: ports[1]}
	log := filepath.Join(dir, "server.log")
	s.process = exec.Command(program, "server", "--data-dir="+filepath.Join(dir, "data"), "--log-file="+log,
		"--adapters-config="+config, "--deletion-stuck-after=45s", "--insecure-disable-authentication", "--user=dev@hyperfleet.local",
		"--facade-bind-address="+s.rest, "--metrics-bind-address="+s.metrics,
		"--health-probe-bind-address="+ports[2], "--kubernetes-bind-address="+ports[3])
	s.process.Stderr = os.Stderr
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	if err := awaitReady(ctx, "http://"+ports[2]+"/readyz"); err != nil {
		content, _ := os.ReadFile(log)
		return nil, errors.Join(fmt.Errorf("wait for %s: %w\n%s", program, err, content), s.stop())
	}
	return s, nil
}

func awaitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (s *server) stop() error {
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	return nil
}

// freeAddresses returns loopback addresses at which nothing listens.
func freeAddresses(count int) (addresses []string, err error) {
	var listeners []net.Listener
	defer func() {
		for _, listener := range listeners {
			err = errors.Join(err, listener.Close())
		}
	}()
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, listener)
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}
