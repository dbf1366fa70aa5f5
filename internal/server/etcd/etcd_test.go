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

package etcd

import (
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"go.uber.org/zap"
)

// TestNewerData starts etcd with the data of a version that does not exist yet.
func TestNewerData(t *testing.T) {
	dir := t.TempDir()
	server, err := Start(t.Context(), dir, DefaultQuota, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	server.Stop()
	database, err := bbolt.Open(filepath.Join(dataDir(dir), "member", "snap", "db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = database.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("cluster")).Put([]byte("clusterVersion"), []byte("9.9.0"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := database.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err = Start(t.Context(), dir, DefaultQuota, zap.NewNop()); err == nil || !strings.Contains(err.Error(), "a newer version of HyperFleet") {
		t.Errorf("Start() = %v, want an error that names a newer version", err)
	}
}
