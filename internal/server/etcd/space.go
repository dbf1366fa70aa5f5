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
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

const (
	// reserve is how much of the disk must be free for writes. A write that finds no
	// space on the disk ends etcd. Between two checks, etcd may begin the next
	// file of its log, 64 MiB, and its database may grow by some steps of 16 MiB.
	reserve = 192 << 20
	// enough is how much must be free before writes are accepted again, so that they
	// do not stop at once.
	enough = 256 << 20
	// spaceInterval is the time between two checks.
	spaceInterval = time.Second
)

// space watches the free space of the disk. While there is little, it raises etcd's own
// alarm for that: etcd refuses what adds data, and answers everything else.
type space struct {
	server *etcdserver.EtcdServer
	free   func() (uint64, error)
	log    *zap.Logger
}

func newSpace(server *etcdserver.EtcdServer, dir string, log *zap.Logger) *space {
	return &space{server: server, free: func() (uint64, error) { return freeSpace(dir) }, log: log}
}

// WatchSpace checks the free space of the disk until the context ends.
func (s *Server) WatchSpace(ctx context.Context) error {
	ticker := time.NewTicker(spaceInterval)
	defer ticker.Stop()
	for {
		if err := s.space.check(ctx); err != nil && ctx.Err() == nil {
			s.space.log.Error("Failed to check the free space of the data directory", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// check raises the alarm, or ends it. The alarm is part of the data and outlives the
// process. etcd raises the same alarm when its database has reached the quota: then it
// stays.
func (s *space) check(ctx context.Context) error {
	free, err := s.free()
	if err != nil {
		return err
	}
	raised := s.raised()
	switch {
	case !raised && free < reserve:
		s.log.Error("The disk of the data directory is nearly full: writes are refused", zap.Uint64("freeBytes", free), zap.Uint64("neededBytes", enough))
		return s.set(ctx, pb.AlarmRequest_ACTIVATE)
	case raised && free >= enough && s.server.Backend().Size() < quota:
		s.log.Info("The disk of the data directory has space again: writes are accepted", zap.Uint64("freeBytes", free))
		return s.set(ctx, pb.AlarmRequest_DEACTIVATE)
	}
	return nil
}

func (s *space) raised() bool {
	for _, alarm := range s.server.Alarms() {
		if alarm.Alarm == pb.AlarmType_NOSPACE {
			return true
		}
	}
	return false
}

func (s *space) set(ctx context.Context, action pb.AlarmRequest_AlarmAction) error {
	_, err := s.server.Alarm(ctx, &pb.AlarmRequest{Action: action, MemberID: uint64(s.server.MemberID()), Alarm: pb.AlarmType_NOSPACE})
	if err != nil {
		return fmt.Errorf("%s the alarm for space: %w", action, err)
	}
	return nil
}

// freeSpace returns the bytes that this process may still write to the disk of a folder.
func freeSpace(dir string) (uint64, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return disk.Bavail * uint64(disk.Bsize), nil //nolint:gosec // a block has a positive size
}
