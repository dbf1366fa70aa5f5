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

package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A descriptor names a blob of an OCI image layout.
type descriptor struct {
	Digest   string
	Platform struct{ OS, Architecture string }
}

// checkImage checks that the image of each platform contains the platform's program and
// names what it was built from. The tests of hack/tools/release check everything else.
func checkImage(t *testing.T, dir, revision string) {
	t.Helper()
	blobs := tarFiles(t, filepath.Join(dir, "dist", "hyperfleet_v1.2.3_image.tar"))
	blob := func(d descriptor) []byte { return blobs["blobs/"+strings.Replace(d.Digest, ":", "/", 1)] }
	var outer, index struct{ Manifests []descriptor }
	decode(t, blobs["index.json"], &outer)
	decode(t, blob(outer.Manifests[0]), &index)
	if len(index.Manifests) != 2 {
		t.Fatalf("the image is for %d platforms, want 2", len(index.Manifests))
	}
	for _, of := range index.Manifests {
		var manifest struct {
			Config descriptor
			Layers []descriptor
		}
		decode(t, blob(of), &manifest)
		var config struct {
			Config struct{ Labels map[string]string }
		}
		decode(t, blob(manifest.Config), &config)
		labels := config.Config.Labels
		if labels["org.opencontainers.image.version"] != version || labels["org.opencontainers.image.revision"] != revision {
			t.Errorf("the image for %s has the labels %v", of.Platform.Architecture, labels)
		}
		layer, err := gzip.NewReader(bytes.NewReader(blob(manifest.Layers[0])))
		if err != nil {
			t.Fatal(err)
		}
		program := artifact(t, dir, "hyperfleet_v1.2.3_linux_"+of.Platform.Architecture)
		if string(untar(t, layer)["hyperfleet"]) != program {
			t.Errorf("the image for %s holds another program", of.Platform.Architecture)
		}
	}
}

func tarFiles(t *testing.T, name string) map[string][]byte {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	return untar(t, file)
}

func untar(t *testing.T, stream io.Reader) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	reader := tar.NewReader(stream)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}

func decode(t *testing.T, content []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}
