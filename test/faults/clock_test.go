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

package faults

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// A wallClock shifts the time of day that a running process sees. The other clocks of the
// process, and the clocks of other processes, do not change. This simulates a change of
// the machine's clock, which a test must not make.
//
// A program reads the time with a function in its vDSO, which is code that the kernel
// maps into each process. The wallClock replaces the function by one that makes the
// system call, and adds seconds to the time of day. It changes only the process's own
// copy of the code.
type wallClock struct {
	memory *os.File
	added  int64 // address of the seconds
}

// replacement is the function, for amd64. The seconds are after it.
var replacement = []byte{
	0xb8, 0xe4, 0x00, 0x00, 0x00, // mov eax, 228 (clock_gettime)
	0x0f, 0x05, //                   syscall
	0x85, 0xff, //                   test edi, edi (CLOCK_REALTIME is 0)
	0x75, 0x0a, //                   jnz to the end
	0x48, 0x8b, 0x0d, 0x06, 0x00, 0x00, 0x00, // mov rcx, [the seconds]
	0x48, 0x01, 0x0e, //             add [rsi], rcx
	0xc3,       //                   ret
	0x00, 0x00, // alignment
}

// newWallClock replaces the clock of a process. A process that starts later has the
// machine's clock.
func newWallClock(t *testing.T, r *replica) *wallClock {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("not run: the replaced function is for amd64")
	}
	pid := r.current().PID()
	memory, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) {
		t.Skipf("not run: this user may not write to the memory of a process: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })
	from, code := vdso(t, pid, memory)
	function := symbol(t, code, "__vdso_clock_gettime")
	// After the code, the page contains only zeros.
	at := (len(bytes.TrimRight(code, "\x00")) + 63) &^ 7
	if at+len(replacement)+8 > len(code) {
		t.Skip("not run: the vDSO has no space for another function")
	}
	jump := binary.LittleEndian.AppendUint32([]byte{0xe9}, uint32(int32(at-function-5)))
	for { // until no thread is executing the replaced code
		r.signal(t, syscall.SIGSTOP)
		entry := uint64(from) + uint64(function)
		inside := slices.ContainsFunc(counters(t, pid), func(pc uint64) bool { return pc > entry && pc < entry+uint64(len(jump)) })
		if !inside {
			break
		}
		r.signal(t, syscall.SIGCONT)
	}
	defer r.signal(t, syscall.SIGCONT)
	clock := &wallClock{memory: memory, added: from + int64(at+len(replacement))}
	for offset, content := range map[int64][]byte{int64(at): replacement, int64(function): jump} {
		if _, err := memory.WriteAt(content, from+offset); err != nil {
			t.Skipf("not run: the vDSO cannot be written: %v", err)
		}
	}
	return clock
}

// set sets how far the clock is ahead of the machine's.
func (c *wallClock) set(t *testing.T, ahead time.Duration) {
	t.Helper()
	seconds := binary.LittleEndian.AppendUint64(nil, uint64(ahead/time.Second))
	if _, err := c.memory.WriteAt(seconds, c.added); err != nil {
		t.Fatal(err)
	}
}

// vdso returns the address and the content of a process's vDSO.
func vdso(t *testing.T, pid int, memory *os.File) (from int64, code []byte) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		var to int64
		if !strings.HasSuffix(strings.TrimSpace(line), "[vdso]") {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			t.Fatal(err)
		}
		code = make([]byte, to-from)
		if _, err := memory.ReadAt(code, from); err != nil {
			t.Fatal(err)
		}
		return from, code
	}
	t.Skip("not run: the process has no vDSO")
	return 0, nil
}

// symbol returns the offset of a function of the vDSO.
func symbol(t *testing.T, code []byte, name string) int {
	t.Helper()
	file, err := elf.NewFile(bytes.NewReader(code))
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if s.Name == name {
			return int(s.Value)
		}
	}
	t.Fatalf("the vDSO has no %s", name)
	return 0
}

// counters waits until all threads of a process have stopped, and returns their program
// counters.
func counters(t *testing.T, pid int) (all []uint64) {
	t.Helper()
	eventually(t, "the process has stopped", func() bool {
		all = nil
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, thread := range threads {
			stat, err := os.ReadFile(filepath.Join(thread, "stat"))
			if err != nil || !strings.Contains(string(stat), ") T ") {
				return false
			}
			// The last field is the program counter.
			text, err := os.ReadFile(filepath.Join(thread, "syscall"))
			fields := strings.Fields(string(text))
			var pc uint64
			if err != nil || len(fields) == 0 {
				return false
			}
			if _, err := fmt.Sscanf(fields[len(fields)-1], "0x%x", &pc); err != nil {
				return false
			}
			all = append(all, pc)
		}
		return len(all) > 0
	})
	return all
}

// TestClockJumps sets the server's clock ahead by an hour and back again, while its
// clients' clocks are right.
func TestClockJumps(t *testing.T) {
	onlyLong(t)
	s := startServer(t, serverConfig{})
	s.strike(t, fault{name: "the clock jumps", strike: func(t *testing.T, s *stack, w *workload) {
		server := s.replicas[0]
		clock := newWallClock(t, server)
		before := server.current()
		for range 3 {
			clock.set(t, time.Hour)
			s.wantClock(t, time.Hour)
			w.progress(t, 100)
			clock.set(t, 0)
			s.wantClock(t, 0)
			w.progress(t, 100)
		}
		if server.current() != before {
			t.Error("the server has ended because its clock has jumped")
		}
	}}, "clock")
}

// TestClockAhead reports while the clock of the machine is ahead by an hour, and after it
// is set right: over REST, and by an object that replaces one from that hour. The later
// reports must count.
func TestClockAhead(t *testing.T) {
	onlyLong(t)
	s := startServer(t, serverConfig{})
	server := s.replicas[0]
	clock := newWallClock(t, server)
	clock.set(t, time.Hour)
	s.wantClock(t, time.Hour)
	var cluster struct{ ID string }
	if a := server.call("POST", clustersPath, `{"kind":"Cluster","name":"ahead","spec":{}}`); a.status != 201 || json.Unmarshal(a.body, &cluster) != nil {
		t.Fatalf("create a cluster: %s", a)
	}
	path := clustersPath + "/" + cluster.ID
	report := func(adapter, available string) { // with the server's time
		t.Helper()
		body := fmt.Sprintf(`{"adapter":%q,"observed_generation":1,"conditions":[{"type":"Available","status":%q}]}`, adapter, available)
		if a := server.call("POST", path+"/statuses", body); a.status != 201 {
			t.Fatalf("report of %s: %s", adapter, a)
		}
	}
	shows := func(conditionType, status string) bool {
		var shown struct {
			Status struct {
				Conditions []struct{ Type, Status string }
			}
		}
		a := server.call("GET", path, "")
		return json.Unmarshal(a.body, &shown) == nil && slices.Contains(shown.Status.Conditions, struct{ Type, Status string }{conditionType, status})
	}
	report("dns", "True")
	report("validator", "True")
	clock.set(t, 0)
	s.wantClock(t, 0)

	report("dns", "False")
	eventually(t, "the report over REST counts", func() bool { return shows("DnsSuccessful", "False") })
	eventually(t, "a report by an object counts", func() bool {
		object := &v1.AdapterStatus{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: v1.AdapterStatusName("ahead", "validator")},
			Spec: v1.AdapterStatusSpec{
				ResourceRef: v1.ResourceReference{Kind: v1.ClusterKind, Name: "ahead"}, Adapter: "validator",
				ObservedGeneration: 1, ObservedTime: v1.NewTimestamp(time.Now()),
				Conditions: []v1.AdapterCondition{{Type: v1.AvailableCondition, Status: metav1.ConditionFalse}},
			},
		}
		_ = s.admin.Create(t.Context(), object) // either the object of that hour still exists, or this one is created
		return shows("ValidatorSuccessful", "False")
	})
}

// wantClock checks how far the server's clock is ahead, by the timestamp of an error.
func (s *stack) wantClock(t *testing.T, ahead time.Duration) {
	t.Helper()
	var problem struct{ Timestamp time.Time }
	a := s.replicas[0].call("GET", "/nowhere", "")
	if err := json.Unmarshal(a.body, &problem); err != nil {
		t.Fatalf("%v: %s", err, a)
	}
	if off := time.Until(problem.Timestamp) - ahead; off.Abs() > time.Minute {
		t.Fatalf("the server's clock is %s off", off)
	}
}
