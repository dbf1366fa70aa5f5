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

package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// diskSize is enough for the data and their growth in this test.
	diskSize = 640 << 20
	// scarce is less free space than the server requires.
	scarce = 96 << 20
)

// fillDisk fills the disk of the server's data directory, as another program might. First
// little space is left, later none.
func fillDisk(t *testing.T, s *stack, w *workload) {
	server := s.replicas[0]
	before := server.current()
	free := s.fillTo(t, scarce)
	s.wantNoSpace(t)
	if server.current() != before {
		t.Error("the server has ended because there is little space")
	}
	server.stop(t)
	server.release()
	server.waitReady(t)
	s.wantNoSpace(t)
	if *long {
		time.Sleep(longFrozen)
	}
	reads := w.counted("reads")
	eventually(t, "clients read", func() bool { return w.counted("reads") > reads+20 })
	free()
	w.progress(t, 100)

	server.outages.begin() // it may end
	free = s.fillTo(t, 0)
	time.Sleep(frozen)
	if *long {
		time.Sleep(longFrozen)
	}
	server.kill(t)
	server.release()
	time.Sleep(frozen)
	t.Logf("with no space left on the disk, the server runs: %t", server.isUp())
	free()
}

// wantNoSpace checks that the server refuses writes for lack of space, with problem
// details, and answers reads.
func (s *stack) wantNoSpace(t *testing.T) {
	t.Helper()
	server := s.replicas[0]
	var last answer
	eventually(t, "writes are refused for the lack of space", func() bool {
		last = server.call(http.MethodPost, clustersPath, `{"kind":"Cluster","name":"without-space","spec":{}}`)
		return last.status == http.StatusServiceUnavailable && strings.Contains(string(last.body), "space")
	}, func() string { return fmt.Sprint(last) })
	var problem struct{ Code, Detail string }
	if err := json.Unmarshal(last.body, &problem); err != nil || problem.Code != "HYPERFLEET-SVC-001" {
		t.Errorf("a write without space: %v: %s", err, last)
	}
	t.Logf("a write without space: %s", last)
	eventually(t, "lists are answered without space", func() bool {
		last = server.call(http.MethodGet, clustersPath, "")
		return last.status == http.StatusOK
	}, func() string { return fmt.Sprint(last) })
}

// fillTo fills the disk until the given number of bytes is left. Its result frees the
// space.
func (s *stack) fillTo(t *testing.T, left uint64) (free func()) {
	t.Helper()
	name := filepath.Join(s.dataDir, "filling")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	block := bytes.Repeat([]byte("x"), 1<<20)
	for {
		var disk unix.Statfs_t
		if err := unix.Statfs(s.dataDir, &disk); err != nil {
			t.Fatal(err)
		}
		available := disk.Bavail * uint64(disk.Bsize)
		if available <= left {
			break
		}
		if _, err := file.Write(block[:min(uint64(len(block)), available-left)]); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// newDisk mounts a small file system in memory, and returns its folder. Only root may
// do so.
func newDisk(t *testing.T, size int) string {
	t.Helper()
	folder := t.TempDir()
	switch err := unix.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", size)); {
	case errors.Is(err, os.ErrPermission):
		t.Skipf("not run: this user may not mount a file system: %v", err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", folder, err)
		}
	})
	return folder
}
