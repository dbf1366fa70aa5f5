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

// Package clocks compares this process's clock with the API server's clock. Package
// aggregate decides what follows from a time.
package clocks

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create

// validity is how long one comparison is reused: while this process's clock is late,
// every report requires one.
const validity = time.Minute

// reporter is the reportingController of the Event by which clocks are compared.
const reporter = "hyperfleet.io/clocks"

// Comparison records how far the API server's clock was ahead of this process's clock.
type Comparison struct {
	clock  clock.PassiveClock
	client client.Client

	mu    sync.Mutex
	at    time.Time // time of the last comparison, zero if there was none
	ahead time.Duration
}

// NewComparison returns a Comparison of the clock with the clock of the client's API
// server.
func NewComparison(c clock.PassiveClock, api client.Client) *Comparison {
	return &Comparison{clock: c, client: api}
}

// Latest returns the later of this process's time and the API server's time, to about a
// second. A time that is in the future by Latest is in the future by both clocks. The
// client must be allowed to create Events in the namespace.
func (c *Comparison) Latest(ctx context.Context, namespace string) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now().Round(0) // without the monotonic clock, which does not show that the clock was set
	if age := now.Sub(c.at); age < 0 || age >= validity {
		stored, err := c.read(ctx, namespace)
		if err != nil {
			return time.Time{}, err
		}
		c.at, c.ahead = now, stored.Sub(now)
		if c.ahead > v1.MaxClockSkew {
			log.FromContext(ctx).Error(nil, "The clock of this process is behind the API server's", "by", c.ahead)
		}
	}
	return now.Add(max(0, c.ahead)), nil
}

// read returns the API server's time, in whole seconds: the creation time of an Event
// that is not stored.
func (c *Comparison) read(ctx context.Context, namespace string) (time.Time, error) {
	probe := &unstructured.Unstructured{Object: map[string]any{
		"type":                "Normal",
		"reason":              "ClockCompared",
		"action":              "CompareClocks",
		"eventTime":           c.clock.Now().UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
		"reportingController": reporter,
		"reportingInstance":   reporter,
		"regarding":           map[string]any{"kind": "Namespace", "name": namespace, "namespace": namespace},
	}}
	probe.SetGroupVersionKind(schema.GroupVersionKind{Group: "events.k8s.io", Version: "v1", Kind: "Event"})
	probe.SetNamespace(namespace)
	probe.SetGenerateName("hyperfleet-clock-")
	if err := c.client.Create(ctx, probe, client.DryRunAll); err != nil {
		return time.Time{}, fmt.Errorf("read the API server's clock: %w", err)
	}
	return probe.GetCreationTimestamp().Time, nil
}
