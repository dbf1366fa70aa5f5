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

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// Config configures where a control plane keeps its data and listens.
type Config struct {
	// Dir contains all data of the control plane: etcd's data, credentials, kubeconfigs
	// and logs.
	Dir string

	// Assets is the folder of etcd, kube-apiserver and kubectl.
	Assets string

	// EtcdPort and APIServerPort are on loopback.
	EtcdPort, APIServerPort int

	// EtcdArgs are additional arguments of etcd.
	EtcdArgs []string
}

// LogDir returns the folder of the logs and of the records of running processes.
func (c Config) LogDir() string { return filepath.Join(c.Dir, "log") }

// Names of the processes, their binaries and their logs.
const (
	EtcdName      = "etcd"
	APIServerName = "kube-apiserver"
)

// Time limits. A start takes long only on a busy machine.
const (
	startLimit         = 2 * time.Minute
	etcdStopLimit      = 10 * time.Second
	apiServerStopLimit = 15 * time.Second
)

const loopback = "127.0.0.1"

// ControlPlane is an etcd and a kube-apiserver, which may be running.
type ControlPlane struct {
	config      Config
	credentials *credentials
	etcd        *process.Process
	apiServer   *process.Process
}

// New creates the credentials if Dir does not contain them, and writes a kubeconfig for
// each User. It starts no process.
func New(config Config) (*ControlPlane, error) {
	for _, name := range []string{EtcdName, APIServerName, "kubectl"} {
		if _, err := os.Stat(filepath.Join(config.Assets, name)); err != nil {
			return nil, fmt.Errorf("find the binaries of the control plane: %w", err)
		}
	}
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, err
	}
	config.Dir = dir
	credentials, err := loadOrCreateCredentials(filepath.Join(dir, "pki"))
	if err != nil {
		return nil, fmt.Errorf("load the credentials of the control plane: %w", err)
	}
	c := &ControlPlane{config: config, credentials: credentials}
	for _, user := range Users() {
		if err := c.writeKubeconfig(user); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Start starts etcd and then kube-apiserver, and returns once both are healthy.
// If it fails, the caller still has to call Stop.
func (c *ControlPlane) Start(ctx context.Context) error {
	if err := c.StartEtcd(ctx); err != nil {
		return err
	}
	return c.StartAPIServer(ctx)
}

// StartEtcd starts or restarts etcd, and waits until it is healthy.
func (c *ControlPlane) StartEtcd(ctx context.Context) error {
	etcd, err := process.Start(c.etcdSpec())
	if err != nil {
		return err
	}
	c.etcd = etcd
	return process.WaitReady(ctx, etcd, process.Wait{Ready: c.etcdHealth(), Stall: startLimit})
}

// StartAPIServer starts or restarts kube-apiserver, and waits until it is ready.
func (c *ControlPlane) StartAPIServer(ctx context.Context) error {
	apiServer, err := process.Start(c.apiServerSpec())
	if err != nil {
		return err
	}
	c.apiServer = apiServer
	ready, err := c.apiServerReady()
	if err != nil {
		return err
	}
	return process.WaitReady(ctx, apiServer, process.Wait{Ready: ready, Stall: startLimit})
}

// Etcd returns the process that StartEtcd started last, nil before.
func (c *ControlPlane) Etcd() *process.Process { return c.etcd }

// APIServer returns the process that StartAPIServer started last, nil before.
func (c *ControlPlane) APIServer() *process.Process { return c.apiServer }

// Stop stops kube-apiserver and then etcd. etcd's data stays.
func (c *ControlPlane) Stop() error {
	var errs []error
	if c.apiServer != nil {
		errs = append(errs, c.apiServer.Stop(apiServerStopLimit))
	}
	if c.etcd != nil {
		errs = append(errs, c.etcd.Stop(etcdStopLimit))
	}
	return errors.Join(errs...)
}

func hostPort(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
