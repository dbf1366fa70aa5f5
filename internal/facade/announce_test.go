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

package facade_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/facade"
)

// Who is told of a report before it is written can wait for it, but not for ever.
func TestReportIsAnnounced(t *testing.T) {
	var announced, open atomic.Int32
	var early atomic.Bool // the last one was announced before it was written
	replica, _ := newReplica(t, func(o *facade.Options) {
		o.Announce = func(report *v1.AdapterStatus) func() {
			announced.Add(1)
			open.Add(1)
			stored := &v1.AdapterStatus{}
			err := suite.env.Client.Get(t.Context(), client.ObjectKeyFromObject(report), stored)
			early.Store(apierrors.IsNotFound(err) || err == nil && stored.Spec.ObservedTime.Before(report.Spec.ObservedTime.Time))
			return func() { open.Add(-1) }
		}
	})
	cluster := newCluster(t, "")
	eventually(t, "the replica knows the cluster", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, replica+cluster.Href, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return do(t, request).status == http.StatusOK
	})
	for i, step := range []struct {
		name   string
		report string
		status int
		early  bool
	}{
		{"the first", reportBody("validator", 1, noon, "True"), http.StatusCreated, true},
		{"a later one", reportBody("validator", 1, noon.Add(time.Minute), "True"), http.StatusCreated, true},
		{"a stale one", reportBody("validator", 1, noon.Add(-time.Minute), "True"), http.StatusNoContent, false},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, replica+cluster.Href+"/statuses", strings.NewReader(step.report))
		if err != nil {
			t.Fatal(err)
		}
		do(t, request).want(t, step.status)
		if n := int(announced.Load()); n != i+1 {
			t.Errorf("%s: %d reports were announced so far, want %d", step.name, n, i+1)
		}
		if got := early.Load(); got != step.early {
			t.Errorf("%s: announced before it was written: %t, want %t", step.name, got, step.early)
		}
		eventually(t, step.name+" is done with", func() bool { return open.Load() == 0 })
	}
}
