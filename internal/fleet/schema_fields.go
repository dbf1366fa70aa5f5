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

package fleet

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// field is a scalar field of a Row that searches or orders can name.
type field struct {
	name string
	kind kind
	// key returns the value in the form of a posting list's key, "" if the row has none.
	// It is nil for a time field that every row has: its view answers searches.
	key func(*Row) string
	// time returns the value of a time field.
	time func(*Row) time.Time
	// compare orders rows. It is nil if lists cannot be ordered by the field.
	compare func(a, b *Row) int
	// tie is the field that decides between rows with equal values before id does, nil if
	// there is none.
	tie *field
}

// compareWithTie orders rows by the field and its tie.
func (f *field) compareWithTie(a, b *Row) int {
	if c := f.compare(a, b); c != 0 || f.tie == nil {
		return c
	}
	return f.tie.compare(a, b)
}

// ordering returns the order of the field's view, or its reverse.
func (f *field) ordering(descending bool) ordering {
	o := append(make(ordering, 0, 3), orderKey{field: f, descending: descending})
	if f.tie != nil {
		o = append(o, orderKey{field: f.tie, descending: descending})
	}
	if f != id {
		o = append(o, orderKey{field: id, descending: descending})
	}
	return o
}

// kind is the type of literal that a field is compared with.
type kind int

const (
	stringKind kind = iota
	integerKind
	timeKind
)

var (
	id   = stringField("id", func(r *Row) string { return r.ID })
	name = stringField("name", func(r *Row) string { return r.Name })

	createdBy = stringField("created_by", func(r *Row) string { return r.CreatedBy })
	updatedBy = stringField("updated_by", func(r *Row) string { return r.UpdatedBy })
	deletedBy = stringField("deleted_by", func(r *Row) string { return r.DeletedBy })
	adapter   = stringField("adapter", func(r *Row) string { return r.Name })

	ownerID = &field{name: "owner_id", key: func(r *Row) string { return r.OwnerID }}

	// clusterName is the part of a NodePool's metadata.name before the dot. REST does not
	// show it, but users can search by it without looking up the owner's id.
	clusterName = &field{name: "spec.clusterName", key: func(r *Row) string {
		cluster, _, _ := strings.Cut(r.Key.Name, ".")
		return cluster
	}}

	generation         = generationField("generation")
	observedGeneration = generationField("observed_generation")

	createdTime = &field{
		name:    "created_time",
		kind:    timeKind,
		time:    func(r *Row) time.Time { return r.CreatedTime },
		compare: func(a, b *Row) int { return a.CreatedTime.Compare(b.CreatedTime) },
		tie:     sequence,
	}
	// sequence is in no Schema: it only breaks ties. A row without a sequence precedes the
	// other rows of its time, so that the order is total.
	sequence = &field{
		name:    "sequence",
		compare: func(a, b *Row) int { return cmp.Compare(a.Sequence, b.Sequence) },
	}

	updatedTime    = timeField("updated_time", func(r *Row) time.Time { return r.UpdatedTime })
	lastReportTime = timeField("last_report_time", func(r *Row) time.Time { return r.UpdatedTime })

	deletedTime = &field{
		name: "deleted_time",
		kind: timeKind,
		key: func(r *Row) string {
			if r.DeletedTime.IsZero() {
				return ""
			}
			return r.DeletedTime.Format(time.RFC3339Nano)
		},
		time: func(r *Row) time.Time { return r.DeletedTime },
		// A row that is not being deleted comes first in ascending order, like an empty string.
		compare: func(a, b *Row) int { return a.DeletedTime.Compare(b.DeletedTime) },
	}
)

func stringField(name string, value func(*Row) string) *field {
	return &field{
		name:    name,
		key:     value,
		compare: func(a, b *Row) int { return strings.Compare(value(a), value(b)) },
	}
}

func generationField(name string) *field {
	return &field{
		name:    name,
		kind:    integerKind,
		key:     func(r *Row) string { return strconv.FormatInt(r.Generation, 10) },
		compare: func(a, b *Row) int { return cmp.Compare(a.Generation, b.Generation) },
	}
}

func timeField(name string, value func(*Row) time.Time) *field {
	return &field{
		name:    name,
		kind:    timeKind,
		time:    value,
		compare: func(a, b *Row) int { return value(a).Compare(value(b)) },
	}
}
