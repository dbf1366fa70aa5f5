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
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// TestSpace has the disk of a running etcd fill up and empty again.
func TestSpace(t *testing.T) {
	dir := t.TempDir()
	server, err := Start(t.Context(), dir, zap.NewNop())
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
	if server, err = Start(t.Context(), dir, zap.NewNop()); err != nil { // this disk has space
		t.Fatal(err)
	}
	if _, err := client.Put(t.Context(), key, "after a start", clientv3.WithPrevKV()); err != nil {
		t.Errorf("a write after a start with space: %v", err)
	}
}

func TestSpaceUnknown(t *testing.T) {
	failed := errors.New("no such disk")
	s := &space{free: func() (uint64, error) { return 0, failed }}
	if err := s.check(t.Context()); !errors.Is(err, failed) {
		t.Errorf("check() = %v, want %v", err, failed)
	}
}
