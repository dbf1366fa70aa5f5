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

package facade

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// An applier is a field manager that has applied a recorded report, or a part of it
// (server-side apply).
type applier struct {
	entry  metav1.ManagedFieldsEntry // without the fields
	fields *fieldpath.Set
}

type appliers []applier

// appliersOf returns the appliers of a recorded report, including those of its metadata. The
// appliers with the largest scope come first, and among these the newest.
func appliersOf(recorded *v1.AdapterStatus) (appliers, error) {
	var all appliers
	for _, entry := range slices.Backward(recorded.ManagedFields) { // the API server sorts them by time
		if entry.Operation != metav1.ManagedFieldsOperationApply {
			continue
		}
		fields, err := fieldsOf(entry)
		if err != nil {
			return nil, err
		}
		entry.FieldsV1 = nil
		all = append(all, applier{entry, fields})
	}
	slices.SortStableFunc(all, func(a, b applier) int { return cmp.Compare(b.scope(), a.scope()) })
	return all, nil
}

// ofSpec returns the appliers of the report's spec or of a part of it.
func (all appliers) ofSpec() appliers {
	return slices.DeleteFunc(slices.Clone(all), func(a applier) bool {
		return a.fields.WithPrefix(fieldpath.FieldNameElement("spec")).Empty()
	})
}

// has reports whether the applier has applied a field. path is in the form of the
// arguments of fieldpath.MakePath.
func (a applier) has(path ...any) bool {
	return a.fields.Has(fieldpath.MakePathOrDie(path...))
}

// A scope is how much of a report an applier applies.
type scope int

const (
	partScope scope = iota // some fields of the spec or of the metadata
	// resultScope is the time and the conditions.
	resultScope
	// manifestScope is all fields that the API server requires in a new report. An applier
	// of spec.adapter has this scope: the field is immutable, so no other client takes it
	// from the applier.
	manifestScope
)

// gained matches, by the scope of the first applier, the fields from REST that the first
// applier gets to own although no applier has applied them. Its next apply removes these
// fields unless its manifest contains them. So it gets a required field only if its
// manifest certainly contains the field.
var gained = map[scope]*fieldpath.SetMatcher{
	partScope:     inSpec(),
	resultScope:   inSpec("conditions", "data", "metadata"),
	manifestScope: inSpec("conditions", "data", "metadata", "observedGeneration", "observedTime"),
}

func inSpec(fields ...string) *fieldpath.SetMatcher {
	matcher := fieldpath.NewSetMatcher(false)
	for _, field := range fields {
		matcher = matcher.Merge(fieldpath.MakePrefixMatcherOrDie("spec", field))
	}
	return matcher
}

func (a applier) scope() scope {
	switch {
	case a.has("spec", "adapter"):
		return manifestScope
	case a.has("spec", "observedTime") && !a.fields.FilterIncludeMatches(inSpec("conditions")).Empty():
		return resultScope
	default:
		return partScope
	}
}

// haveOneWriter reports whether only the first applier has applied fields that a report
// can change.
func (all appliers) haveOneWriter() bool {
	return len(all) > 0 && !slices.ContainsFunc(all[1:], func(a applier) bool {
		return !a.fields.FilterIncludeMatches(gained[manifestScope]).Empty()
	})
}

// made reports whether the applier has made an entry.
func (a applier) made(entry metav1.ManagedFieldsEntry) bool {
	return entry.Operation == metav1.ManagedFieldsOperationApply && entry.Manager == a.entry.Manager
}

// isREST reports whether an entry contains the fields that reports over REST have
// written. While a report has no applier, the facade keeps no record of owners, and the
// first apply attributes all fields to before-first-apply.
func isREST(entry metav1.ManagedFieldsEntry) bool {
	return entry.Operation == metav1.ManagedFieldsOperationUpdate &&
		(entry.Manager == fieldManager || entry.Manager == "before-first-apply")
}

// regain returns the managed fields that give back to each applier its fields of the
// spec, and to the first applier the fields that it gains. An applier also owns its
// conditions that REST has left out: REST may add them again. regain returns nil if
// nothing changes.
func (all appliers) regain(entries []metav1.ManagedFieldsEntry) ([]metav1.ManagedFieldsEntry, error) {
	entries = slices.Clone(entries)
	for _, a := range all {
		if !slices.ContainsFunc(entries, a.made) {
			entries = append(entries, a.entry) // REST has overwritten all its fields
		}
	}
	fields, written := make([]*fieldpath.Set, len(entries)), fieldpath.NewSet()
	for i, entry := range entries {
		var err error
		if fields[i], err = fieldsOf(entry); err != nil {
			return nil, err
		}
		if isREST(entry) {
			written = written.Union(fields[i])
		}
	}
	gains, losses, left := make([]*fieldpath.Set, len(all)), make([]*fieldpath.Set, len(all)), written
	for i, a := range all {
		gains[i] = a.fields.FilterIncludeMatches(fieldpath.MakePrefixMatcherOrDie("spec"))
		left = left.Difference(gains[i])
	}
	for i, a := range all {
		losses[i] = fieldpath.NewSet() // fields that a concurrent report over REST gave to this applier
		for _, others := range gains {
			losses[i] = losses[i].Union(others.Difference(a.fields))
		}
	}
	if len(all) > 0 {
		more := left.FilterIncludeMatches(gained[all[0].scope()])
		gains[0], left = gains[0].Union(more), left.Difference(more)
	}
	changed, regained := false, make([]metav1.ManagedFieldsEntry, 0, len(entries))
	for i, entry := range entries {
		owned := fields[i]
		if isREST(entry) {
			owned = owned.Intersection(left)
		} else if of := slices.IndexFunc(all, func(a applier) bool { return a.made(entry) }); of >= 0 {
			owned = owned.Difference(losses[of]).Union(gains[of])
		}
		changed = changed || !owned.Equals(fields[i])
		if owned.Empty() {
			continue
		}
		encoded, err := owned.ToJSON()
		if err != nil {
			return nil, fmt.Errorf("encode the fields of %s: %w", entry.Manager, err)
		}
		entry.FieldsV1 = metav1.NewFieldsV1(string(encoded))
		regained = append(regained, entry)
	}
	if !changed {
		return nil, nil
	}
	return regained, nil
}

func fieldsOf(entry metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	fields := fieldpath.NewSet()
	if entry.FieldsV1 == nil {
		return fields, nil
	}
	if err := fields.FromJSON(entry.FieldsV1.GetRawReader()); err != nil {
		return nil, fmt.Errorf("decode the fields of %s: %w", entry.Manager, err)
	}
	return fields, nil
}
