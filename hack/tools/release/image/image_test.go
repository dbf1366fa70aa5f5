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

package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const created = "2026-11-26T10:00:00+02:00"

var contents = map[string]string{"amd64": "the program for amd64", "arm64": "the program for arm64"}

// write runs the program for both architectures and returns the file that it writes.
func write(t *testing.T) string {
	t.Helper()
	output := filepath.Join(t.TempDir(), "image.tar")
	args := []string{"-output", output, "-version", "v1.2.3", "-revision", "0123abc", "-created", created}
	for _, architecture := range []string{"amd64", "arm64"} {
		file := filepath.Join(t.TempDir(), architecture)
		if err := os.WriteFile(file, []byte(contents[architecture]), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "linux/"+architecture+"="+file)
	}
	if err := run(args); err != nil {
		t.Fatal(err)
	}
	return output
}

// images returns the images in a file by architecture. It fails the test if the file is
// not a valid layout.
func images(t *testing.T, file string) map[string]v1.Image {
	t.Helper()
	folder := t.TempDir()
	unpack(t, file, folder)
	path, err := layout.FromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	outer, err := path.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(outer); err != nil {
		t.Error(err)
	}
	named, err := outer.IndexManifest()
	if err != nil || len(named.Manifests) != 1 || named.Manifests[0].Annotations[refName] != "v1.2.3" {
		t.Fatalf("the layout holds %+v (%v), want one index with the name v1.2.3", named, err)
	}
	index, err := outer.ImageIndex(named.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.Annotations[revisionLabel] != "0123abc" {
		t.Errorf("the index has the annotations %v", manifest.Annotations)
	}
	found := map[string]v1.Image{}
	for _, d := range manifest.Manifests {
		if d.Platform.OS != "linux" {
			t.Errorf("an image is for %s", d.Platform)
		}
		if found[d.Platform.Architecture], err = index.Image(d.Digest); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestImage(t *testing.T) {
	found := images(t, write(t))
	if len(found) != len(contents) {
		t.Errorf("%d images, want %d", len(found), len(contents))
	}
	for architecture, image := range found {
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if config.OS != "linux" || config.Architecture != architecture || config.Created.Format("15:04:05Z07:00") != "08:00:00Z" {
			t.Errorf("the image for %s is for %s/%s, created %s", architecture, config.OS, config.Architecture, config.Created)
		}
		files := extract(t, image)
		if got := files["hyperfleet"].content; got != contents[architecture] {
			t.Errorf("the image for %s holds %q", architecture, got)
		}
	}
}

// TestImageIsReproducible writes the image twice, from programs whose files have
// different names and times.
func TestImageIsReproducible(t *testing.T) {
	first, err := os.ReadFile(write(t))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(write(t))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("the same programs result in other bytes")
	}
}

func TestRunRefuses(t *testing.T) {
	complete := []string{"-output", filepath.Join(t.TempDir(), "image.tar"), "-version", "v1.2.3", "-revision", "0123abc", "-created", created}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no output":         {[]string{"-version", "v1.2.3", "-revision", "0123abc"}, "-output, -version and -revision are required"},
		"no time":           {complete[:6], "-created"},
		"no program":        {complete, "no program is named"},
		"another system":    {append(complete, "darwin/arm64=program"), "darwin/arm64=program"},
		"no architecture":   {append(complete, "linux=program"), "linux=program"},
		"no file":           {append(complete, "linux/amd64"), "linux/amd64"},
		"a missing program": {append(complete, "linux/amd64=missing"), "image for linux/amd64: open missing"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(test.args); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("run() = %v, want %q", err, test.want)
			}
		})
	}
}

type file struct {
	folder  bool
	content string
	mode    int64
	user    int
	group   int
}

// extract returns the files and folders of an image by name.
func extract(t *testing.T, image v1.Image) map[string]file {
	t.Helper()
	stream := mutate.Extract(image)
	defer func() { _ = stream.Close() }()
	files := map[string]file{}
	for header, content := range entries(t, stream) {
		files[header.Name] = file{header.Typeflag == tar.TypeDir, content, header.Mode, header.Uid, header.Gid}
	}
	return files
}

func unpack(t *testing.T, archive, folder string) {
	t.Helper()
	stream, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	for header, content := range entries(t, stream) {
		name := filepath.Join(folder, header.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func entries(t *testing.T, stream io.Reader) map[*tar.Header]string {
	t.Helper()
	found := map[*tar.Header]string{}
	reader := tar.NewReader(stream)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		found[header] = string(content)
	}
}

// TestImageIsTheDockerfile compares the image with the last stage of the Dockerfile.
func TestImageIsTheDockerfile(t *testing.T) {
	image := images(t, write(t))["amd64"]
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	stage := lastStage(t)
	if diff := cmp.Diff(stage.config, config.Config); diff != "" {
		t.Errorf("config (-Dockerfile +image):\n%s", diff)
	}
	files := extract(t, image)
	for name, found := range files {
		found.content = ""
		files[name] = found
	}
	if diff := cmp.Diff(stage.files, files, cmp.AllowUnexported(file{})); diff != "" {
		t.Errorf("files (-Dockerfile +image):\n%s", diff)
	}
}
