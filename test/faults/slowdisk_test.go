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
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// slowDisk is a file system that delays fsync. The folder behind it does everything else.
type slowDisk struct{ delay atomic.Int64 }

// slowNode is a file or folder on a slow disk.
type slowNode struct {
	*fs.LoopbackNode
	disk *slowDisk
}

var (
	_ fs.NodeWrapChilder = &slowNode{}
	_ fs.NodeFsyncer     = &slowNode{}
)

// WrapChild makes the files and folders in a slow folder slow, too.
func (n *slowNode) WrapChild(_ context.Context, child fs.InodeEmbedder) fs.InodeEmbedder {
	return &slowNode{child.(*fs.LoopbackNode), n.disk}
}

// Fsync makes a write durable: etcd calls it before it acknowledges a write.
func (n *slowNode) Fsync(ctx context.Context, file fs.FileHandle, flags uint32) syscall.Errno {
	time.Sleep(time.Duration(n.disk.delay.Load()))
	if file, ok := file.(fs.FileFsyncer); ok {
		return file.Fsync(ctx, flags)
	}
	return 0 // a folder: the disk behind it does not fail in this test
}

// newSlowDisk mounts a slow disk in the folder. Only root may do so.
func newSlowDisk(t *testing.T, folder string) *slowDisk {
	t.Helper()
	behind := t.TempDir()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := fs.NewLoopbackRoot(behind)
	if err != nil {
		t.Fatal(err)
	}
	disk := &slowDisk{}
	server, err := fs.Mount(folder, &slowNode{root.(*fs.LoopbackNode), disk}, &fs.Options{MountOptions: fuse.MountOptions{FsName: "slow", DirectMountStrict: true}})
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		t.Skipf("not run: this user may not mount a file system of FUSE: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		disk.delay.Store(0)
		if err := server.Unmount(); err != nil {
			t.Errorf("unmount %s: %v", folder, err)
		}
	})
	return disk
}

// TestSlowDisk makes fsync slow, and then slower than any request may be, while etcd
// writes, and kills the server meanwhile.
func TestSlowDisk(t *testing.T) {
	onlyLong(t)
	dataDir := filepath.Join(t.TempDir(), "data")
	disk := newSlowDisk(t, filepath.Join(dataDir, "etcd"))
	s := startServer(t, serverConfig{dataDir: dataDir})
	s.strike(t, fault{name: "fsync is slow", strike: func(t *testing.T, s *stack, w *workload) {
		server := s.replicas[0]
		disk.delay.Store(int64(200 * time.Millisecond))
		w.progress(t, 50)
		disk.delay.Store(int64(longFrozen))
		server.outages.begin() // its start would not finish either
		time.Sleep(longFrozen)
		server.kill(t)
		server.release()
		time.Sleep(longFrozen)
		disk.delay.Store(0)
	}}, "slow")
}
