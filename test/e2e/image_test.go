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

package e2e

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// TestImage builds the program as the Dockerfile does, from the files that .dockerignore
// admits, and runs it as the image does: it is the only file, and its user has no rights.
func TestImage(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the image is of Linux")
	}
	source, out := t.TempDir(), t.TempDir()
	copyContext(t, source)
	dockerfile := read(t, filepath.Join(root(), "Dockerfile"))
	build := regexp.MustCompile(`(?m)^RUN (make build .*)$`).FindStringSubmatch(dockerfile)
	if build == nil {
		t.Fatal("the Dockerfile does not run make build")
	}
	// Without -trimpath, the build reuses packages that the tests have compiled.
	line := strings.NewReplacer("BIN=/out", "BIN="+out, "GOFLAGS=-trimpath", "").Replace(build[1])
	command := exec.Command("bash", "-euc", line)
	command.Dir = source
	command.Env = append(os.Environ(), "VERSION=v1.2.3", "REVISION=0123abc")
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build[1], err, text)
	}
	program := filepath.Join(out, "hyperfleet")
	checkStatic(t, program)

	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"manager", "--help"}, "--adapters-config string"},
		{[]string{"manager"}, "--adapters-config is required"},
		{[]string{"kubectl", "version", "--client"}, "Client Version: v1.37"},
		{[]string{"version"}, "v1.2.3 (revision 0123abc, go"},
	} {
		command := exec.Command("/hyperfleet", test.args...)
		command.Env = []string{}
		command.Dir = "/"
		command.SysProcAttr = inside(out)
		text, _ := command.CombinedOutput() // one command fails
		if !strings.Contains(string(text), test.want) {
			t.Errorf("hyperfleet %q in an empty file system printed %q, want %q", test.args, text, test.want)
		}
	}
	t.Run("it serves by the image's own command", func(t *testing.T) { checkServer(t, out, dockerfile) })
}

// checkServer runs the Dockerfile's command in its environment, with other ports, and the
// built-in kubectl. The file system contains only the program and the volume.
func checkServer(t *testing.T, image, dockerfile string) {
	const volume = "/var/lib/hyperfleet"
	if err := os.MkdirAll(filepath.Join(image, volume), 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(filepath.Join(image, volume), imageUser, imageUser); err != nil {
			t.Fatal(err)
		}
	}
	var args []string
	_, line, _ := strings.Cut(dockerfile, "\nCMD ")
	line, _, _ = strings.Cut(line, "\n")
	if err := json.Unmarshal([]byte(line), &args); err != nil {
		t.Fatalf("the Dockerfile's command %q: %v", line, err)
	}
	environment := regexp.MustCompile(`(?m)^ENV (.*)$`).FindStringSubmatch(dockerfile)
	if environment == nil {
		t.Fatal("the Dockerfile sets no environment")
	}
	run := func(args ...string) *exec.Cmd {
		command := exec.Command("/hyperfleet", args...)
		command.Env, command.Dir, command.SysProcAttr = strings.Fields(environment[1]), "/", inside(image)
		return command
	}
	f := newFleet(t, oneProcess)
	server := run(append(args, "--kubernetes-bind-address="+f.kubernetes, "--facade-bind-address="+f.rest,
		"--health-probe-bind-address="+f.probes, "--metrics-bind-address="+f.scraped)...)
	var printed bytes.Buffer
	server.Stdout, server.Stderr = &printed, &printed
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill() }) // if the test fails
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	eventually(t, "the image's server is ready", func() bool {
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v\n%s", err, &printed)
		default:
		}
		response, err := http.Get("http://" + f.probes + "/readyz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	if out, err := run("kubectl", "create", "token", "dev").CombinedOutput(); err != nil || len(out) < 100 {
		t.Errorf("kubectl create token: %v\n%s", err, out)
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	limit := waitLimit(t)
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v after SIGTERM:\n%s", err, &printed)
		}
	case <-time.After(limit):
		t.Errorf("it still runs %s after SIGTERM", limit)
	}
}

// TestCompose: the compose file publishes the ports that the image's command listens on,
// and keeps the data directory in a volume.
func TestCompose(t *testing.T) {
	var compose struct {
		Services map[string]struct {
			Image   string
			Ports   []string
			Volumes []string
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal([]byte(readFile(t, "compose.yaml")), &compose); err != nil {
		t.Fatal(err)
	}
	service := compose.Services["hyperfleet"]
	dockerfile := readFile(t, "Dockerfile")
	for _, port := range service.Ports {
		parts := strings.Split(port, ":")
		if len(parts) != 3 || parts[0] != "127.0.0.1" {
			t.Errorf("the port %s is open to the network", port)
		}
		if !strings.Contains(dockerfile, ":"+parts[len(parts)-1]+`"`) {
			t.Errorf("the image's command does not listen on %s", parts[len(parts)-1])
		}
	}
	if len(service.Ports) != 2 {
		t.Errorf("ports are %q, want those of REST and of the Kubernetes API", service.Ports)
	}
	for _, volume := range service.Volumes {
		name, path, _ := strings.Cut(volume, ":")
		if _, ok := compose.Volumes[name]; !ok || !strings.Contains(dockerfile, "VOLUME "+path+"\n") {
			t.Errorf("the volume %s is not declared, or not the image's", volume)
		}
	}
}

// imageUser is the user of the image, and its group.
const imageUser = 65532

// inside makes a folder the root of a process's file system, and runs the process as the
// image's user. If the tests do not run as root, that user is mapped to theirs.
func inside(dir string) *syscall.SysProcAttr {
	as := &syscall.SysProcAttr{Chroot: dir, Credential: &syscall.Credential{Uid: imageUser, Gid: imageUser}}
	if os.Getuid() != 0 {
		as.Cloneflags = syscall.CLONE_NEWUSER
		as.UidMappings = []syscall.SysProcIDMap{{ContainerID: imageUser, HostID: os.Getuid(), Size: 1}}
		as.GidMappings = []syscall.SysProcIDMap{{ContainerID: imageUser, HostID: os.Getgid(), Size: 1}}
		as.Credential.NoSetGroups = true
	}
	return as
}

func checkStatic(t *testing.T, program string) {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary has a segment %s: it is not static", part.Type)
		}
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("v1.2.3")) {
		t.Error("the binary does not hold its version")
	}
}

// copyContext copies the files that .dockerignore admits. It excludes everything
// but the names with "!", and then the names below those.
func copyContext(t *testing.T, into string) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(read(t, filepath.Join(root(), ".dockerignore"))))
	var names []string
	for lines.Scan() {
		pattern, ok := strings.CutPrefix(lines.Text(), "!")
		if !ok {
			continue
		}
		found, err := filepath.Glob(filepath.Join(root(), pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf(".dockerignore admits %q, which matches no file: %v", pattern, err)
		}
		for _, path := range found {
			names = append(names, filepath.Base(path))
		}
	}
	for _, name := range names {
		from := filepath.Join(root(), name)
		info, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		if !info.IsDir() {
			if err := os.WriteFile(filepath.Join(into, name), []byte(read(t, from)), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.CopyFS(filepath.Join(into, name), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, out := range []string{"*_test.go", "testdata"} {
		removeAll(t, into, out)
	}
}

func removeAll(t *testing.T, dir, pattern string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ok, _ := filepath.Match(pattern, filepath.Base(path)); ok {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
			if pattern == "testdata" {
				return filepath.SkipDir
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
