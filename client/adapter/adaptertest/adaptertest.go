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

// Package adaptertest makes parents for tests of an adapter's functions that need no API
// server. Package testenv starts one.
package adaptertest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// An Option changes a parent.
type Option func(hyperfleetv1.Parent)

// Cluster returns a new Cluster at generation 1, with an empty spec, in the namespace
// default. It is not Ready. The same name results in the same UID.
func Cluster(name string, options ...Option) *hyperfleetv1.Cluster {
	cluster := &hyperfleetv1.Cluster{ObjectMeta: metadata(hyperfleetv1.ClusterKind, name)}
	cluster.Spec.Raw = []byte("{}")
	return complete(cluster, options)
}

// NodePool returns a new NodePool of a Cluster, like Cluster.
func NodePool(cluster, name string, options ...Option) *hyperfleetv1.NodePool {
	pool := &hyperfleetv1.NodePool{ObjectMeta: metadata(hyperfleetv1.NodePoolKind, hyperfleetv1.NodePoolName(cluster, name))}
	pool.Spec = nodePoolSpec(cluster, "{}")
	return complete(pool, options)
}

// Spec sets the spec: a JSON object, without clusterName for a NodePool.
func Spec(object string) Option {
	return func(parent hyperfleetv1.Parent) {
		switch parent := parent.(type) {
		case *hyperfleetv1.Cluster:
			parent.Spec.Raw = []byte(object)
		case *hyperfleetv1.NodePool:
			parent.Spec = nodePoolSpec(parent.Spec.ClusterName, object)
		}
	}
}

// Labels sets the labels.
func Labels(labels map[string]string) Option {
	return func(parent hyperfleetv1.Parent) { parent.SetLabels(labels) }
}

// Namespace sets the namespace.
func Namespace(namespace string) Option {
	return func(parent hyperfleetv1.Parent) { parent.SetNamespace(namespace) }
}

// Generation sets the generation.
func Generation(generation int64) Option {
	return func(parent hyperfleetv1.Parent) { parent.SetGeneration(generation) }
}

// Ready makes the parent Ready.
func Ready() Option {
	return func(parent hyperfleetv1.Parent) {
		parent.GetStatus().Ready, parent.GetStatus().Available = metav1.ConditionTrue, metav1.ConditionTrue
	}
}

// Deleted starts the deletion, which increments the generation.
func Deleted(at time.Time) Option {
	return func(parent hyperfleetv1.Parent) {
		parent.SetDeletionTimestamp(&metav1.Time{Time: at})
		parent.SetGeneration(parent.GetGeneration() + 1)
		parent.GetStatus().Ready = metav1.ConditionFalse
	}
}

func metadata(kind, name string) metav1.ObjectMeta {
	sum := sha256.Sum256([]byte(kind + "/" + name))
	text := hex.EncodeToString(sum[:16])
	return metav1.ObjectMeta{
		Namespace:         metav1.NamespaceDefault,
		Name:              name,
		UID:               types.UID(fmt.Sprintf("%s-%s-%s-%s-%s", text[:8], text[8:12], text[12:16], text[16:20], text[20:])),
		Generation:        1,
		CreationTimestamp: metav1.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC),
		Finalizers:        []string{hyperfleetv1.CascadeFinalizer},
	}
}

func complete[P hyperfleetv1.Parent](parent P, options []Option) P {
	status := parent.GetStatus()
	status.ID = hyperfleetv1.ID(parent.GetUID())
	status.Ready, status.Available = metav1.ConditionFalse, metav1.ConditionFalse
	for _, option := range options {
		option(parent)
	}
	return parent
}

// nodePoolSpec panics on an invalid object, which is a fault of the test.
func nodePoolSpec(cluster, object string) hyperfleetv1.NodePoolSpec {
	spec, err := hyperfleetv1.NewNodePoolSpec(cluster, []byte(object))
	if err != nil {
		panic(err)
	}
	return spec
}
