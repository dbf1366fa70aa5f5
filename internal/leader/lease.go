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

package leader

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/uuid"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// ErrNotLeading is the error of a write by a process that cannot prove that it holds
// the lease.
var ErrNotLeading = errors.New("the lease is not renewed: another replica may lead")

// Lease is the lock of a leader election. It remembers when this process last renewed the
// lease.
type Lease struct {
	resourcelock.Interface
	proof   time.Duration             // how long a renewal proves that this process leads
	renewed atomic.Pointer[time.Time] // nil if this process does not hold the lease
}

// NewLease returns the lock on the Lease of that namespace and name. A renewal proves
// leadership for renewDeadline, which must be the renew deadline of the election.
// recorder returns the recorder of the election's Events.
func NewLease(config *rest.Config, namespace, name string, renewDeadline time.Duration, recorder func() events.EventRecorder) (*Lease, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name the holder of the lease: %w", err)
	}
	config = rest.AddUserAgent(rest.CopyConfig(config), "leader-election")
	config.Timeout = max(time.Second, renewDeadline/2) // one request that hangs must not cost the lease
	client, err := coordinationclient.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("build the client of leases: %w", err)
	}
	return newLease(&resourcelock.LeaseLock{
		LeaseMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Client:    client,
		LockConfig: resourcelock.ResourceLockConfig{
			Identity:      host + "_" + string(uuid.NewUUID()),
			EventRecorder: eventRecorder(recorder),
		},
	}, renewDeadline), nil
}

// eventRecorder records the Events of an election. The manager that has the recorder
// is built after the lock.
type eventRecorder func() events.EventRecorder

// Eventf records an Event about the Lease.
func (r eventRecorder) Eventf(lease runtime.Object, eventType, reason, message string, args ...any) {
	r().Eventf(lease, nil, eventType, reason, "Elect", message, args...)
}

func newLease(lock resourcelock.Interface, proof time.Duration) *Lease {
	return &Lease{Interface: lock, proof: proof}
}

// Create creates the lease for its first holder.
func (l *Lease) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.store(record, func() error { return l.Interface.Create(ctx, record) })
}

// Update acquires, renews or releases the lease.
func (l *Lease) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.store(record, func() error { return l.Interface.Update(ctx, record) })
}

// store calls write, which stores the record. A renewal counts from the time before its
// request, because other replicas may count from any later time.
func (l *Lease) store(record resourcelock.LeaderElectionRecord, write func() error) error {
	if record.HolderIdentity != l.Identity() { // a release
		l.renewed.Store(nil)
		return write()
	}
	now := time.Now()
	if err := write(); err != nil {
		return err
	}
	l.renewed.Store(&now)
	return nil
}

// provenUntil returns the time until which this process may write, or ErrNotLeading if
// that time is over.
func (l *Lease) provenUntil() (time.Time, error) {
	renewed := l.renewed.Load()
	if renewed == nil {
		return time.Time{}, ErrNotLeading
	}
	until := renewed.Add(l.proof)
	if age := time.Since(*renewed); age >= l.proof {
		return time.Time{}, fmt.Errorf("%w (last renewed %s ago)", ErrNotLeading, age.Round(time.Millisecond))
	}
	return until, nil
}
