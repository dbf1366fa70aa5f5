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
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Spec describes the program to run. Name is unique within Dir, which contains the log,
// <Name>.log, and the record of the running process, <Name>.pid.
type Spec struct {
	Name string
	Dir  string
	Path string
	Args []string
}

// LogFile returns the file of the program's standard output and error. The log of the
// previous run is next to it, as <Name>.previous.log.
func (s Spec) LogFile() string { return filepath.Join(s.Dir, s.Name+".log") }

// Process is a program that was started.
type Process struct {
	spec Spec
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait; set before done is closed
}

// Start starts the program without standard input, and in a process group of its
// own, which a terminal's Ctrl-C does not reach. It fails if the process that is
// recorded in Dir still runs.
func Start(spec Spec) (*Process, error) {
	if err := os.MkdirAll(spec.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	record, err := openRecord(spec.Dir, spec.Name)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	// The child inherits the record with its lock. The lock is held for as long
	// as the child lives, even if this process dies.
	defer record.Close()
	if locked, err := tryLock(record); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	} else if !locked {
		return nil, fmt.Errorf("start %s: it is running already", spec.Name)
	}
	log, err := createLog(spec)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	defer log.Close()

	cmd := exec.Command(spec.Path, spec.Args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{record}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	p := &Process{spec: spec, cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := writePID(record, cmd.Process.Pid); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", spec.Name, err), p.Kill())
	}
	return p, nil
}

// Name returns the Spec's name.
func (p *Process) Name() string { return p.spec.Name }

// PID returns the process id, which is also the id of the process group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done returns a channel that is closed once the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitError reports that a process ended, and how.
type ExitError struct {
	Name    string
	State   string // "exit status 1", "signal: killed"
	LogFile string
	Log     string // the log's last lines
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("%s ended by itself (%s); the last lines of %s:\n%s", e.Name, e.State, e.LogFile, e.Log)
}

// Exited returns an ExitError if the process has ended, and nil while it runs.
func (p *Process) Exited() error {
	select {
	case <-p.done:
	default:
		return nil
	}
	state := "exit status 0"
	if p.err != nil {
		state = p.err.Error()
	}
	return &ExitError{Name: p.spec.Name, State: state, LogFile: p.spec.LogFile(), Log: tail(p.spec.LogFile(), tailLines)}
}

// Signal sends a signal to the process group.
func (p *Process) Signal(signal syscall.Signal) error {
	if err := signalGroup(p.PID(), signal); err != nil {
		return fmt.Errorf("signal %s: %w", p.spec.Name, err)
	}
	return nil
}

// Stop sends SIGTERM and waits for the process. After the limit it kills the
// process.
func (p *Process) Stop(limit time.Duration) error {
	if p.Exited() != nil {
		return nil
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(limit):
		return p.Kill()
	}
}

// Kill ends the process by SIGKILL, like a crash, and waits until it has ended.
func (p *Process) Kill() error {
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return nil
}

// signalGroup signals a process group. A group that no longer exists counts as signaled.
func signalGroup(pid int, signal syscall.Signal) error {
	if err := syscall.Kill(-pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func writePID(record *os.File, pid int) error {
	if err := record.Truncate(0); err != nil {
		return err
	}
	_, err := record.WriteAt([]byte(strconv.Itoa(pid)+"\n"), 0)
	return err
}
