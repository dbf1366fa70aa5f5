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
	"os"
	"testing"
)

func TestLock(t *testing.T) {
	dir := t.TempDir()
	held, err := acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	// A second open file has its own lock, as if another process had opened it.
	var locked *LockedError
	if _, err := acquire(dir); !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("acquire() = %v, want a LockedError with this process's id", err)
	}
	if err := held.release(); err != nil {
		t.Fatal(err)
	}
	again, err := acquire(dir)
	if err != nil {
		t.Fatalf("acquire() after the release: %v", err)
	}
	if err := again.release(); err != nil {
		t.Fatal(err)
	}
}
