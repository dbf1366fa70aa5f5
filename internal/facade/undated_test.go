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
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// slowReplica starts a replica whose clock is behind.
func slowReplica(t *testing.T, behind time.Duration) (base string, freeze func()) {
	t.Helper()
	return newReplica(t, func(o *replicaOptions) {
		o.Clock = clocktesting.NewFakePassiveClock(time.Now().Add(-behind))
		o.WriteVisibility = 100 * time.Millisecond
	})
}

// undatedBody returns a report without observed_time, as older clients send it.
func undatedBody(generation int, status string) string {
	return fmt.Sprintf(`{"adapter":"extra","observed_generation":%d,"conditions":[{"type":"Available","status":%q}]}`, generation, status)
}

// sendTo posts a body to a replica, and returns the status and, for an error, the
// problem.
func sendTo(t *testing.T, base, path, body string) (int, rest.Problem) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	var said rest.Problem
	if response.StatusCode >= http.StatusBadRequest {
		err = json.NewDecoder(response.Body).Decode(&said)
	}
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, said
}

// TestUndatedReport sends a report without a time to a replica. Its clock is behind the
// clock of the replica that wrote the recorded report. The newer report counts.
func TestUndatedReport(t *testing.T) {
	for name, isBehind := range map[string]bool{"index is current": false, "index is behind": true} {
		t.Run(name, func(t *testing.T) {
			slow, freeze := slowReplica(t, 2*time.Minute)
			cluster := newCluster(t, "")
			path := cluster.Href + "/statuses"
			eventually(t, "the replica knows the cluster", func() bool {
				status, _ := sendTo(t, slow, path, strings.Replace(undatedBody(1, "True"), "extra", "other", 1))
				return status == http.StatusCreated
			})
			if isBehind {
				freeze()
			}
			post(t, path, undatedBody(1, "True")).want(t, http.StatusCreated)
			known := storedReport(t, cluster, "extra").Spec.ObservedTime
			if !isBehind {
				eventually(t, "the replica knows the report", func() bool {
					response, err := http.Get(slow + path)
					if err != nil {
						return false
					}
					var list rest.AdapterStatusList
					err = errors.Join(json.NewDecoder(response.Body).Decode(&list), response.Body.Close())
					return err == nil && list.Total == 2
				})
			}
			for n, status := range []string{"False", "True", "False"} {
				if got, said := sendTo(t, slow, path, undatedBody(1, status)); got != http.StatusCreated {
					t.Fatalf("%s: answered with %d %+v", status, got, said)
				}
				stored := storedReport(t, cluster, "extra").Spec
				if want := known.Add(time.Duration(n + 1)); string(stored.Conditions[0].Status) != status || !stored.ObservedTime.Time.Equal(want) {
					t.Errorf("stored %s at %s, want %s at %s", stored.Conditions[0].Status, stored.ObservedTime, status, want)
				}
			}
			eventually(t, "the report counts", func() bool {
				return condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful").Status == "False"
			})
		})
	}
}

// TestUndatedReportIsOld sends reports without a time that are older than the recorded one
// because of what they are about, not because of a clock.
func TestUndatedReportIsOld(t *testing.T) {
	slow, _ := slowReplica(t, time.Minute)
	cluster := newCluster(t, "")
	path := cluster.Href + "/statuses"
	stored := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: cluster.Name, Namespace: "default"}}
	if err := suite.env.Client.Patch(t.Context(), stored, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"n":1}}`))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the report of the new generation is taken", func() bool {
		status, _ := sendTo(t, suite.base, path, undatedBody(2, "True"))
		return status == http.StatusCreated
	})
	for _, base := range []string{suite.base, slow} {
		for body, why := range map[string]string{undatedBody(1, "False"): "an older generation", undatedBody(2, "Unknown"): "Unknown over a result"} {
			eventually(t, why+" is discarded", func() bool { // the replica may not have the cluster yet
				status, said := sendTo(t, base, path, body)
				if status != http.StatusNoContent && status != http.StatusNotFound {
					t.Fatalf("%s: answered with %d %+v", why, status, said)
				}
				return status == http.StatusNoContent
			})
		}
	}
}

// TestUndatedReportOverImplausibleOne replaces an implausible report by one without a time.
// The clock of the replica is behind the time of the condition, which stays known.
func TestUndatedReportOverImplausibleOne(t *testing.T) {
	slow, _ := slowReplica(t, 2*time.Minute)
	cluster := newCluster(t, "")
	path := cluster.Href + "/statuses"
	post(t, path, undatedBody(1, "True")).want(t, http.StatusCreated)
	plantOver(t, cluster, "extra")
	eventually(t, "the report is taken", func() bool {
		status, said := sendTo(t, slow, path, undatedBody(1, "False"))
		if status != http.StatusCreated && status != http.StatusNotFound {
			t.Fatalf("answered with %d %+v", status, said)
		}
		return status == http.StatusCreated
	})
	eventually(t, "the report counts", func() bool {
		return condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful").Status == "False"
	})
}

// TestUndatedReportAfterImplausibleOne sends the first report after an implausible one was
// deleted. The clock of the replica is behind the time of the result that stayed known.
func TestUndatedReportAfterImplausibleOne(t *testing.T) {
	slow, _ := slowReplica(t, 2*time.Minute)
	send, h := newHookedReplica(t)
	cluster := newCluster(t, "")
	path := cluster.Href + "/statuses"
	post(t, path, undatedBody(1, "True")).want(t, http.StatusCreated)
	plantOver(t, cluster, "extra")
	h.before.Store(new(func(method string) error {
		if method == http.MethodPost {
			return errors.New("the connection is lost")
		}
		return nil
	}))
	eventually(t, "the planted report is deleted and not replaced", func() bool {
		return send(path, undatedBody(1, "False")) == http.StatusServiceUnavailable
	})
	eventually(t, "the report is taken", func() bool {
		status, _ := sendTo(t, slow, path, undatedBody(1, "False"))
		return status == http.StatusCreated
	})
	eventually(t, "the report counts", func() bool {
		return condition(t, getCluster(t, cluster.ID).Status, "ExtraSuccessful").Status == "False"
	})
}

// TestUndatedReportBeyondSkew sends a report without a time to a replica whose clock is so far
// behind that the recorded report comes from its future. The answer tells the adapter to
// try again. A report that adds nothing to the recorded result is discarded as usual.
func TestUndatedReportBeyondSkew(t *testing.T) {
	slow, _ := slowReplica(t, 72*time.Hour)
	cluster := newCluster(t, "")
	path := cluster.Href + "/statuses"
	post(t, path, undatedBody(1, "True")).want(t, http.StatusCreated)
	before := storedReport(t, cluster, "extra")
	eventually(t, "the replica blames the clock", func() bool {
		got, said := sendTo(t, slow, path, undatedBody(1, "False"))
		if got != http.StatusNotFound && (got != http.StatusServiceUnavailable || said.Code != problem.ClockSkew.Code) {
			t.Fatalf("answered with %d %+v", got, said)
		}
		return got == http.StatusServiceUnavailable
	})
	if got, said := sendTo(t, slow, path, undatedBody(1, "Unknown")); got != http.StatusNoContent {
		t.Errorf("Unknown: answered with %d %+v", got, said)
	}
	if after := storedReport(t, cluster, "extra"); after.ResourceVersion != before.ResourceVersion {
		t.Errorf("stored %+v, want it as before", after.Spec)
	}
}
