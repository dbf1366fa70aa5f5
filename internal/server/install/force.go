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

package install

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	forceInterval = 250 * time.Millisecond
	// forceLimit is how long a policy may be without effect while the API server answers.
	forceLimit = 2 * time.Minute

	servedInterval = 50 * time.Millisecond
	// servedLimit is how long the API server may not serve a custom resource.
	servedLimit = 2 * time.Minute
)

// WaitServed returns when the API server serves all custom resources and shows them in its
// discovery, which it does with a delay after their definition. It may still be filling
// their watch caches.
func WaitServed(ctx context.Context, config *rest.Config) error {
	api, err := newClient(config)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, servedLimit)
	defer cancel()
	for _, list := range []client.ObjectList{&v1.ClusterList{}, &v1.NodePoolList{}, &v1.AdapterStatusList{}} {
		var last error
		err := wait.PollUntilContextCancel(limited, servedInterval, true, func(ctx context.Context) (bool, error) {
			last = api.List(ctx, list, client.Limit(1))
			return last == nil || isBusy(last), nil
		})
		if err != nil {
			return errors.Join(context.Cause(limited), last)
		}
	}
	return nil
}

func newClient(config *rest.Config) (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(v1.AddToScheme(scheme), admissionregistrationv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: scheme})
}

// WaitInForce makes dry-run writes in the namespace until the admission policies have an
// effect. The API server serves a new custom resource and enforces a new policy with a delay,
// and a policy has no condition that reports it. A marker shows that the policies which were
// changed before it are in force; it may be nil if none has changed since the API server
// started. WaitInForce removes the marker. While the API server does not answer because it
// fills its watch caches, WaitInForce waits without limit. The configuration must be an
// administrator's.
func WaitInForce(ctx context.Context, config *rest.Config, namespace string, marker *Marker) error {
	api, err := newClient(config)
	if err != nil {
		return err
	}
	name := "probe-" + strings.ToLower(rand.Text())
	var answered time.Time // since when the API server has answered every request
	var notYet error
	err = wait.PollUntilContextCancel(ctx, forceInterval, true, func(ctx context.Context) (bool, error) {
		// One after the other: admission logs an error for each write of a kind whose
		// schema it has not read yet.
		notYet = probeCluster(ctx, api, namespace, name)
		if notYet == nil {
			notYet = probeAdapterStatus(ctx, api, namespace, name)
		}
		if notYet == nil {
			notYet = api.List(ctx, &v1.NodePoolList{}, client.Limit(1))
		}
		if notYet == nil && marker != nil {
			notYet = marker.probe(ctx)
		}
		if notYet == nil && marker != nil {
			notYet = marker.remove(ctx)
		}
		switch now := time.Now(); {
		case isBusy(notYet):
			answered = time.Time{}
		case answered.IsZero():
			answered = now
		case now.Sub(answered) > forceLimit:
			return false, notYet
		}
		return notYet == nil, nil
	})
	if err != nil && ctx.Err() != nil {
		return errors.Join(err, notYet)
	}
	return err
}

// isBusy reports whether an error means that the API server had no time for the request.
func isBusy(err error) bool {
	return apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsServiceUnavailable(err)
}

func probeCluster(ctx context.Context, api client.Client, namespace, name string) error {
	cluster := &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       runtime.RawExtension{Raw: []byte("{}")},
	}
	switch err := api.Create(ctx, cluster, client.DryRunAll); {
	case apierrors.IsInvalid(err):
		return nil // a provider's schema is in force, which requires more fields of the spec
	case err != nil:
		return err
	}
	if cluster.Annotations[v1.CreatedByAnnotation] == "" {
		return fmt.Errorf("a new Cluster has no annotation %s", v1.CreatedByAnnotation)
	}
	if !slices.Contains(cluster.Finalizers, v1.CascadeFinalizer) {
		return fmt.Errorf("a new Cluster has no finalizer %s", v1.CascadeFinalizer)
	}
	return nil
}

func probeAdapterStatus(ctx context.Context, api client.Client, namespace, name string) error {
	report := newProbe(namespace, name, "probe")
	if err := api.Create(ctx, report, client.DryRunAll); err != nil {
		return err
	}
	if report.Spec.Conditions[0].LastTransitionTime.IsZero() {
		return errors.New("the condition of a new AdapterStatus has no lastTransitionTime")
	}
	return nil
}

// newProbe returns a report on a Cluster that does not exist.
func newProbe(namespace, cluster, adapter string) *v1.AdapterStatus {
	return &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace,
			Name:      v1.AdapterStatusName(cluster, adapter),
		},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: v1.ClusterKind, Name: cluster},
			Adapter:            adapter,
			ObservedGeneration: 1,
			ObservedTime:       v1.NewTimestamp(time.Now()),
			Conditions:         []v1.AdapterCondition{{Type: v1.AvailableCondition, Status: metav1.ConditionTrue}},
		},
	}
}
