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
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// The facade writes the right values already, so that the API server need not mutate the
// objects, which is a large part of the cost of a write.
func TestPoliciesLeaveWhatIsWrittenAlone(t *testing.T) {
	href := newCluster(t, "").Href
	for name, available := range map[string][]string{
		"first":      {"True"},
		"heartbeat":  {"True", "True"},
		"transition": {"True", "False", "True"},
	} {
		t.Run("report: "+name, func(t *testing.T) {
			before := mutations(t, "hyperfleet-transition-times")
			for i, status := range available {
				report := reportBody(name, 1, noon.Add(time.Duration(i)*time.Minute), status)
				post(t, href+"/statuses", report).want(t, http.StatusCreated)
			}
			if n := mutations(t, "hyperfleet-transition-times") - before; n > 0 {
				t.Errorf("the API server made %d mutations of %d reports", n, len(available))
			}
		})
	}
	t.Run("report: a newer generation of an earlier time", func(t *testing.T) {
		for name, earlier := range map[string]time.Duration{"minutes": time.Minute, "day": 24 * time.Hour, "days": 24*time.Hour + time.Nanosecond} {
			cluster := newCluster(t, "")
			post(t, cluster.Href+"/statuses", reportBody(name, 1, noon, "True")).want(t, http.StatusCreated)
			call(t, http.MethodPatch, cluster.Href, `{"spec":{"n":1}}`).want(t, http.StatusOK)
			before := mutations(t, "hyperfleet-transition-times")
			post(t, cluster.Href+"/statuses", reportBody(name, 2, noon.Add(-earlier), "False")).want(t, http.StatusCreated)
			if n := mutations(t, "hyperfleet-transition-times") - before; n > 0 {
				t.Errorf("%s earlier: the API server made %d mutations", name, n)
			}
			want := noon
			if name == "days" {
				want = noon.Add(-earlier)
			}
			if got := storedReport(t, cluster, name).Spec.Conditions[0].LastTransitionTime; !got.Time.Equal(want) {
				t.Errorf("%s earlier: the transition is of %s, want %s", name, got, want)
			}
		}
	})
	// Meanwhile, the reconcilers change other objects, to which the policies apply. So the
	// test repeats the create until one without a mutation shows up.
	for _, policy := range []string{"hyperfleet-authorship", "hyperfleet-cascade"} {
		t.Run(policy, func(t *testing.T) {
			eventually(t, "a cluster and a nodepool are created without a mutation", func() bool {
				before := mutations(t, policy)
				newNodePool(t, newCluster(t, "").ID, "workers")
				return mutations(t, policy) == before
			})
		})
	}
}

// A replica whose index is behind foresees wrong times.
func TestTransitionTimeByReplicaThatIsBehind(t *testing.T) {
	replica, freeze := newReplica(t)
	cluster := newCluster(t, "")
	report := func(base string, observed time.Time, available string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+cluster.Href+"/statuses",
			strings.NewReader(reportBody("validator", 1, observed, available)))
		if err != nil {
			t.Fatal(err)
		}
		do(t, request).want(t, http.StatusCreated)
	}
	report(suite.base, noon, "True")
	eventually(t, "the replica knows the report", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, replica+cluster.Href+"/statuses", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		var list rest.AdapterStatusList
		if known := do(t, request); known.status == http.StatusOK {
			known.decode(t, &list)
		}
		return len(list.Items) == 1
	})
	freeze()
	report(suite.base, noon.Add(time.Hour), "False")
	report(replica, noon.Add(2*time.Hour), "True")

	stored := storedReport(t, cluster, "validator")
	if got, want := stored.Spec.Conditions[0].LastTransitionTime.Time, noon.Add(2*time.Hour); !got.Equal(want) {
		t.Errorf("lastTransitionTime is %s, want %s", got, want)
	}
	if got := stored.FirstObserved(); !got.Equal(noon) {
		t.Errorf("the first report was observed at %s, want %s", got, noon)
	}
}

func storedReport(t *testing.T, on rest.Cluster, adapter string) *v1.AdapterStatus {
	t.Helper()
	stored := &v1.AdapterStatus{}
	key := client.ObjectKey{Namespace: "default", Name: v1.AdapterStatusName(on.Name, adapter)}
	if err := suite.env.Client.Get(t.Context(), key, stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

func mutations(t *testing.T, policy string) int {
	t.Helper()
	n, err := suite.env.Mutations(t.Context(), policy)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
