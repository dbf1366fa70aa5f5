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
	"path/filepath"
	"time"

	"go.etcd.io/etcd/client/v3/snapshot"
	restore "go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"
)

// revisionBump is added to the revision of a restored snapshot, and everything up to
// there counts as compacted. So no client takes the restored data for a part of the
// history that it has seen: its watches end with 410, and it lists again. It is more
// than what is written between a snapshot and its restore.
const revisionBump = 1_000_000_000

// Save writes a snapshot of the etcd that runs with the folder to a new file.
func Save(ctx context.Context, dir, file string) error {
	socket, err := socketPath(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s exists already", file))
	}
	// etcd's client would wait for a server to come.
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

// Restore makes a snapshot the folder's data. It moves the previous data aside and
// returns their new path, "" if there were none. No etcd may run with the folder.
func Restore(dir, file string, now time.Time) (previous string, err error) {
	unfinished := dataDir(dir) + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return "", err
	}
	err = restore.NewV3(zap.NewNop()).Restore(restore.RestoreConfig{
		SnapshotPath:        file,
		Name:                memberName,
		OutputDataDir:       unfinished,
		PeerURLs:            []string{advertised},
		InitialCluster:      memberName + "=" + advertised,
		InitialClusterToken: memberName,
		RevisionBump:        revisionBump,
		MarkCompacted:       true,
	})
	if err != nil {
		return "", fmt.Errorf("restore %s: %w", file, err)
	}
	if err := os.Rename(unfinished, restoredDir(dir)); err != nil {
		return "", err
	}
	return swap(dir, now)
}

// restoredDir is where a restored snapshot waits to become the data. Start ends a
// restore that was interrupted there, so that it never begins with empty data.
func restoredDir(dir string) string { return dataDir(dir) + ".restored" }

// swap makes the restored snapshot the data, if there is one.
func swap(dir string, now time.Time) (previous string, err error) {
	data, restored := dataDir(dir), restoredDir(dir)
	if _, err := os.Stat(restored); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	previous = filepath.Join(dir, "etcd.before-"+now.UTC().Format("20060102T150405Z"))
	err = os.Rename(data, previous)
	if errors.Is(err, fs.ErrNotExist) {
		previous, err = "", nil
	}
	if err != nil {
		return "", err
	}
	return previous, os.Rename(restored, data)
}
