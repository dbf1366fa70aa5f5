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
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	restore "go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"
)

// revisionBump is added to the revision of a restored snapshot, and all revisions up to
// the result count as compacted. So no client mistakes the restored data for a part of
// the history that it has seen: its watches end with 410, and it lists again.
// revisionBump exceeds the number of writes between a snapshot and its restore.
const revisionBump = 1_000_000_000

// Restore replaces the data in the folder with a snapshot. It moves the previous data
// aside and returns their new path, "" if there were none. No etcd may be running with
// the folder.
func Restore(dir, file string, now time.Time) (previous string, err error) {
	r := &restoration{dir: dir, file: file, now: now}
	for _, step := range r.steps() {
		if err := step(); err != nil {
			return r.previous, err
		}
	}
	return r.previous, nil
}

// A restoration replaces the data with a snapshot, in steps. If the process ends between
// two steps or within one, the previous data remain until the snapshot is complete. After
// that, the snapshot is the data, and Start takes the remaining steps.
type restoration struct {
	dir, file string
	now       time.Time
	previous  string // the path of the previous data
}

func (r *restoration) steps() []func() error {
	return []func() error{r.settle, r.write, r.complete, r.setAside, r.install}
}

// settle removes the files of an interrupted restoration, unless they are the only data.
func (r *restoration) settle() error {
	if err := os.RemoveAll(unfinishedDir(r.dir)); err != nil {
		return err
	}
	if restored, err := exists(restoredDir(r.dir)); err != nil || !restored {
		return err
	}
	switch data, err := exists(dataDir(r.dir)); {
	case err != nil:
		return err
	case !data:
		return r.install()
	}
	// Rename the folder before it is removed: a half-removed folder under its present
	// name would be taken for the data.
	if err := os.Rename(restoredDir(r.dir), unfinishedDir(r.dir)); err != nil {
		return err
	}
	return os.RemoveAll(unfinishedDir(r.dir))
}

// write writes the data of the snapshot next to the previous data.
func (r *restoration) write() error {
	err := restore.NewV3(zap.NewNop()).Restore(restore.RestoreConfig{
		SnapshotPath:        r.file,
		Name:                memberName,
		OutputDataDir:       unfinishedDir(r.dir),
		PeerURLs:            []string{advertised},
		InitialCluster:      memberName + "=" + advertised,
		InitialClusterToken: memberName,
		RevisionBump:        revisionBump,
		MarkCompacted:       true,
	})
	if err != nil {
		return fmt.Errorf("restore %s: %w", r.file, err)
	}
	return nil
}

// complete records that the snapshot is written.
func (r *restoration) complete() error {
	return os.Rename(unfinishedDir(r.dir), restoredDir(r.dir))
}

// setAside moves the previous data aside, if there are any.
func (r *restoration) setAside() error {
	aside := filepath.Join(r.dir, "etcd.before-"+r.now.UTC().Format("20060102T150405.000Z"))
	err := os.Rename(dataDir(r.dir), aside)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		r.previous = aside
	}
	return err
}

// install moves the snapshot to the place of the data.
func (r *restoration) install() error {
	return os.Rename(restoredDir(r.dir), dataDir(r.dir))
}

// endRestoration takes the last steps of a restoration that was interrupted after the
// snapshot was complete. Without them, etcd could start with empty data.
func endRestoration(dir string, now time.Time) error {
	restored, err := exists(restoredDir(dir))
	if err != nil || !restored {
		return err
	}
	r := &restoration{dir: dir, now: now}
	if err := r.setAside(); err != nil {
		return err
	}
	return r.install()
}

// unfinishedDir is the folder that a snapshot is written to. restoredDir is the folder of
// a complete snapshot that is not in the place of the data yet.
func unfinishedDir(dir string) string { return dataDir(dir) + ".unfinished" }
func restoredDir(dir string) string   { return dataDir(dir) + ".restored" }

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
