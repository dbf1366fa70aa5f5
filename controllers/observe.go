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
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

var tracer = otel.Tracer("github.com/hyperfleet-io/hyperfleet/controllers")

// write stores the status of obj, which was another before, and counts, traces and
// announces that. received is when the first report arrived that it takes in, zero
// for none.
func (a aggregator) write(ctx context.Context, obj parent, was *v1.ResourceStatus, received time.Time) error {
	ctx, span := tracer.Start(ctx, "write status of "+a.kind, trace.WithAttributes(
		attribute.String("k8s.namespace.name", obj.GetNamespace()),
		attribute.String("hyperfleet.kind", a.kind),
		attribute.String("hyperfleet.name", obj.GetName()),
		attribute.Int64("hyperfleet.generation", obj.GetGeneration()),
	))
	defer span.End()
	if err := putStatus(ctx, a.client, a.kind, obj); err != nil {
		span.SetStatus(codes.Error, err.Error())
		return err
	}
	if !received.IsZero() {
		metrics.AggregationDuration.WithLabelValues(a.kind).Observe(time.Since(received).Seconds())
	}
	metrics.StatusWrites.WithLabelValues(a.kind, writeReason(was, obj.GetStatus())).Inc()
	a.announcer.statusWritten(a.kind, was, obj)
	return nil
}

// writeReason tells what about a status made it worth a write.
func writeReason(was, is *v1.ResourceStatus) string {
	switch {
	case !was.Computed():
		return metrics.WriteInitial
	case was.ObservedGeneration != is.ObservedGeneration:
		return metrics.WriteSpecChange
	case was.Ready != is.Ready || was.Available != is.Available:
		return metrics.WriteTransition
	}
	return metrics.WriteRefresh
}

// received notes the arrival of a report on the resource of that key. Of several
// that no status takes in yet, the first counts.
func (m *memory) received(key client.ObjectKey) { m.unaggregated.LoadOrStore(key, time.Now()) }

// takeReceived returns when the first report arrived that no status takes in yet,
// zero where there is none, and forgets it.
func (m *memory) takeReceived(key client.ObjectKey) time.Time {
	at, _ := m.unaggregated.LoadAndDelete(key)
	received, _ := at.(time.Time)
	return received
}

// returnReceived takes back what takeReceived returned, as the status was not
// written.
func (m *memory) returnReceived(key client.ObjectKey, received time.Time) {
	if !received.IsZero() {
		m.unaggregated.Store(key, received)
	}
}
