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
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// previous is the folder with the data and objects of the previous release, which
// hack/previous-release.sh makes.
const previous = "testdata/previous"

// TestUpgradeOfServer starts the program with the data directory of the previous
// release.
func TestUpgradeOfServer(t *testing.T) {
	f := newFleet(t, oneProcess)
	unpack(t, "server.tar.gz", f.dir)
	token := readLog(t, filepath.Join(f.dir, "pki", "tokens.csv"))
	f.start(t)
	f.checkUpgrade(t, "server.json")
	if readLog(t, filepath.Join(f.dir, "pki", "tokens.csv")) != token {
		t.Error("the administrator has another token")
	}
}

// TestUpgradeOfManager installs the manifests over those of the previous release, as the
// documentation says, and starts the manager.
func TestUpgradeOfManager(t *testing.T) {
	f := newFleet(t, besideAPIServer)
	left := t.TempDir()
	unpack(t, "manager.tar.gz", left)
	if out, err := f.program("server", "snapshot", "restore", filepath.Join(left, "snapshot.db"), "--data-dir="+f.dir).CombinedOutput(); err != nil {
		t.Fatalf("restore: %v\n%s", err, out)
	}
	f.startBareControlPlane(t)
	want := objectsIn(t, "manager.json")
	if diff := cmp.Diff(want, f.objects(t)); diff != "" {
		t.Fatalf("the previous release's objects (-recorded +restored):\n%s", diff)
	}
	f.kubectl(t, "", "apply", "--server-side", "-k", filepath.Join("config", "default"))
	if diff := cmp.Diff(want, f.objects(t)); diff != "" {
		t.Errorf("the manifests change objects (-before +after):\n%s", diff)
	}
	f.start(t, "--adapters-config="+filepath.Join(left, "adapters.yaml"))
	f.checkUpgrade(t, "manager.json")
}

// checkUpgrade checks that the objects are unchanged after everything was reconciled,
// including their resource versions, and that deletions and creations work.
func (f *fleet) checkUpgrade(t *testing.T, file string) {
	t.Helper()
	want := objectsIn(t, file)
	f.awaitReconciled(t, want)
	if diff := cmp.Diff(want, f.objects(t)); diff != "" {
		t.Errorf("the upgrade changes objects (-before +after):\n%s", diff)
	}

	leaving := want["Cluster/leaving"]
	href := api + "/clusters/" + leaving["status"].(object)["id"].(string)
	generation := int(leaving["metadata"].(object)["generation"].(float64))
	f.waits(t, href, "Finalizing", "dns: at generation 1")
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", finalized("dns", "True", generation, now()))
	f.gone(t, href)
	f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"spec":{},"name":"later"}`)

	for _, name := range []string{"Cluster/leaving", "AdapterStatus/leaving.dns", "AdapterStatus/leaving.validator"} {
		delete(want, name)
	}
	got := f.objects(t)
	delete(got, "Cluster/later")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the end of one Cluster changes others (-before +after):\n%s", diff)
	}
}

// awaitReconciled waits until each object has been reconciled and nothing is left to do.
func (f *fleet) awaitReconciled(t *testing.T, objects map[string]object) {
	t.Helper()
	counts := map[string]float64{}
	for name := range objects {
		kind, _, _ := strings.Cut(name, "/")
		counts[strings.ToLower(kind)]++
	}
	delete(counts, "adapterstatus") // a report is reconciled with its parent
	eventually(t, "everything is reconciled", func() bool {
		shown, err := process.Metrics(t.Context(), http.DefaultClient, "http://"+f.scraped+"/metrics")
		if err != nil {
			t.Fatal(err)
		}
		for controller, objects := range counts {
			if sum(shown["controller_runtime_reconcile_total"], controller) < objects ||
				sum(shown["controller_runtime_active_workers"], controller) > 0 || sum(shown["workqueue_depth"], controller) > 0 {
				return false
			}
		}
		return true
	})
}

// sum adds up the series of a controller.
func sum(family *dto.MetricFamily, controller string) (total float64) {
	for _, metric := range family.GetMetric() {
		for _, label := range metric.GetLabel() {
			if label.GetName() == "controller" && label.GetValue() == controller {
				total += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return total
}

// objects returns all Clusters, NodePools and AdapterStatuses by kind and name, as
// kubectl sees them.
func (f *fleet) objects(t *testing.T) map[string]object {
	t.Helper()
	var list struct{ Items []object }
	if err := json.Unmarshal([]byte(f.kubectl(t, "", "get", "hfc,hfnp,hfas", "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	return byName(list.Items)
}

func objectsIn(t *testing.T, file string) map[string]object {
	t.Helper()
	var items []object
	if err := json.Unmarshal([]byte(readLog(t, filepath.Join(previous, file))), &items); err != nil {
		t.Fatal(err)
	}
	return byName(items)
}

func byName(items []object) map[string]object {
	named := map[string]object{}
	for _, item := range items {
		named[item["kind"].(string)+"/"+item["metadata"].(object)["name"].(string)] = item
	}
	return named
}

// unpack unpacks an archive of the previous release.
func unpack(t *testing.T, archive, into string) {
	t.Helper()
	file, err := os.Open(filepath.Join(previous, archive))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	uncompressed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for reader := tar.NewReader(uncompressed); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(into, header.Name)
		if header.FileInfo().IsDir() {
			if err := os.MkdirAll(name, 0o700); err != nil {
				t.Fatal(err)
			}
			continue
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, header.FileInfo().Mode()); err != nil {
			t.Fatal(err)
		}
	}
}
