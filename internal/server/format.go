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
	"context"
	"encoding/json"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
	utilversion "k8s.io/apimachinery/pkg/util/version"
	kubeversion "k8s.io/component-base/version"
)

// formatKey is the key of the data's format in etcd. The format is stored with the data,
// so a snapshot contains it too. The key is outside of the API server's prefix.
const formatKey = "/hyperfleet/format"

// formatVersion is the version of HyperFleet's own storage format. It increases when a
// program that supports only the previous version would misread the data.
const formatVersion = 1

// format records which programs can read the data.
type format struct {
	// Version is the formatVersion of the newest program that wrote the data.
	Version int `json:"version"`
	// Kubernetes is the minor version of that program's API server, which may have stored
	// objects in an API version that earlier API servers do not support.
	Kubernetes string `json:"kubernetes"`
	// Program is the program's own version, for messages.
	Program string `json:"program"`
}

// NewerDataError reports that a newer program has written the data.
type NewerDataError struct {
	Program string // the version of the program that wrote the data
	What    string // what this program does not support
}

func (e *NewerDataError) Error() string {
	return fmt.Sprintf("the data were written by HyperFleet %s, which is newer than this program: %s", e.Program, e.What)
}

// current returns the format that this program writes.
func current(program string) format {
	return format{Version: formatVersion, Kubernetes: kubeversion.DefaultKubeBinaryVersion, Program: program}
}

// check returns a NewerDataError if this program cannot read the stored format.
func (f format) check(stored format) error {
	if stored.Version > f.Version {
		return &NewerDataError{stored.Program, fmt.Sprintf("their format is %d, and this program knows up to %d", stored.Version, f.Version)}
	}
	theirs, err := utilversion.ParseGeneric(stored.Kubernetes)
	if err != nil {
		return fmt.Errorf("format of the data: %w", err)
	}
	ours, err := utilversion.ParseGeneric(f.Kubernetes)
	if err != nil {
		return err
	}
	if ours.LessThan(theirs) {
		return &NewerDataError{stored.Program, fmt.Sprintf("their API server is of Kubernetes %s, and this program's of %s", stored.Kubernetes, f.Kubernetes)}
	}
	return nil
}

// claim checks the format of the data and records the format of this program.
func claim(ctx context.Context, etcd *clientv3.Client, ours format) error {
	response, err := etcd.Get(ctx, formatKey)
	if err != nil {
		return fmt.Errorf("read the format of the data: %w", err)
	}
	content, err := json.Marshal(ours)
	if err != nil {
		return err
	}
	if len(response.Kvs) > 0 {
		var stored format
		if err := json.Unmarshal(response.Kvs[0].Value, &stored); err != nil {
			return fmt.Errorf("format of the data: %w", err)
		}
		if err := ours.check(stored); err != nil || stored == ours {
			return err
		}
	}
	if _, err := etcd.Put(ctx, formatKey, string(content)); err != nil {
		return fmt.Errorf("record the format of the data: %w", err)
	}
	return nil
}
