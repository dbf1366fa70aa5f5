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
	// enough is how much must be free before writes are accepted again. The difference
	// keeps them from stopping again at once.
	enough = 256 << 20
	// spaceInterval is the time between two checks.
	spaceInterval = time.Second
	// defragmentInterval is the least time between two defragmentations while the server
	// runs. Defragmenting 8 GiB takes about a minute, during which etcd does not answer.
	defragmentInterval = 10 * time.Minute
	// wasteful is how much of the database must be free pages before a start returns them
	// to the disk.
	wasteful = 1 << 30
)

// space watches the free space of the disk and of the quota. While there is little,
// etcd's own alarm for space is active: etcd refuses requests that add data, and answers
// all others.
type space struct {
	server *etcdserver.EtcdServer
	quota  int64
	free   func() (uint64, error)
	log    *zap.Logger

	defragmented time.Time // when the server last tried, while it ran
	full         bool      // whether the log says that the quota is used up
}

func newSpace(server *etcdserver.EtcdServer, dir string, quota int64, log *zap.Logger) *space {
	return &space{server: server, quota: quota, free: func() (uint64, error) { return freeSpace(dir) }, log: log}
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
// process. etcd raises the same alarm when a write would take its database to the quota.
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
	case raised && free >= enough:
		if !s.withinQuota() {
			return s.shrink(free)
		}
		s.full = false
		s.log.Info("The data directory has space again: writes are accepted", zap.Uint64("freeBytes", free))
		return s.set(ctx, pb.AlarmRequest_DEACTIVATE)
	}
	return nil
}

// withinQuota reports whether the database may grow by more than a few writes. etcd
// raises its alarm before the database has reached the quota, so the check needs a
// margin.
func (s *space) withinQuota() bool { return s.server.Backend().Size() < s.quota-s.quota/16 }

// shrink defragments a database that has reached its quota, if that frees enough of the
// quota. etcd keeps the pages of deleted and compacted data, and counts them toward the
// quota.
func (s *space) shrink(free uint64) error {
	size, inUse := s.server.Backend().Size(), s.server.Backend().SizeInUse()
	if inUse >= s.quota/4*3 {
		if !s.full {
			s.full = true
			s.log.Error("The database has reached its quota: writes are refused until compaction frees a quarter of it, or until a start with a larger --database-quota", zap.Int64("sizeInUseBytes", inUse), zap.Int64("quotaBytes", s.quota))
		}
		return nil
	}
	if time.Since(s.defragmented) < defragmentInterval || free < uint64(inUse)+enough { //nolint:gosec // a size is not negative
		return nil
	}
	s.defragmented = time.Now()
	s.log.Info("Defragmenting the database, which has reached its quota", zap.Int64("sizeBytes", size), zap.Int64("sizeInUseBytes", inUse), zap.Int64("quotaBytes", s.quota))
	if err := s.server.Backend().Defrag(); err != nil {
		return fmt.Errorf("defragment the database: %w", err)
	}
	return nil
}

// reclaim defragments a database of which more than half is free pages, before it serves.
func (s *space) reclaim() error {
	size, inUse := s.server.Backend().Size(), s.server.Backend().SizeInUse()
	free, err := s.free()
	if err != nil || inUse > size/2 || size-inUse < wasteful || free < uint64(inUse)+enough { //nolint:gosec // a size is not negative
		return err
	}
	s.log.Info("Defragmenting the database", zap.Int64("sizeBytes", size), zap.Int64("sizeInUseBytes", inUse))
	if err := s.server.Backend().Defrag(); err != nil {
		return fmt.Errorf("defragment the database: %w", err)
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
