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

package controllers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// maxCacheLag is how long the cache may lag behind an own write before the reconciler
// reads the object from the API server.
const maxCacheLag = 2 * time.Second

// memory contains a reconciler's records of its own work, by the key of the object. It
// saves work and closes races; a restart may lose it. It is void after the store was
// restored to an older revision, see cacheLag. The zero value is ready for use.
type memory struct {
	written      sync.Map // client.ObjectKey → ownWrite, the last one
	vanished     sync.Map // client.ObjectKey → vanished
	heartbeats   sync.Map // client.ObjectKey → *heartbeats
	unaggregated sync.Map // client.ObjectKey → time.Time, the arrival of the first report that the status lacks
	conflicting  sync.Map // client.ObjectKey → time.Time, the first conflict since the last reconcile without one

	awaitingCollector sync.Map // client.ObjectKey → sighting, the start of the wait for the garbage collector
	stuck             sync.Map // client.ObjectKey → time.Time, the last Event that the deletion is stuck
	deletions         sync.Map // client.ObjectKey → deletionStart, the version at which the deletion was first seen
	implausible       sync.Map // client.ObjectKey → sighting, of a report ahead of its resource
}

// ownWrite is a write by this reconciler.
type ownWrite struct {
	resourceVersion string // of the object after the write
	reports         uint64 // resourceVersion of the reports in the status, 0 if it is unknown
	at              time.Time
}

// wrote records an own write. o is the object as the API server returned it. reports is
// the resourceVersion of the reports that the written status rests on. It is 0 for a
// write of metadata, because another process may have written the status.
func (m *memory) wrote(o client.Object, reports uint64) {
	m.written.Store(client.ObjectKeyFromObject(o), ownWrite{o.GetResourceVersion(), reports, time.Now()})
}

// isBehind reports whether the status of o may rest on reports that are newer than the
// resourceVersion reports. Either another process may have written the status, or this
// process has written it from reports of the API server that its copy of the reports does
// not contain yet.
func (m *memory) isBehind(o client.Object, reports uint64) bool {
	value, ok := m.written.Load(client.ObjectKeyFromObject(o))
	if !ok {
		return true
	}
	written := value.(ownWrite)
	return written.resourceVersion != o.GetResourceVersion() || written.reports == 0 || written.reports > reports
}

// isOwnWrite reports whether the last own write made this version of the object. If so,
// the version contains nothing new.
func (m *memory) isOwnWrite(o client.Object) bool {
	written, ok := m.written.Load(client.ObjectKeyFromObject(o))
	return ok && written.(ownWrite).resourceVersion == o.GetResourceVersion()
}

// cacheLag returns how long to wait for the cache, 0 if the cached object is as new as
// the last own write to it. A write computed against an older object would conflict. The
// wait grows with the age of the write.
//
// If the store was restored to an older revision, it may have lost the write, and the
// cache never catches up. So after maxCacheLag, cacheLag reads the object from the API
// server. Resource versions of the lost history mean nothing in the new history, so
// cacheLag clears the whole memory, not only the records of the object.
func (m *memory) cacheLag(ctx context.Context, live client.Reader, cached parent) (time.Duration, error) {
	key := client.ObjectKeyFromObject(cached)
	value, ok := m.written.Load(key)
	if !ok || !isOlder(cached.GetResourceVersion(), value.(ownWrite).resourceVersion) {
		return 0, nil
	}
	written := value.(ownWrite)
	if age := time.Since(written.at); age < maxCacheLag {
		return max(retryDelay, age), nil
	}
	stored := newParent(kindOf(cached))
	switch err := live.Get(ctx, key, stored); {
	case apierrors.IsNotFound(err):
		m.forget(key) // the cache will receive the deletion
		return 0, err
	case err != nil:
		return 0, fmt.Errorf("get %s that the cache lacks: %w", kindOf(cached), err)
	case isOlder(stored.GetResourceVersion(), written.resourceVersion):
		log.FromContext(ctx).Info("The store was restored to an older revision, forgetting all remembered versions",
			"object", klog.KObj(stored), "written", written.resourceVersion, "stored", stored.GetResourceVersion())
		m.clear()
		return 0, nil
	}
	return maxCacheLag, nil
}

// isOlder reports whether one resourceVersion is older than another.
func isOlder(resourceVersion, than string) bool {
	order, err := resourceversion.CompareResourceVersion(resourceVersion, than)
	return err == nil && order < 0
}

// clear drops everything.
func (m *memory) clear() {
	m.written.Clear()
	m.vanished.Clear()
	m.heartbeats.Clear()
	m.unaggregated.Clear()
	m.conflicting.Clear()
	m.awaitingCollector.Clear()
	m.stuck.Clear()
	m.deletions.Clear()
	m.implausible.Clear()
}

// forget drops the records of an object that no longer exists, except the record that it
// vanished.
func (m *memory) forget(key client.ObjectKey) {
	m.written.Delete(key)
	m.heartbeats.Delete(key)
	m.unaggregated.Delete(key)
	m.awaitingCollector.Delete(key)
	m.stuck.Delete(key)
	m.deletions.Delete(key)
	m.implausible.Delete(key)
}

// vanished is an object that was removed from the cache.
type vanished struct {
	uid             types.UID
	resourceVersion string // at which it was deleted
}

// heartbeats are reports that change only the times of a parent's status. They are
// batched into one write.
type heartbeats struct {
	uid        types.UID              // of the parent
	since      time.Time              // arrival of the first heartbeat
	conditions []v1.ResourceCondition // which include all of them
}

// batch adds heartbeats to the batch of obj. The conditions include them. It returns the
// time when the batch began.
func (m *memory) batch(obj parent, conditions []v1.ResourceCondition, now time.Time) (since time.Time) {
	batch := &heartbeats{uid: obj.GetUID(), since: now, conditions: conditions}
	if earlier, ok := m.unwritten(obj); ok {
		batch.since = earlier.since
	}
	m.heartbeats.Store(client.ObjectKeyFromObject(obj), batch)
	return batch.since
}

// unwritten returns the heartbeats of obj that are not written to the status yet. They
// are void once the stored conditions differ from the conditions of the batch in more
// than times.
func (m *memory) unwritten(obj parent) (*heartbeats, bool) {
	value, ok := m.heartbeats.Load(client.ObjectKeyFromObject(obj))
	if !ok {
		return nil, false
	}
	batch := value.(*heartbeats)
	return batch, batch.uid == obj.GetUID() &&
		slices.EqualFunc(batch.conditions, obj.GetStatus().Conditions, aggregate.SameButUpdated)
}

// latestConditions returns the conditions of obj as they were last computed, written or
// not. If a report of Unknown has replaced another report, only these conditions still
// contain the time of the replaced report. The default status of a new object contains no
// computed condition.
func (m *memory) latestConditions(obj parent) []v1.ResourceCondition {
	if batch, ok := m.unwritten(obj); ok {
		return batch.conditions
	}
	if !obj.GetStatus().Computed() {
		return nil
	}
	return obj.GetStatus().Conditions
}

// dropHeartbeats records that the stored status of obj includes all heartbeats.
func (m *memory) dropHeartbeats(obj parent) { m.heartbeats.Delete(client.ObjectKeyFromObject(obj)) }

// received records the arrival of a report on the resource with that key. If the status
// lacks several reports, the arrival of the first one counts.
func (m *memory) received(key client.ObjectKey) { m.unaggregated.LoadOrStore(key, time.Now()) }

// takeReceived returns and forgets the arrival of the first report that the status lacks,
// zero if it lacks none.
func (m *memory) takeReceived(key client.ObjectKey) time.Time {
	at, _ := m.unaggregated.LoadAndDelete(key)
	received, _ := at.(time.Time)
	return received
}

// returnReceived undoes takeReceived, because the status was not written.
func (m *memory) returnReceived(key client.ObjectKey, received time.Time) {
	if !received.IsZero() {
		m.unaggregated.Store(key, received)
	}
}

// conflictsFor records a conflict, and returns the time since the first one without a
// success in between.
func (m *memory) conflictsFor(key client.ObjectKey) time.Duration {
	first, _ := m.conflicting.LoadOrStore(key, time.Now())
	return time.Since(first.(time.Time))
}

func (m *memory) noConflict(key client.ObjectKey) { m.conflicting.Delete(key) }

// vanish records that an object was removed from the cache.
func (m *memory) vanish(o client.Object) {
	m.vanished.Store(client.ObjectKeyFromObject(o), vanished{o.GetUID(), o.GetResourceVersion()})
}

// vanishedOf returns the vanished object with that key whose dependents are not swept
// yet.
func (m *memory) vanishedOf(key client.ObjectKey) (vanished, bool) {
	value, ok := m.vanished.Load(key)
	object, _ := value.(vanished)
	return object, ok
}

// swept records that a vanished object has no dependents left.
func (m *memory) swept(key client.ObjectKey, object vanished) {
	m.vanished.CompareAndDelete(key, object)
}

// deletionStart is the version at which a reconciler first saw an object being deleted.
type deletionStart struct {
	uid             types.UID
	resourceVersion string
}

// deletionOf returns the resourceVersion at which this reconciler first saw obj being
// deleted.
func (m *memory) deletionOf(obj client.Object) string {
	key, first := client.ObjectKeyFromObject(obj), deletionStart{obj.GetUID(), obj.GetResourceVersion()}
	known, loaded := m.deletions.LoadOrStore(key, first)
	if start := known.(deletionStart); !loaded || start.uid == first.uid {
		return start.resourceVersion
	}
	m.deletions.Store(key, first) // known is about a predecessor of the same name
	return first.resourceVersion
}

// awaitsCollectorSince returns the time when o began to wait for the garbage collector:
// now, if this is the first call.
func (m *memory) awaitsCollectorSince(o client.Object, now time.Time) time.Time {
	return firstSeen(&m.awaitingCollector, o, now)
}

func (m *memory) noLongerAwaitsCollector(o client.Object) {
	m.awaitingCollector.Delete(client.ObjectKeyFromObject(o))
}

// stuckWait returns the time until the next Event that obj is stuck. If the time is 0 or
// less, the caller must record the Event now, and stuckWait counts it as recorded.
func (m *memory) stuckWait(obj client.Object, after time.Duration, now time.Time) time.Duration {
	key := client.ObjectKeyFromObject(obj)
	since := obj.GetDeletionTimestamp().Time
	if said, ok := m.stuck.Load(key); ok && said.(time.Time).After(since) {
		since = said.(time.Time)
	}
	wait := after - now.Sub(since)
	if wait <= 0 {
		m.stuck.Store(key, now)
	}
	return wait
}

// aheadSince returns the time when a report was first seen to be ahead of its resource:
// now, if this is the first call.
func (m *memory) aheadSince(report client.Object, now time.Time) time.Time {
	return firstSeen(&m.implausible, report, now)
}

func (m *memory) notAhead(report client.Object) {
	m.implausible.Delete(client.ObjectKeyFromObject(report))
}

// sighting is the first time that something was seen of an object.
type sighting struct {
	uid types.UID
	at  time.Time
}

// firstSeen returns the time of the sighting of o: now, if there was none.
func firstSeen(sightings *sync.Map, o client.Object, now time.Time) time.Time {
	key, first := client.ObjectKeyFromObject(o), sighting{o.GetUID(), now}
	known, loaded := sightings.LoadOrStore(key, first)
	if seen := known.(sighting); !loaded || seen.uid == first.uid {
		return seen.at
	}
	sightings.Store(key, first) // known is about a predecessor of the same name
	return now
}
