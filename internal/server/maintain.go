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

package server

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/server/etcd"
	"github.com/hyperfleet-io/hyperfleet/internal/server/pki"
)

// SaveSnapshot saves a snapshot of the data of the running server to a new file.
func (o *Options) SaveSnapshot(ctx context.Context, file string) error {
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return err
	}
	return etcd.Save(ctx, dir, file)
}

// RestoreSnapshot replaces the data with a snapshot. No server may run. It returns the
// path of the previous data, "" if there were none.
func (o *Options) RestoreSnapshot(file string) (previous string, err error) {
	err = o.exclusively(func(dir string) error {
		previous, err = etcd.Restore(dir, file, time.Now())
		return err
	})
	return previous, err
}

// RotateAdmin replaces the administrator's token, while no server runs. The next start
// writes a kubeconfig with the new token.
func (o *Options) RotateAdmin() error {
	return o.exclusively(func(dir string) error { return pki.RotateAdmin(pkiDir(dir)) })
}

// exclusively calls a function with the data directory locked, so that no server uses it.
func (o *Options) exclusively(do func(dir string) error) (err error) {
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return err
	}
	held, err := acquire(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.release()) }()
	return do(dir)
}
