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
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestReportOfLongStart checks the messages about a start that waits for half a minute.
func TestReportOfLongStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		c := &control{progress: func(line string) { lines = append(lines, line) }}
		stop := c.report("etcd reads its log")
		time.Sleep(3*reportInterval - time.Second)
		stop()
		time.Sleep(3 * reportInterval)
		synctest.Wait()
		want := []string{"Still starting after 10s: etcd reads its log", "Still starting after 20s: etcd reads its log"}
		if !slices.Equal(lines, want) {
			t.Errorf("progress is %q, want %q", lines, want)
		}
	})
}
