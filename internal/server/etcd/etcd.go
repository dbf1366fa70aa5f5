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

package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

const (
	memberName = "hyperfleet"
	// advertised is recorded as the member's address. Nobody connects to it: there is no
	// second member, and clients use the socket.
	advertised = "http://localhost:2380"

	// DefaultQuota is etcd's recommended maximum of a database in bytes. etcd's own
	// default of 2 GiB is too small for 100,000 clusters with reports.
	DefaultQuota = 8 << 30

	dialLimit = 10 * time.Second

	// maxSocketPath is the longest path of a Unix socket on all systems.
	maxSocketPath = 103
)

// Server is a running etcd.
type Server struct {
	embedded *embed.Etcd
	endpoint string
	space    *space
}

// Start starts etcd with its data and its sockets in the folder, and returns once it is
// ready, however long it takes to replay its log. etcd refuses writes that would take its
// database beyond the quota, in bytes. Only one process at a time may run etcd with a
// folder.
func Start(ctx context.Context, dir string, quota int64, log *zap.Logger) (*Server, error) {
	socket, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	if err := endRestoration(dir, time.Now()); err != nil {
		return nil, fmt.Errorf("end an interrupted restore: %w", err)
	}
	config := embed.NewConfig()
	config.Name = memberName
	config.Dir = dataDir(dir)
	config.ListenClientUrls = []url.URL{{Scheme: "unix", Host: socket}}
	config.ListenPeerUrls = []url.URL{{Scheme: "unix", Host: filepath.Join(dir, "peer.sock")}}
	config.InitialCluster = memberName + "=" + advertised
	config.EnableGRPCGateway = false
	config.QuotaBackendBytes = quota
	config.ZapLoggerBuilder = embed.NewZapLoggerBuilder(warnings(log.Named("etcd")))
	embedded, err := open(config)
	if err != nil {
		return nil, fmt.Errorf("start etcd in %s: %w", config.Dir, err)
	}
	s := &Server{embedded: embedded, endpoint: "unix://" + socket}
	select {
	case <-embedded.Server.ReadyNotify():
		s.space = newSpace(embedded.Server, config.Dir, quota, log)
		if err = s.space.reclaim(); err == nil {
			err = s.space.check(ctx)
		}
		if err == nil {
			return s, nil
		}
	case err = <-embedded.Err():
	case <-embedded.Server.StopNotify():
		err = errors.New("it has stopped")
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.Stop()
	return nil, fmt.Errorf("start etcd in %s: %w", config.Dir, err)
}

// open starts etcd. etcd panics if a newer version of it has written the data.
func open(config *embed.Config) (embedded *embed.Etcd, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v: a newer version of HyperFleet may have written the data", cause)
		}
	}()
	return embed.StartEtcd(config)
}

// warnings returns a logger without the many messages below the level of warnings.
func warnings(log *zap.Logger) *zap.Logger {
	if !log.Core().Enabled(zap.WarnLevel) {
		return log // it logs less already
	}
	return log.WithOptions(zap.IncreaseLevel(zap.WarnLevel))
}

// Endpoint returns the URL of etcd's clients.
func (s *Server) Endpoint() string { return s.endpoint }

// Failed returns a channel that receives an error if etcd stops on its own.
func (s *Server) Failed() <-chan error { return s.embedded.Err() }

// Stop stops etcd. Every write that it has acknowledged is on disk.
func (s *Server) Stop() { s.embedded.Close() }

// Client returns a client.
func (s *Server) Client() (*clientv3.Client, error) {
	return clientv3.New(clientConfig(s.endpoint))
}

func clientConfig(endpoint string) clientv3.Config {
	return clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: dialLimit, Logger: zap.NewNop()}
}

func dataDir(dir string) string { return filepath.Join(dir, "etcd") }

// socketPath returns the path of the clients' socket. The path of the peers' socket
// has the same length.
func socketPath(dir string) (string, error) {
	socket := filepath.Join(dir, "etcd.sock")
	if len(socket) > maxSocketPath {
		return "", fmt.Errorf("%s is %d bytes long, and the path of a Unix socket has at most %d: choose a data directory with a shorter path", socket, len(socket), maxSocketPath)
	}
	return socket, nil
}
