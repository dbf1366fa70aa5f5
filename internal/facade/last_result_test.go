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
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// closed contains the names of the resources whose status the reconcilers cannot write,
// as if there were no leader.
var closed sync.Map

// gatedClient is the client with which the reconcilers write.
type gatedClient struct{ client.Client }

func (c gatedClient) Status() client.SubResourceWriter { return gatedStatus{c.Client.Status()} }

type gatedStatus struct{ client.SubResourceWriter }

func (s gatedStatus) Update(ctx context.Context, o client.Object, options ...client.SubResourceUpdateOption) error {
	if _, ok := closed.Load(o.GetName()); ok {
		return errors.New("no process leads")
	}
	return s.SubResourceWriter.Update(ctx, o, options...)
}

// A result that the API answered with 201 stays known, although a report without a result
// has replaced it before any status showed it.
func TestResultIsReplacedBeforeItIsShown(t *testing.T) {
	base, _ := newReplica(t, func(o *replicaOptions) { o.WriteVisibility = 100 * time.Millisecond })
	postHere := func(t *testing.T, cluster rest.Cluster, body string) {
		t.Helper()
		response, err := http.Post(base+cluster.Href+"/statuses", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusCreated {
			t.Fatalf("report: %s", response.Status)
		}
	}
	update := func(t *testing.T, cluster rest.Cluster, conditions ...v1.AdapterCondition) {
		t.Helper()
		report := &v1.AdapterStatus{}
		if err := suite.env.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: cluster.Name + ".dns"}, report); err != nil {
			t.Fatal(err)
		}
		report.Spec.ObservedTime, report.Spec.Conditions = v1.NewTimestamp(noon.Add(time.Minute)), conditions
		if err := suite.env.Client.Update(t.Context(), report); err != nil {
			t.Fatal(err)
		}
	}
	known := func(t *testing.T, cluster rest.Cluster) {
		t.Helper()
		closed.Delete(cluster.Name)
		eventually(t, "the result is known", func() bool {
			for _, c := range getCluster(t, cluster.ID).Status.Conditions {
				if c.Type == "DnsSuccessful" {
					return c.Status == "True" && c.LastUpdatedTime.Equal(noon)
				}
			}
			return false
		})
	}
	for name, sayLess := range map[string]func(t *testing.T, cluster rest.Cluster){
		"REST, no Available": func(t *testing.T, cluster rest.Cluster) {
			postHere(t, cluster, fmt.Sprintf(`{"adapter":"dns","observed_generation":1,"observed_time":%q,"conditions":[{"type":"Health","status":"True"}]}`,
				noon.Add(time.Minute).Format(time.RFC3339)))
		},
		"kubectl, Unknown": func(t *testing.T, cluster rest.Cluster) {
			update(t, cluster, v1.AdapterCondition{Type: v1.AvailableCondition, Status: "Unknown"})
		},
		"kubectl, no Available": func(t *testing.T, cluster rest.Cluster) {
			update(t, cluster, v1.AdapterCondition{Type: "Health", Status: "True"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t, "")
			eventually(t, "the replica knows the cluster", func() bool {
				response, err := http.Get(base + cluster.Href)
				if err != nil {
					t.Fatal(err)
				}
				_ = response.Body.Close()
				return response.StatusCode == http.StatusOK
			})
			closed.Store(cluster.Name, true)
			postHere(t, cluster, reportBody("dns", 1, noon, "True"))
			sayLess(t, cluster)
			for _, c := range getCluster(t, cluster.ID).Status.Conditions {
				if c.Type == "DnsSuccessful" {
					t.Errorf("the status has been written: %+v", c)
				}
			}
			known(t, cluster)
		})
	}
	t.Run("server-side apply, Unknown", func(t *testing.T) {
		cluster := newCluster(t, "")
		closed.Store(cluster.Name, true)
		on := reported{v1.ClusterKind, cluster.Name, cluster.Href}
		on.apply(t, "gitops", "", on.spec(noon, `{"type":"Available","status":"True"}`, ""))
		on.apply(t, "gitops", "", on.spec(noon.Add(time.Minute), `{"type":"Available","status":"Unknown"}`, ""))
		known(t, cluster)
	})
}
