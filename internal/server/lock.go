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

package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// LockedError reports which process uses a data directory.
type LockedError struct {
	Dir string
	PID int // 0 if it is unreadable
}

func (e *LockedError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("the data directory %s is in use by %s", e.Dir, holder)
}

// lock is the lock of a data directory. The system releases it when the process ends,
// however it ends.
type lock struct{ file *os.File }

// acquire takes the lock of a data directory, and creates the directory. It returns
// a LockedError if another process holds the lock.
func acquire(dir string) (*lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the data directory: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = &LockedError{Dir: dir, PID: holder(file)}
	case err == nil:
		err = record(file)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &lock{file: file}, nil
}

func (l *lock) release() error { return l.file.Close() }

func record(file *os.File) error {
	// In this order, the write needs no additional space on a full disk.
	n, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return errors.Join(err, file.Truncate(int64(n)))
}

func holder(file *os.File) int {
	content := make([]byte, 32)
	n, _ := file.ReadAt(content, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(content[:n])))
	if err != nil {
		return 0
	}
	return pid
}
