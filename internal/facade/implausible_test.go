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
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// plant stores a report as an adapter would by kubectl.
func plant(t *testing.T, cluster rest.Cluster, adapter string, generation int64, observed time.Time) {
	t.Helper()
	report := &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: v1.AdapterStatusName(cluster.Name, adapter)},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: v1.ClusterKind, Name: cluster.Name},
			Adapter:            adapter,
			ObservedGeneration: generation,
			ObservedTime:       v1.NewTimestamp(observed),
			Conditions:         []v1.AdapterCondition{{Type: v1.AvailableCondition, Status: metav1.ConditionFalse, Reason: "Planted"}},
		},
	}
	if err := suite.env.Client.Create(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	// The reconciler may delete it before anybody looks.
	if err := suite.replica.Reports.Index.WaitForResourceVersion(t.Context(), report.ResourceVersion); err != nil {
		t.Fatal(err)
	}
}

// A report that no adapter can have made does not keep the honest ones out.
func TestImplausibleReportIsReplaced(t *testing.T) {
	for name, planted := range map[string]struct {
		generation int64
		observed   time.Time
	}{
		"far future":        {1, time.Date(2999, 12, 31, 23, 59, 59, 0, time.UTC)},
		"an hour ahead":     {1, time.Now().Add(time.Hour)},
		"future generation": {2147483647, noon},
		"next generation":   {2, noon},
	} {
		for _, status := range []string{"True", "False", "Unknown"} {
			t.Run(name+" "+status, func(t *testing.T) {
				cluster := newCluster(t, "")
				plant(t, cluster, "dns", planted.generation, planted.observed)
				var recorded rest.AdapterStatus
				post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon.Add(time.Minute), status)).want(t, http.StatusCreated).decode(t, &recorded)
				if recorded.ObservedGeneration != 1 || string(recorded.Conditions[0].Status) != status {
					t.Errorf("recorded %+v", recorded)
				}
				post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon, status)).want(t, http.StatusNoContent)
			})
		}
	}
}

// plantOver stores a report over that of an adapter, as the adapter would by kubectl: one
// about a generation that the cluster does not have.
func plantOver(t *testing.T, cluster rest.Cluster, adapter string) {
	t.Helper()
	report := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: v1.AdapterStatusName(cluster.Name, adapter)}}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"observedGeneration":7}}`))
	if err := suite.env.Client.Patch(t.Context(), report, patch); err != nil {
		t.Fatal(err)
	}
}

// creationFails makes the creation of reports fail while it is set.
type creationFails struct {
	atomic.Bool
	next http.RoundTripper
}

func (c *creationFails) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.Load() && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/adapterstatuses") {
		return nil, errors.New("the connection is lost")
	}
	return c.next.RoundTrip(r)
}

// A report replaces an implausible one in two writes. If the second one fails, the adapter
// has no report, but what is known of it stays known.
func TestReplacingImplausibleReportFails(t *testing.T) {
	fails := &creationFails{}
	config := restclient.CopyConfig(suite.env.Config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		fails.next = next
		return fails
	})
	server, _ := newReplicaOf(t, config)
	send := func(path, body string) (status int) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+server.Address().String()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode
	}

	cluster := newCluster(t, "")
	path := cluster.Href + "/statuses"
	post(t, path, reportBody("extra", 1, noon, "True")).want(t, http.StatusCreated)
	known := condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful")
	plantOver(t, cluster, "extra")

	fails.Store(true)
	if status := send(path, reportBody("extra", 1, noon.Add(time.Minute), "False")); status != http.StatusServiceUnavailable {
		t.Fatalf("the report is answered with %d", status)
	}
	for _, report := range statuses(t, cluster.Href) {
		t.Errorf("%+v is still stored", report)
	}
	// The report of another adapter makes the reconciler look at all reports.
	post(t, path, reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
	if got := condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful"); got != known {
		t.Errorf("what is known of extra is %+v, want %+v as before", got, known)
	}

	fails.Store(false)
	if status := send(path, reportBody("extra", 1, noon.Add(time.Minute), "False")); status != http.StatusCreated {
		t.Fatalf("the report is answered with %d when it is sent again", status)
	}
	eventually(t, "the report counts", func() bool {
		got := condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful")
		return got.Status == "False" && got.CreatedTime.Equal(known.CreatedTime) && got.LastUpdatedTime.Equal(noon.Add(time.Minute))
	})
}

// An implausible report does not open the door to a report that is older than what is known.
func TestOutdatedReportOverImplausibleOne(t *testing.T) {
	cluster := newCluster(t, "")
	path := cluster.Href + "/statuses"
	post(t, path, reportBody("extra", 1, noon, "True")).want(t, http.StatusCreated)
	known := condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful")
	plantOver(t, cluster, "extra")
	for _, status := range []string{"True", "False", "Unknown"} {
		post(t, path, reportBody("extra", 1, noon.Add(-time.Second), status)).want(t, http.StatusNoContent)
	}
	if got := condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful"); got != known {
		t.Errorf("what is known of extra is %+v, want %+v as before", got, known)
	}
}
