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

package adapter

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	applyv1 "github.com/hyperfleet-io/hyperfleet/client/applyconfiguration/api/v1"
)

// maxSkew is how far ahead of this process's clock the time of a stored report may be
// for the kit to continue after it. REST refuses reports that are further ahead.
const maxSkew = 5 * time.Minute

// reporter writes the reports of one adapter.
type reporter struct {
	adapter string
	client  client.Client // writes
	reader  client.Reader // reads without a cache
	now     func() time.Time
	dry     io.Writer // takes the reports instead of the API server
}

// write writes a report on a parent. It returns no error for a report that is stale,
// because a newer generation of the parent has been reported on.
func (w *reporter) write(ctx context.Context, kind string, parent hyperfleetv1.Parent, conditions []hyperfleetv1.AdapterCondition, data any) error {
	uid, observed := parent.GetUID(), w.now()
	report, err := w.report(kind, parent, uid, observed, conditions, data)
	if err != nil {
		return err
	}
	if w.dry != nil {
		return w.print(report)
	}
	err = w.apply(ctx, report)
	if !apierrors.IsInvalid(err) {
		return err
	}
	stored := &hyperfleetv1.AdapterStatus{}
	if e := w.reader.Get(ctx, client.ObjectKey{Namespace: parent.GetNamespace(), Name: *report.Name}, stored); e != nil {
		return fmt.Errorf("%w; read the stored report: %w", err, e)
	}
	if stored.Spec.ResourceRef.UID == "" {
		uid = "" // a report that was first made without the uid keeps none
	}
	if stored.Spec.ObservedGeneration > parent.GetGeneration() {
		return nil // the event of that generation is on its way
	}
	if last := stored.Spec.ObservedTime.Time; stored.Spec.ObservedGeneration == parent.GetGeneration() && last.After(observed) {
		if last.Sub(observed) > maxSkew {
			return fmt.Errorf("the stored report %s is of %s, which is more than %s ahead of this clock: %w",
				stored.Name, last.Format(time.RFC3339), maxSkew, err)
		}
		observed = last.Add(time.Microsecond) // the clock of the instance before was ahead
	}
	if report, err = w.report(kind, parent, uid, observed, conditions, data); err != nil {
		return err
	}
	return w.apply(ctx, report)
}

func (w *reporter) report(kind string, parent hyperfleetv1.Parent, uid types.UID, observed time.Time,
	conditions []hyperfleetv1.AdapterCondition, data any) (*applyv1.AdapterStatusApplyConfiguration, error) {
	reference := applyv1.ResourceReference().WithKind(kind).WithName(parent.GetName())
	if uid != "" {
		reference.WithUID(uid)
	}
	spec := applyv1.AdapterStatusSpec().WithResourceRef(reference).WithAdapter(w.adapter).
		WithObservedGeneration(parent.GetGeneration()).WithObservedTime(hyperfleetv1.NewTimestamp(observed))
	for _, c := range conditions {
		spec.WithConditions(applyv1.AdapterCondition().WithType(c.Type).WithStatus(c.Status).WithReason(c.Reason).WithMessage(c.Message))
	}
	if data != nil {
		raw, err := json.Marshal(data)
		if err != nil {
			return nil, fmt.Errorf("encode the data of the report on %s %s: %w", kind, parent.GetName(), err)
		}
		spec.WithData(runtime.RawExtension{Raw: raw})
	}
	return applyv1.AdapterStatus(strings.Join([]string{parent.GetName(), w.adapter}, "."), parent.GetNamespace()).WithSpec(spec), nil
}

// apply writes by force: the report belongs to its adapter, also where another client
// made it.
func (w *reporter) apply(ctx context.Context, report *applyv1.AdapterStatusApplyConfiguration) error {
	if err := w.client.Apply(ctx, report, client.FieldOwner("hyperfleet-adapter-"+w.adapter), client.ForceOwnership); err != nil {
		return fmt.Errorf("apply AdapterStatus %s: %w", *report.Name, err)
	}
	return nil
}

func (w *reporter) print(report *applyv1.AdapterStatusApplyConfiguration) error {
	text, err := yaml.Marshal(report)
	if err != nil {
		return fmt.Errorf("encode AdapterStatus %s: %w", *report.Name, err)
	}
	_, err = fmt.Fprintf(w.dry, "---\n%s", text)
	return err
}
