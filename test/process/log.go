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
	"os"
	"path/filepath"
)

const (
	tailLines = 50       // enough to contain the message above a usage text
	tailBytes = 64 << 10 // enough for that many long lines
)

// createLog opens a new log and keeps the previous one, which explains a crash.
func createLog(spec Spec) (*os.File, error) {
	name := spec.LogFile()
	previous := filepath.Join(spec.Dir, spec.Name+".previous.log")
	if err := os.Rename(name, previous); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// tail returns the last lines of a file, or why it cannot read the file.
func tail(name string, lines int) string {
	file, err := os.Open(name)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err.Error()
	}
	content := make([]byte, min(info.Size(), tailBytes))
	n, err := file.ReadAt(content, info.Size()-int64(len(content)))
	if n == 0 && len(content) > 0 {
		return err.Error()
	}
	content = bytes.TrimRight(content[:n], "\n")
	if len(content) == 0 {
		return "(it is empty)"
	}
	start := len(content)
	for ; lines > 0 && start >= 0; lines-- {
		start = bytes.LastIndexByte(content[:start], '\n')
	}
	return string(content[start+1:])
}
