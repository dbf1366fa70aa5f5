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

package replica

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// Options configure a Replica.
type Options struct {
	// Namespace is the namespace that the Replica copies; "" means all.
	Namespace string
	// RequiredAdapters returns the names of the adapters that are required for a Kind.
	RequiredAdapters func(kind string) []string
	// FinalizingAdapters returns the names of the required adapters that finalize a
	// deleted object of a Kind. It defaults to RequiredAdapters.
	FinalizingAdapters func(kind string) []string
	// ConditionNames selects the names of the aggregated conditions.
	ConditionNames aggregate.ConditionNames
	// Identities maps users to the e-mail addresses that REST shows.
	Identities rest.Identities
	// MaxStaleness is how far an index may be behind the API server before
	// CheckCurrent fails; 0 disables the check.
	MaxStaleness time.Duration
	// ArrivalTimeout bounds how long a look-up waits for an index to show an object that the
	// API server has.
	ArrivalTimeout time.Duration
	// Watch watches the collections. It defaults to watches over the network.
	Watch feed.WatchFunc
	// StuckAfter is the time after which a deletion that still waits counts as stuck; 0
	// counts none.
	StuckAfter time.Duration
	// Clock defaults to the real clock.
	Clock clock.PassiveClock
}

// A Replica is this process's copy of the fleet. It is safe for concurrent use.
type Replica struct {
	Clusters  *Resources
	NodePools *Resources
	Reports   *Reports
	// Pending are the reports that this process is writing.
	Pending *PendingReports
	// Renderer makes the rows of the indexes.
	Renderer rest.Renderer
	// Turns limits large searches of all collections and other large work of callers.
	Turns *fairness.Turns

	options Options
	feeds   []manager.Runnable
}

// A Collection contains the objects that one list of the REST API shows.
type Collection struct {
	Index *fleet.Index
	// Name is the name of the collection in messages and metrics.
	Name string
	// Resource is the name of the resource in the API server's paths and in Roles.
	Resource string
	// ListKind is the kind of the list, in the REST API and in the API server.
	ListKind string

	prober *feed.Prober
	// arrived returns how many objects have arrived from the API server.
	arrived func() int
}

// Resources is the collection of all Clusters or of all NodePools.
type Resources struct {
	Collection
	resolver *resolver
}

// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters;nodepools;adapterstatuses,verbs=list;watch

// New returns an empty Replica. Its feeds fill it. The identity of the config must be
// allowed to list and watch all collections.
func New(config *restclient.Config, scheme *runtime.Scheme, options Options) (*Replica, error) {
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("make a client of the replica: %w", err)
	}
	if options.Watch == nil {
		if options.Watch, err = feed.NewWatchFunc(config, scheme, v1.GroupVersion); err != nil {
			return nil, err
		}
	}
	turns := fairness.NewTurns(fairness.HalfOfProcessors())
	resources := func(schema fleet.Schema, name, listKind string) *Resources {
		index := fleet.NewWithTurns(schema, turns)
		return &Resources{
			Collection: Collection{Index: index, Name: name, Resource: name, ListKind: listKind},
			resolver:   newResolver(index, c, options.Namespace, listKind, options.ArrivalTimeout),
		}
	}
	r := &Replica{
		Clusters:  resources(fleet.Clusters, "clusters", "ClusterList"),
		NodePools: resources(fleet.NodePools, "nodepools", "NodePoolList"),
		Reports: &Reports{Collection: Collection{
			Index: fleet.NewWithTurns(fleet.AdapterStatuses, turns), Name: "statuses", Resource: "adapterstatuses", ListKind: "AdapterStatusList",
		}},
		Pending: &PendingReports{},
		Turns:   turns,
		Renderer: rest.Renderer{
			RequiredAdapters:   options.RequiredAdapters,
			FinalizingAdapters: options.FinalizingAdapters,
			ConditionNames:     options.ConditionNames,
			Identities:         options.Identities,
		},
		options: options,
	}
	fresh := newFreshness(r.Renderer, r.Clusters.Index, r.NodePools.Index, r.Reports)
	addFeed(r, c, &r.Clusters.Collection, fresh.resourceStore(v1.ClusterKind), &v1.ClusterList{}, r.Renderer.Cluster)
	addFeed(r, c, &r.NodePools.Collection, fresh.resourceStore(v1.NodePoolKind), &v1.NodePoolList{}, r.Renderer.NodePool)
	addFeed(r, c, &r.Reports.Collection, notifyingStore{fresh.reportStore(), r.Reports}, &v1.AdapterStatusList{}, rest.EncodeReport)
	return r, nil
}

// addFeed adds the feed of a collection, and the prober that replaces the feed's watch
// if the watch has stalled.
func addFeed[T client.Object](r *Replica, c client.WithWatch, of *Collection, store feed.Store, list client.ObjectList, render func(T) (*fleet.Row, error)) {
	namespace := r.options.Namespace
	source := feed.Watching[T](r.options.Watch, of.Resource, namespace, feed.ListWatch(c, list, namespace))
	f := feed.New(store, source, render)
	metadata := &metav1.PartialObjectMetadataList{}
	metadata.SetGroupVersionKind(v1.GroupVersion.WithKind(of.ListKind))
	of.prober = feed.NewProber(of.Name, of.Index, feed.ListWatch(c, metadata, namespace), f)
	of.arrived = f.Arrived
	r.feeds = append(r.feeds, f, of.prober)
}

// Feeds returns the feeds and probers that keep the Replica current, for a caller that
// runs them without a manager. The feed of the Clusters is the first.
func (r *Replica) Feeds() []manager.Runnable { return r.feeds }

// SetupWithManager adds the feeds to the manager.
func (r *Replica) SetupWithManager(mgr ctrl.Manager) error {
	for _, f := range r.feeds {
		if err := mgr.Add(f); err != nil {
			return fmt.Errorf("add a feed of the replica: %w", err)
		}
	}
	return nil
}

// Namespace returns the namespace that the Replica copies; "" means all.
func (r *Replica) Namespace() string { return r.options.Namespace }

// WaitForSync returns nil once all indexes are filled, or the error of ctx if ctx is
// done first.
func (r *Replica) WaitForSync(ctx context.Context) error {
	for _, c := range r.collections() {
		if err := c.Index.WaitForSync(ctx); err != nil {
			return err
		}
	}
	return nil
}

// CheckCurrent fails while reads could miss an existing object or return an old state.
// The error is a *LoadingError or a *StaleError.
func (r *Replica) CheckCurrent() error {
	now := r.options.Clock.Now()
	for _, c := range r.collections() {
		if !c.Index.HasSynced() {
			return &LoadingError{Collection: c.Name}
		}
		if restored := c.prober.Restored(); restored != nil {
			return &StaleError{Collection: c.Name, Restored: restored}
		}
		proven, limit := c.Index.Proven(), r.options.MaxStaleness
		if staleness := now.Sub(proven); limit > 0 && staleness > limit {
			return &StaleError{Collection: c.Name, NeverProven: proven.IsZero(), Staleness: staleness, Limit: limit}
		}
	}
	return nil
}

func (r *Replica) collections() [3]*Collection {
	return [3]*Collection{&r.Clusters.Collection, &r.NodePools.Collection, &r.Reports.Collection}
}
