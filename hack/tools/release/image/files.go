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
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// refName is the annotation by which tools name an image in a layout.
const refName = "org.opencontainers.image.ref.name"

// openFiles returns the files of an image as a tar stream: the program, and the
// volume with the folders above it.
func openFiles(program string, modified time.Time) (io.ReadCloser, error) {
	file, err := os.Open(program)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	reader, writer := io.Pipe()
	go func() {
		defer func() { _ = file.Close() }()
		writer.CloseWithError(writeFiles(tar.NewWriter(writer), file, info.Size(), modified))
	}()
	return reader, nil
}

func writeFiles(to *tar.Writer, program io.Reader, size int64, modified time.Time) error {
	err := to.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: strings.TrimPrefix(programPath, "/"), Size: size, Mode: 0o755, ModTime: modified,
	})
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, program); err != nil {
		return err
	}
	var parents []string
	for folder := path.Dir(volume); folder != "/"; folder = path.Dir(folder) {
		parents = append([]string{folder}, parents...)
	}
	for _, folder := range append(parents, volume) {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: folder[1:] + "/", Mode: 0o755, ModTime: modified}
		if folder == volume {
			header.Uid, header.Gid = user, user
		}
		if err := to.WriteHeader(header); err != nil {
			return err
		}
	}
	return to.Close()
}

// writeLayout writes a tar file of an OCI image layout that contains the index under the
// name of the version.
func writeLayout(output string, index v1.ImageIndex, r release) (err error) {
	folder, err := os.MkdirTemp("", "hyperfleet-image-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	written, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	if err := written.AppendIndex(index, layout.WithAnnotations(map[string]string{refName: r.version})); err != nil {
		return fmt.Errorf("write the image layout: %w", err)
	}
	file, err := os.Create(output)
	if err != nil {
		return err
	}
	if err := archive(tar.NewWriter(file), folder, r.created); err != nil {
		_ = file.Close()
		return fmt.Errorf("write %s: %w", output, err)
	}
	return file.Close()
}

// archive writes the files of a folder in lexical order. Their modes and times do not
// depend on the machine.
func archive(to *tar.Writer, folder string, modified time.Time) error {
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(name), Size: int64(len(content)), Mode: 0o644, ModTime: modified}
		if err := to.WriteHeader(header); err != nil {
			return err
		}
		_, err = to.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	return to.Close()
}
