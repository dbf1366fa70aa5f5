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
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// A replica accepts a report for a generation that its index does not show yet. When it
// answers, it shows the effects of the report.
func TestReportForGenerationNotIndexedYet(t *testing.T) {
	rep, err := replica.New(suite.env.Config, suite.env.Scheme, replica.Options{
		Namespace: "default", RequiredAdapters: func(string) []string { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	server, err := facade.New(suite.env.Config, suite.env.Scheme, rep, facade.Options{
		BindAddress: "127.0.0.1:0", PageSize: 20, WriteVisibility: time.Minute,
		Authenticator: facade.FixedUser(devUser), Authorizer: authorizerfactory.NewAlwaysAllowAuthorizer(),
	}, log.Log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	clusters := rep.Feeds()[0]
	for _, feed := range rep.Feeds()[1:] {
		go func() { _ = feed.Start(ctx) }()
	}
	feeding, stopFeed := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = clusters.Start(feeding) }()
	go func() { _ = server.Start(ctx) }()
	base := "http://" + server.Address().String()

	name := uniqueName(t)
	cluster := newCluster(t, fmt.Sprintf(`{"spec":{},"name":%q}`, name))
	eventually(t, "the replica knows the cluster", func() bool {
		response, err := http.Get(base + cluster.Href)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	stopFeed() // of the clusters only
	<-stopped
	object := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}}
	if err := suite.env.Client.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"changed":true}}`))); err != nil {
		t.Fatal(err)
	}

	shown := make(chan rest.Cluster, 1)
	go func() {
		defer close(shown)
		response, err := http.Post(base+cluster.Href+"/statuses", "application/json", strings.NewReader(reportBody("validator", 2, noon, "True")))
		if err != nil || response.StatusCode != http.StatusCreated {
			t.Errorf("report: %v %v", err, response)
			return
		}
		_ = response.Body.Close()
		if response, err = http.Get(base + cluster.Href); err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = response.Body.Close() }()
		var c rest.Cluster
		if err := json.NewDecoder(response.Body).Decode(&c); err != nil {
			t.Error(err)
			return
		}
		shown <- c
	}()
	eventually(t, "the report is stored", func() bool {
		key := client.ObjectKey{Namespace: "default", Name: v1.AdapterStatusName(name, "validator")}
		return suite.env.Client.Get(t.Context(), key, &v1.AdapterStatus{}) == nil
	})
	go func() { _ = clusters.Start(ctx) }()
	after := <-shown
	for _, c := range after.Status.Conditions {
		if c.Type == "ValidatorSuccessful" && c.ObservedGeneration == 2 {
			return
		}
	}
	t.Errorf("right after the answer the replica shows generation %d and %+v", after.Generation, after.Status.Conditions)
}
