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
	"compress/gzip"
	"fmt"
	"io"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The same values are in the Dockerfile: TestImageIsTheDockerfile compares them.
const (
	// programPath is the only file of the image.
	programPath = "/hyperfleet"
	// volume is the only folder of the image, which belongs to the user.
	volume = "/var/lib/hyperfleet"
	// user is the id of the user and of its group.
	user = 65532
)

const (
	titleLabel       = "org.opencontainers.image.title"
	descriptionLabel = "org.opencontainers.image.description"
	licensesLabel    = "org.opencontainers.image.licenses"
	sourceLabel      = "org.opencontainers.image.source"
	versionLabel     = "org.opencontainers.image.version"
	revisionLabel    = "org.opencontainers.image.revision"
)

// labels describe the image. The index has them as annotations.
func (r release) labels() map[string]string {
	return map[string]string{
		titleLabel:       "HyperFleet",
		descriptionLabel: "The API of a fleet of managed Kubernetes clusters",
		licensesLabel:    "Apache-2.0",
		sourceLabel:      "https://github.com/hyperfleet-io/hyperfleet",
		versionLabel:     r.version,
		revisionLabel:    r.revision,
	}
}

// config defines what a container runs, and how.
func (r release) config() v1.Config {
	id := strconv.Itoa(user)
	return v1.Config{
		User:       id + ":" + id,
		Env:        []string{"HOME=" + volume, "KUBECONFIG=" + volume + "/kubeconfig"},
		Entrypoint: []string{programPath},
		Cmd:        []string{"server", "--kubernetes-bind-address=0.0.0.0:6443", "--facade-bind-address=:8000"},
		Volumes:    map[string]struct{}{volume: {}},
		Labels:     r.labels(),
	}
}

// newIndex returns an index of the image for each platform.
func newIndex(r release, programs []program) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range programs {
		image, err := newImage(r, p)
		if err != nil {
			return nil, fmt.Errorf("image for %s: %w", p.platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &p.platform}})
	}
	return mutate.Annotations(index, r.labels()).(v1.ImageIndex), nil
}

func newImage(r release, p program) (v1.Image, error) {
	open := func() (io.ReadCloser, error) { return openFiles(p.file, r.created) }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer),
		tarball.WithCompressionLevel(gzip.DefaultCompression), tarball.WithCompressedCaching)
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: r.created}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: created, CreatedBy: "make release"},
	})
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created = p.platform.OS, p.platform.Architecture, created
	file.Config = r.config()
	return mutate.ConfigFile(image, file)
}
