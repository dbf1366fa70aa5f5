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

package docs

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// Helpers are functions for the commands of a page that its readers do not see. Run them
// in a Shell to define them there.
//
//go:embed helpers.sh
var Helpers string

// A Shell runs commands one after the other. Each command has the variables, the
// functions and the current folder that the previous one left.
type Shell struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
	stop    context.CancelFunc
}

// end ends the output of commands. A status follows.
const end = "\x01status "

// NewShell starts bash in a folder with environment variables. It ends with ctx.
func NewShell(ctx context.Context, folder string, environment []string) (*Shell, error) {
	ctx, stop := context.WithCancel(ctx)
	s := &Shell{command: exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-s"), stop: stop}
	s.command.Dir, s.command.Env = folder, environment
	// Programs that bash has started end with it.
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.command.Cancel = func() error { return syscall.Kill(-s.command.Process.Pid, syscall.SIGKILL) }
	output, err := s.command.StdoutPipe()
	if err == nil {
		s.output = bufio.NewReader(output)
		s.input, err = s.command.StdinPipe()
	}
	if err == nil {
		err = s.command.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("start a shell: %w", err)
	}
	return s, nil
}

// Run runs commands. It returns their output, including standard error, and the status of
// the last one. The shell ends if ctx is done before the commands are.
func (s *Shell) Run(ctx context.Context, commands string) (output string, status int, err error) {
	defer context.AfterFunc(ctx, s.stop)()
	// Otherwise, commands that read would read the next commands as their input.
	if _, err := fmt.Fprintf(s.input, "{\n%s\n} </dev/null 2>&1\nprintf '\\n%s%%d\\n' $?\n", commands, end); err != nil {
		return "", 0, fmt.Errorf("write to the shell: %w", err)
	}
	var printed strings.Builder
	for {
		line, err := s.output.ReadString('\n')
		if err != nil {
			return printed.String(), 0, fmt.Errorf("the shell has ended: %w", err)
		}
		text, ok := strings.CutPrefix(line, end)
		if !ok {
			printed.WriteString(line)
			continue
		}
		status, err = strconv.Atoi(strings.TrimSpace(text))
		return strings.TrimSuffix(printed.String(), "\n"), status, err
	}
}

// Close ends the shell.
func (s *Shell) Close() {
	s.stop()
	_ = s.command.Wait() // it was killed
}
