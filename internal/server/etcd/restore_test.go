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
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
)

// key has a different value in each data set.
const key = "data"

// with calls do with a client of the etcd in the folder.
func with(t *testing.T, dir string, do func(get func() string, put func(string))) {
	t.Helper()
	server, err := Start(t.Context(), dir, DefaultQuota, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	do(func() string {
		response, err := client.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if len(response.Kvs) == 0 {
			return ""
		}
		return string(response.Kvs[0].Value)
	}, func(value string) {
		if _, err := client.Put(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
	})
}

func held(t *testing.T, dir string) (value string) {
	t.Helper()
	with(t, dir, func(get func() string, _ func(string)) { value = get() })
	return value
}

// newSnapshot returns a snapshot of an etcd that contains the value.
func newSnapshot(t *testing.T, value string) string {
	t.Helper()
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "snapshot.db")
	with(t, dir, func(_ func() string, put func(string)) {
		put(value)
		if err := Save(t.Context(), dir, file); err != nil {
			t.Fatal(err)
		}
	})
	return file
}

func TestRestoreInterrupted(t *testing.T) {
	earlier := t.TempDir()
	with(t, earlier, func(_ func() string, put func(string)) { put("old") })
	snapshot, another := newSnapshot(t, "new"), newSnapshot(t, "newest")
	now := time.Now()
	// interrupted returns a folder in which a restoration has taken some of its steps.
	interrupted := func(t *testing.T, previous string, steps int) string {
		t.Helper()
		dir := t.TempDir()
		if previous != "" {
			if err := os.CopyFS(dataDir(dir), os.DirFS(dataDir(previous))); err != nil {
				t.Fatal(err)
			}
		}
		r := &restoration{dir: dir, file: snapshot, now: now}
		for _, step := range r.steps()[:steps] {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	const complete = 3 // the steps after which the snapshot is complete
	all := len((&restoration{}).steps())
	for name, previous := range map[string]struct{ dir, value string }{"data": {earlier, "old"}, "no data": {"", ""}} {
		for steps := range all + 1 {
			t.Run(fmt.Sprintf("%s, %d steps", name, steps), func(t *testing.T) {
				want := previous.value
				if steps >= complete {
					want = "new"
				}
				if got := held(t, interrupted(t, previous.dir, steps)); got != want {
					t.Errorf("the data are %q after a start, want %q", got, want)
				}
				dir := interrupted(t, previous.dir, steps)
				if _, err := Restore(dir, another, now.Add(time.Second)); err != nil {
					t.Fatalf("another restore: %v", err)
				}
				if got := held(t, dir); got != "newest" {
					t.Errorf("the data are %q after another restore", got)
				}
				checkAside(t, dir, previous.value)
			})
		}
	}
	t.Run("in the middle of writing", func(t *testing.T) {
		dir := interrupted(t, earlier, 2)
		if err := os.RemoveAll(filepath.Join(unfinishedDir(dir), "member", "wal")); err != nil {
			t.Fatal(err)
		}
		if got := held(t, dir); got != "old" {
			t.Errorf("the data are %q after a start", got)
		}
		if previous, err := Restore(dir, another, now); err != nil || previous == "" {
			t.Fatalf("another restore: %q, %v", previous, err)
		}
		if got := held(t, dir); got != "newest" {
			t.Errorf("the data are %q after another restore", got)
		}
	})
	t.Run("a file that is no snapshot", func(t *testing.T) {
		dir := interrupted(t, earlier, 0)
		if _, err := Restore(dir, filepath.Join(earlier, "missing.db"), now); err == nil {
			t.Error("it is restored")
		}
		if got := held(t, dir); got != "old" {
			t.Errorf("the data are %q", got)
		}
	})
}

// checkAside checks that one of the folders that were moved aside contains the value, if
// it is not "", and that a restoration has left no other files.
func checkAside(t *testing.T, dir, value string) {
	t.Helper()
	for _, left := range []string{unfinishedDir(dir), restoredDir(dir)} {
		if found, err := exists(left); err != nil || found {
			t.Errorf("%s is left (%v)", left, err)
		}
	}
	aside, err := filepath.Glob(filepath.Join(dir, "etcd.before-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range aside {
		again := t.TempDir()
		if err := os.Rename(folder, dataDir(again)); err != nil {
			t.Fatal(err)
		}
		if held(t, again) == value {
			return
		}
	}
	if value != "" {
		t.Errorf("none of %q holds the previous data", aside)
	}
}
