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
	"io/fs"
	"net"
	"os"

	"go.etcd.io/etcd/client/v3/snapshot"
	"go.uber.org/zap"
)

// Save writes a snapshot of the etcd that runs with the folder to a new file.
func Save(ctx context.Context, dir, file string) error {
	socket, err := socketPath(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s exists already", file))
	}
	// etcd's client would wait until a server appears.
	connection, err := net.DialTimeout("unix", socket, dialLimit)
	if err != nil {
		return fmt.Errorf("no server runs with %s: %w", dir, err)
	}
	_ = connection.Close()
	if _, err := snapshot.SaveWithVersion(ctx, zap.NewNop(), clientConfig("unix://"+socket), file); err != nil {
		return fmt.Errorf("save a snapshot to %s: %w", file, err)
	}
	return nil
}
