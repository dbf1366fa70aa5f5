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
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	restclient "k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// A replica whose index is behind receives a report on a deleted cluster. This must not
// change the report of the same adapter on the cluster's successor.
func TestReportByReplicaThatIsBehind(t *testing.T) {
	base, freeze := newReplica(t)
	name := uniqueName(t)
	first := newCluster(t, fmt.Sprintf(`{"spec":{},"name":%q}`, name))
	eventually(t, "the replica knows the cluster", func() bool {
		response, err := http.Get(base + first.Href)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	freeze()

	forceDelete(t, name)
	var second rest.Cluster
	eventually(t, "the first cluster is gone", func() bool {
		answer := post(t, api+"/clusters", fmt.Sprintf(`{"spec":{},"name":%q}`, name))
		if answer.status == http.StatusConflict {
			return false
		}
		answer.want(t, http.StatusCreated).decode(t, &second)
		return true
	})
	post(t, second.Href+"/statuses", reportBody("validator", 1, noon, "True")).want(t, http.StatusCreated)
	before := statuses(t, second.Href)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+first.Href+"/statuses",
		strings.NewReader(reportBody("validator", 1, noon.Add(time.Hour), "False")))
	if err != nil {
		t.Fatal(err)
	}
	// The replica does not have the report, tries to create it, and finds the report on the
	// successor.
	do(t, request).want(t, http.StatusNotFound)
	if diff := cmp.Diff(before, statuses(t, second.Href)); diff != "" {
		t.Errorf("reports on the successor (-before +after):\n%s", diff)
	}
}

// A replica whose index still has a deleted report without a UID receives an old report.
// This must not delete the newer report of the same adapter on the same cluster, which has
// a UID.
func TestOldReportByReplicaThatIsBehind(t *testing.T) {
	base, freeze := newReplica(t)
	cluster := newCluster(t, "")
	plant(t, cluster, "dns", 1, noon)
	eventually(t, "the replica knows the report", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+cluster.Href+"/statuses", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(do(t, request).body), `"Planted"`)
	})
	freeze()
	if err := suite.env.Client.Delete(t.Context(), planted(cluster, "dns", 1, noon)); err != nil {
		t.Fatal(err)
	}
	post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon.Add(time.Hour), "True")).want(t, http.StatusCreated)
	before := statuses(t, cluster.Href)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+cluster.Href+"/statuses",
		strings.NewReader(reportBody("dns", 1, noon, "False")))
	if err != nil {
		t.Fatal(err)
	}
	do(t, request).want(t, http.StatusNoContent)
	if diff := cmp.Diff(before, statuses(t, cluster.Href)); diff != "" {
		t.Errorf("reports (-before +after):\n%s", diff)
	}
}

// replicaOptions are the options of a replica and of the facade that serves it.
type replicaOptions struct {
	facade.Options
	replica replica.Options
}

// newReplica starts another replica with its facade, and returns the base of its URLs and
// a function that stops its feeds.
func newReplica(t *testing.T, changes ...func(*replicaOptions)) (base string, freeze func()) {
	t.Helper()
	server, freeze := newReplicaServer(t, changes...)
	return "http://" + server.Address().String(), freeze
}

func newReplicaServer(t *testing.T, changes ...func(*replicaOptions)) (server *facade.Server, freeze func()) {
	t.Helper()
	return newReplicaOf(t, suite.env.Config, changes...)
}

func newReplicaOf(t *testing.T, config *restclient.Config, changes ...func(*replicaOptions)) (server *facade.Server, freeze func()) {
	t.Helper()
	options := replicaOptions{
		Options: facade.Options{
			BindAddress:     "127.0.0.1:0",
			PageSize:        20,
			WriteVisibility: time.Second,
			Authenticator:   facade.FixedUser(devUser),
			Authorizer:      authorizerfactory.NewAlwaysAllowAuthorizer(),
		},
		replica: replica.Options{
			Namespace:        "default",
			RequiredAdapters: suite.required.Required,
			ArrivalTimeout:   time.Minute, // for all but replicas whose feeds stand still
		},
	}
	for _, change := range changes {
		change(&options)
	}
	rep, err := replica.New(facade.ClientConfig(config), suite.env.Scheme, options.replica)
	if err != nil {
		t.Fatal(err)
	}
	server, err = facade.New(config, suite.env.Scheme, rep, options.Options, log.Log)
	if err != nil {
		t.Fatal(err)
	}
	feeding, stopFeeds := context.WithCancel(t.Context())
	var feeds sync.WaitGroup
	for _, feed := range rep.Feeds() {
		feeds.Go(func() { _ = feed.Start(feeding) })
	}
	serving, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan error, 1)
	go func() { stopped <- server.Start(serving) }()
	freeze = func() { stopFeeds(); feeds.Wait() }
	t.Cleanup(func() {
		freeze()
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	eventually(t, "the replica is ready", func() bool { return server.Ready(nil) == nil })
	return server, freeze
}
