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
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// plant stores a report as an adapter would by kubectl.
func plant(t *testing.T, cluster rest.Cluster, adapter string, generation int64, observed time.Time) {
	t.Helper()
	report := planted(cluster, adapter, generation, observed)
	if err := suite.env.Client.Create(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	// The reconciler may delete it before a test reads it.
	if err := awaitVersion(t, suite.replica.Reports.Index, report.ResourceVersion); err != nil {
		t.Fatal(err)
	}
}

func planted(cluster rest.Cluster, adapter string, generation int64, observed time.Time) *v1.AdapterStatus {
	return &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: v1.AdapterStatusName(cluster.Name, adapter)},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: v1.ClusterKind, Name: cluster.Name},
			Adapter:            adapter,
			ObservedGeneration: generation,
			ObservedTime:       v1.NewTimestamp(observed),
			Conditions:         []v1.AdapterCondition{{Type: v1.AvailableCondition, Status: metav1.ConditionFalse, Reason: "Planted"}},
		},
	}
}

// A report that no adapter can have made does not block honest reports.
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

// plantOver replaces the report of an adapter, as the adapter would by kubectl, with a
// report about a generation that the cluster does not have.
func plantOver(t *testing.T, cluster rest.Cluster, adapter string) {
	t.Helper()
	report := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: v1.AdapterStatusName(cluster.Name, adapter)}}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"observedGeneration":7}}`))
	if err := suite.env.Client.Patch(t.Context(), report, patch); err != nil {
		t.Fatal(err)
	}
}

// hooks holds a function that is called before each request of a replica to the API server
// about a single report. An error of the function becomes the error of the request.
type hooks struct {
	next   http.RoundTripper
	before atomic.Pointer[func(method string) error]
}

func (h *hooks) RoundTrip(r *http.Request) (*http.Response, error) {
	if before := h.before.Load(); before != nil &&
		(strings.Contains(r.URL.Path, "/adapterstatuses/") || r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/adapterstatuses")) {
		if err := (*before)(r.Method); err != nil {
			return nil, err
		}
	}
	return h.next.RoundTrip(r)
}

// newHookedReplica starts another replica. send sends it a report and returns the status of
// the answer.
func newHookedReplica(t *testing.T) (send func(path, body string) (status int), h *hooks) {
	t.Helper()
	h = &hooks{}
	config := restclient.CopyConfig(suite.env.Config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		h.next = next
		return h
	})
	return newSender(t, config), h
}

func newSender(t *testing.T, config *restclient.Config, changes ...func(*replicaOptions)) func(path, body string) (status int) {
	t.Helper()
	server, _ := newReplicaOf(t, config, changes...)
	return func(path, body string) int {
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
}

// A report replaces an implausible one in two writes. If the second one fails, the
// adapter has no report, but its last result stays known.
func TestReplacingImplausibleReportFails(t *testing.T) {
	send, h := newHookedReplica(t)
	cluster := newCluster(t, "")
	path := cluster.Href + "/statuses"
	post(t, path, reportBody("extra", 1, noon, "True")).want(t, http.StatusCreated)
	known := condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful")
	plantOver(t, cluster, "extra")

	h.before.Store(new(func(method string) error {
		if method == http.MethodPost {
			return errors.New("the connection is lost")
		}
		return nil
	}))
	if status := send(path, reportBody("extra", 1, noon.Add(time.Minute), "False")); status != http.StatusServiceUnavailable {
		t.Fatalf("the report is answered with %d", status)
	}
	// The reads go to another replica, which learns of the deletion by its watch.
	eventually(t, "no report is stored", func() bool { return len(statuses(t, cluster.Href)) == 0 })
	aggregateAll(t, cluster)
	if got := condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful"); got != known {
		t.Errorf("what is known of extra is %+v, want %+v as before", got, known)
	}

	h.before.Store(nil)
	if status := send(path, reportBody("extra", 1, noon.Add(time.Minute), "False")); status != http.StatusCreated {
		t.Fatalf("the report is answered with %d when it is sent again", status)
	}
	eventually(t, "the report counts", func() bool {
		got := condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful")
		return got.Status == "False" && got.CreatedTime.Equal(known.CreatedTime) && got.LastUpdatedTime.Equal(noon.Add(time.Minute))
	})
}

// After the facade finds a report implausible, and before it deletes the report, the
// resource reaches the generation of the report. The conditions do not fall behind that
// generation.
func TestImplausibleReportBecomesPlausible(t *testing.T) {
	for name, known := range map[string]bool{"with a result": true, "without a result": false} {
		t.Run(name, func(t *testing.T) {
			send, h := newHookedReplica(t)
			cluster := newCluster(t, "")
			path := cluster.Href + "/statuses"
			if known {
				post(t, path, reportBody("extra", 1, noon, "True")).want(t, http.StatusCreated)
				plantOver(t, cluster, "extra")
			} else {
				plant(t, cluster, "extra", 7, noon)
			}
			reached := func() {
				for n := range 6 {
					stored := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: cluster.Name, Namespace: "default"}}
					patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"n":%d}}`, n))
					if err := suite.env.Client.Patch(t.Context(), stored, patch); err != nil {
						t.Error(err)
					}
				}
				eventually(t, "the planted report counts", func() bool {
					i := slices.IndexFunc(getCluster(t, cluster.ID).Status.Conditions, func(c rest.ResourceCondition) bool {
						return c.Type == "ExtraSuccessful" && c.ObservedGeneration == 7
					})
					return i >= 0
				})
			}
			h.before.Store(new(func(method string) error {
				if method == http.MethodDelete {
					reached()
				}
				return nil
			}))
			if status := send(path, reportBody("extra", 1, noon.Add(time.Minute), "False")); status != http.StatusCreated {
				t.Fatalf("the report is answered with %d", status)
			}
			aggregateAll(t, cluster)
			if got := condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful"); got.ObservedGeneration != 7 {
				t.Errorf("the condition went back to %+v", got)
			}
		})
	}
}

// aggregateAll makes the reconciler look at all reports on a cluster, and waits for that.
func aggregateAll(t *testing.T, cluster rest.Cluster) {
	t.Helper()
	post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
}

// A report that is older than the known result does not replace an implausible report.
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
	// Otherwise the reconciler would delete the planted report during another test.
	post(t, path, reportBody("extra", 1, noon.Add(time.Second), "True")).want(t, http.StatusCreated)
}

// TestReportWhileOthersInterfere has a newer report appear before each attempt to write a
// report, and disappear after it. The answer tells the adapter to try again, not that its
// report is wrong.
func TestReportWhileOthersInterfere(t *testing.T) {
	send, h := newHookedReplica(t)
	cluster := newCluster(t, "")
	path := cluster.Href + "/statuses"
	post(t, path, reportBody("extra", 1, noon.Add(time.Hour), "True")).want(t, http.StatusCreated)
	stale := reportBody("extra", 1, noon, "False")
	eventually(t, "the replica knows the newer report", func() bool { return send(path, stale) == http.StatusNoContent })
	newer := planted(cluster, "extra", 1, noon.Add(time.Hour))
	refused := false
	h.before.Store(new(func(method string) error {
		switch {
		case method == http.MethodPatch:
			refused = true
		case method == http.MethodGet && refused:
			refused = false
			return suite.env.Client.Delete(t.Context(), newer.DeepCopy())
		case method == http.MethodPost:
			return suite.env.Client.Create(t.Context(), newer.DeepCopy())
		}
		return nil
	}))
	if status := send(path, stale); status != http.StatusConflict {
		t.Errorf("answered with %d, want %d", status, http.StatusConflict)
	}
}

// A replica whose clock is late removes no honest report, even if no status shows the
// report.
func TestLateClockRemovesNothing(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	late := clocktesting.NewFakePassiveClock(now.Add(-time.Hour))
	send := newSender(t, suite.env.Config, func(o *replicaOptions) { o.Clock = late })
	cluster := newCluster(t, "")
	path := cluster.Href + "/statuses"
	post(t, path, reportBody("extra", 1, now, "Unknown")).want(t, http.StatusCreated)
	for _, status := range []string{"True", "Unknown"} {
		eventually(t, "the late replica knows the cluster", func() bool {
			answer := send(path, reportBody("extra", 1, late.Now(), status))
			if answer != http.StatusNoContent && answer != http.StatusNotFound {
				t.Fatalf("a report of a late clock, %s, is answered with %d", status, answer)
			}
			return answer == http.StatusNoContent
		})
	}
	if recorded := statuses(t, cluster.Href); len(recorded) != 1 || !recorded[0].LastReportTime.Equal(now) {
		t.Errorf("recorded are %+v, want the report of %s", recorded, now)
	}
}

// The clock was ahead and is set right. The next report replaces the result from that
// time, whether the report with that result is still recorded or was deleted.
func TestResultFromTheFuture(t *testing.T) {
	for name, recorded := range map[string]bool{"recorded": true, "deleted": false} {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t, "")
			now := time.Now().UTC().Truncate(time.Millisecond)
			ahead := now.AddDate(1, 0, 0)
			remember(t, cluster, ahead)
			if recorded {
				plant(t, cluster, "extra", 1, ahead)
			}
			post(t, cluster.Href+"/statuses", reportBody("extra", 1, now, "False")).want(t, http.StatusCreated)
			got := condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful")
			if got.Status != "False" || !got.LastUpdatedTime.Equal(now) || !got.LastTransitionTime.Equal(now) {
				t.Errorf("the condition is %+v, want False of %s", got, now)
			}
		})
	}
}

// remember stores ExtraSuccessful=True of that time, whose report was deleted.
func remember(t *testing.T, cluster rest.Cluster, at time.Time) {
	t.Helper()
	eventually(t, "the condition is stored", func() bool {
		stored := &v1.Cluster{}
		if err := suite.env.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: cluster.Name}, stored); err != nil {
			t.Fatal(err)
		}
		kept := fmt.Sprintf(`{"extra":["1@%s"]}`, at.Format(time.RFC3339Nano))
		if stored.Annotations[v1.KeptResultsAnnotation] != kept {
			stored.Annotations[v1.KeptResultsAnnotation] = kept
			_ = suite.env.Client.Update(t.Context(), stored) // the next attempt reads it again
			return false
		}
		if v1.FindCondition(stored.Status.Conditions, "ExtraSuccessful") != nil {
			return true
		}
		when := v1.NewTimestamp(at)
		stored.Status.Conditions = append(stored.Status.Conditions, v1.ResourceCondition{
			Type: "ExtraSuccessful", Status: metav1.ConditionTrue, ObservedGeneration: 1,
			CreatedTime: when, LastUpdatedTime: when, LastTransitionTime: when,
		})
		_ = suite.env.Client.Status().Update(t.Context(), stored)
		return false
	})
}
