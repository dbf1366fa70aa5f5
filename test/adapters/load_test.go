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

package adapters

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/adapter"
)

var (
	loadClusters = flag.Int("load-clusters", 0, "Number of Clusters of TestLoad; 0 skips it.")
	loadRest     = flag.Duration("load-rest", time.Minute, "Time for which TestLoad counts reports at rest.")
)

const loadAdapters = 5

// TestLoad measures a fleet with adapters on the kit that only report:
//
//	go test -v -timeout 1h -run TestLoad ./test/adapters -args -load-clusters=2000
func TestLoad(t *testing.T) {
	if *loadClusters == 0 {
		t.Skip("-load-clusters is 0")
	}
	var calls atomic.Int64
	access, err := suite.env.ClientCertificate(adapterUser)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for i := range loadAdapters {
		a := adapter.Adapter{
			Name: fmt.Sprintf("load-%d", i+1), Kinds: []string{v1.ClusterKind},
			Reconcile: func(context.Context, v1.Parent) (adapter.Report, error) {
				calls.Add(1)
				return adapter.Report{Status: metav1.ConditionTrue, Reason: "Done"}, nil
			},
		}
		start(t, a, adapter.Config{Options: adapter.Options{Concurrency: 8}, Kubernetes: access, Namespace: namespace})
		names = append(names, a.Name)
	}
	required := "requiredAdapters:\n  Cluster: [" + strings.Join(names, ", ") + "]\n  NodePool: [files]\n"
	if err := write("adapters.yaml", []byte(required)); err != nil {
		t.Fatal(err)
	}

	clusters := make([]*v1.Cluster, *loadClusters)
	measure(t, &calls, "create all", func(ctx context.Context) error {
		return forAll(clusters, func(i int) error {
			clusters[i] = &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("load-%d", i)}}
			clusters[i].Spec.Raw = []byte(`{"region":"us-east"}`)
			return suite.env.Client.Create(ctx, clusters[i])
		})
	}, 1)
	calls.Store(0)
	time.Sleep(*loadRest)
	t.Logf("at rest: %d reports in %s, %.1f per second", calls.Load(), *loadRest, float64(calls.Load())/loadRest.Seconds())
	measure(t, &calls, "change all", func(ctx context.Context) error {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"region":"eu-west"}}`))
		return forAll(clusters, func(i int) error { return suite.env.Client.Patch(ctx, clusters[i], patch) })
	}, 2)
}

// measure makes a change and waits until all Clusters are Ready at a generation.
func measure(t *testing.T, calls *atomic.Int64, what string, change func(context.Context) error, generation int64) {
	t.Helper()
	calls.Store(0)
	began := time.Now()
	if err := change(t.Context()); err != nil {
		t.Fatal(err)
	}
	changed := time.Since(began)
	err := wait.PollUntilContextCancel(t.Context(), time.Second, true, func(ctx context.Context) (bool, error) {
		list := &v1.ClusterList{}
		inNamespace, ready := client.InNamespace(namespace), 0
		// Reading the whole fleet every second would be additional load.
		err := suite.env.Client.List(ctx, list, inNamespace, client.MatchingFieldsSelector{Selector: fields.OneTermNotEqualSelector("status.ready", "True")}, client.Limit(1))
		if err != nil || len(list.Items) > 0 {
			return false, err
		}
		err = suite.env.Client.List(ctx, list, inNamespace)
		for i := range list.Items {
			if status := list.Items[i].Status; status.Ready == metav1.ConditionTrue && status.ObservedGeneration == generation {
				ready++
			}
		}
		return ready == *loadClusters, err
	})
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Logf("%s: %d clusters written in %s and Ready after %s; %d reports, %.2f per cluster and adapter, %.0f per second", what, *loadClusters,
		changed.Round(time.Second), took.Round(time.Second), calls.Load(), float64(calls.Load())/float64(loadAdapters**loadClusters), float64(calls.Load())/took.Seconds())
}

func forAll(clusters []*v1.Cluster, do func(i int) error) error {
	var group errgroup.Group
	group.SetLimit(16)
	for i := range clusters {
		group.Go(func() error { return do(i) })
	}
	return group.Wait()
}
