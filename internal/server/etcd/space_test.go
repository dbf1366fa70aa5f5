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
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// TestSpace simulates that the disk of a running etcd fills up and empties again.
func TestSpace(t *testing.T) {
	dir := t.TempDir()
	server, err := Start(t.Context(), dir, DefaultQuota, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { server.Stop() }()
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	for _, step := range []struct {
		free    uint64
		refused bool
	}{
		{reserve, false},
		{reserve - 1, true},
		{0, true},
		{enough - 1, true},
		{enough, false},
		{enough - 1, false},
	} {
		server.space.free = func() (uint64, error) { return step.free, nil }
		if err := server.space.check(t.Context()); err != nil {
			t.Fatalf("with %d bytes: %v", step.free, err)
		}
		_, err := client.Put(t.Context(), key, "value")
		if refused := errors.Is(err, rpctypes.ErrNoSpace); refused != step.refused || !refused && err != nil {
			t.Errorf("a write with %d bytes: %v, want refused: %t", step.free, err, step.refused)
		}
		if got, err := client.Get(t.Context(), key); err != nil || len(got.Kvs) != 1 {
			t.Errorf("a read with %d bytes: %v, %v", step.free, got, err)
		}
	}

	server.space.free = func() (uint64, error) { return 0, nil }
	if err := server.space.check(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if server, err = Start(t.Context(), dir, DefaultQuota, zap.NewNop()); err != nil { // this disk has space
		t.Fatal(err)
	}
	if _, err := client.Put(t.Context(), key, "after a start", clientv3.WithPrevKV()); err != nil {
		t.Errorf("a write after a start with space: %v", err)
	}
}

// TestQuota fills a database to its quota. Writes are refused while the database contains
// that much, however much space the disk has. Defragmentation frees the space of deleted
// and compacted data.
func TestQuota(t *testing.T) {
	const quota, values = 64 << 20, 80
	dir := t.TempDir()
	server, err := Start(t.Context(), dir, quota, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { server.Stop() }()
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	put := func(key string) error {
		_, err := client.Put(t.Context(), key, strings.Repeat("x", 1<<20))
		return err
	}
	check := func() {
		t.Helper()
		if err := server.space.check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var stored int
	for ; stored < values && err == nil; stored++ {
		err = put(fmt.Sprintf("key-%d", stored))
	}
	if !errors.Is(err, rpctypes.ErrNoSpace) {
		t.Fatalf("after %d values of 1 MiB with a quota of 64: %v, want %v", stored, err, rpctypes.ErrNoSpace)
	}
	for range 3 {
		check()
		if !server.space.raised() {
			t.Fatal("the alarm has ended, and the database is full")
		}
		if err := put("more"); !errors.Is(err, rpctypes.ErrNoSpace) {
			t.Fatalf("a write into a full database: %v, want %v", err, rpctypes.ErrNoSpace)
		}
	}

	server.Stop()
	if server, err = Start(t.Context(), dir, 2*quota, zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	if err := put("more"); err != nil {
		t.Errorf("a write after a start with a larger quota: %v", err)
	}
	deleted, err := client.Delete(t.Context(), "key-", clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Compact(t.Context(), deleted.Header.Revision, clientv3.WithCompactPhysical()); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if server, err = Start(t.Context(), dir, quota, zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	if err := server.space.set(t.Context(), pb.AlarmRequest_ACTIVATE); err != nil { // as the next write would
		t.Fatal(err)
	}
	check() // defragments
	check()
	if err := put("after"); err != nil {
		t.Errorf("a write after what filled the database is gone: %v", err)
	}
	if size := server.space.server.Backend().Size(); size > quota/2 {
		t.Errorf("the database has %d bytes", size)
	}
}

func TestSpaceUnknown(t *testing.T) {
	failed := errors.New("no such disk")
	s := &space{free: func() (uint64, error) { return 0, failed }}
	if err := s.check(t.Context()); !errors.Is(err, failed) {
		t.Errorf("check() = %v, want %v", err, failed)
	}
}
