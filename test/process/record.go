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

package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// StopLeftover ends the process that an earlier run recorded under name in dir,
// if it still lives: by SIGTERM, and after the limit by SIGKILL. It returns the
// id of that process, 0 if there was none.
//
// A process id alone proves nothing, because the system may have reused it. The
// process inherited the lock on the record and holds it for exactly as long as it
// lives.
func StopLeftover(dir, name string, limit time.Duration) (int, error) {
	record, err := os.OpenFile(recordFile(dir, name), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for an earlier %s: %w", name, err)
	}
	defer record.Close()
	if free, err := tryLock(record); err != nil || free {
		return 0, err
	}
	pid, err := readPID(record)
	if err != nil {
		return 0, fmt.Errorf("an earlier %s still runs, but its process id is unreadable: %w", name, err)
	}
	for _, step := range []struct {
		signal syscall.Signal
		limit  time.Duration
	}{{syscall.SIGTERM, limit}, {syscall.SIGKILL, 5 * time.Second}} {
		if err := signalGroup(pid, step.signal); err != nil {
			return 0, fmt.Errorf("stop an earlier %s (process %d): %w", name, pid, err)
		}
		if gone, err := waitLock(record, step.limit); err != nil || gone {
			return pid, err
		}
	}
	return 0, fmt.Errorf("an earlier %s (process %d) does not end after SIGKILL", name, pid)
}

// StopLeftovers ends several processes in the order of their names, and returns
// the names of those it found.
func StopLeftovers(dir string, limit time.Duration, names ...string) ([]string, error) {
	var stopped []string
	for _, name := range names {
		pid, err := StopLeftover(dir, name, limit)
		if err != nil {
			return stopped, err
		}
		if pid != 0 {
			stopped = append(stopped, name)
		}
	}
	return stopped, nil
}

func recordFile(dir, name string) string { return filepath.Join(dir, name+".pid") }

func openRecord(dir, name string) (*os.File, error) {
	return os.OpenFile(recordFile(dir, name), os.O_RDWR|os.O_CREATE, 0o600)
}

// tryLock takes the file's exclusive lock if no other process holds it.
func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return true, nil
}

func waitLock(file *os.File, limit time.Duration) (bool, error) {
	for deadline := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		locked, err := tryLock(file)
		if err != nil || locked || time.Now().After(deadline) {
			return locked, err
		}
	}
}

func readPID(record *os.File) (int, error) {
	content := make([]byte, 32)
	n, err := record.ReadAt(content, 0)
	if n == 0 {
		return 0, err
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(content[:n])))
	if err == nil && pid <= 1 {
		err = fmt.Errorf("%d is not the id of a process group", pid)
	}
	return pid, err
}
