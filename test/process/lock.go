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
	"fmt"
	"os"
	"path/filepath"
)

// Lock is held by one process at a time.
type Lock struct{ file *os.File }

// RunningError says that another process holds the lock.
type RunningError struct {
	Dir string
	PID int // 0 if it is unreadable
}

func (e *RunningError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("already running in %s", e.Dir)
	}
	return fmt.Sprintf("already running in %s, as process %d", e.Dir, e.PID)
}

// AcquireLock takes the lock of a folder, and creates the folder. It returns a
// RunningError if another process holds the lock. The lock ends with the process.
func AcquireLock(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	locked, err := tryLock(file)
	if err == nil && !locked {
		pid, _ := readPID(file)
		err = &RunningError{Dir: dir, PID: pid}
	}
	if err == nil {
		err = writePID(file, os.Getpid())
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Lock{file: file}, nil
}

// Release releases the lock.
func (l *Lock) Release() error { return l.file.Close() }
