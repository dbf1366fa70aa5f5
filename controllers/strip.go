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
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// strip keeps the fields of an object that the reconcilers read. It drops the rest
// before the object enters the cache: the free-form content, which is most of a
// fleet's bytes, and most of the metadata. Anything that is not a Cluster or NodePool,
// such as a tombstone, passes unchanged.
//
// The index that answers reads contains the whole objects already, so this cache adds as
// little memory as possible.
func strip(in any) (any, error) {
	switch o := in.(type) {
	case *v1.Cluster:
		o.TypeMeta, o.ObjectMeta = metav1.TypeMeta{}, stripMeta(&o.ObjectMeta)
		o.Spec = runtime.RawExtension{}
		shareStatus(&o.Status)
	case *v1.NodePool:
		o.TypeMeta, o.ObjectMeta = metav1.TypeMeta{}, stripMeta(&o.ObjectMeta)
		o.Spec.Fields = runtime.RawExtension{}
		shareStatus(&o.Status)
	}
	return in, nil
}

// stripMeta returns the metadata that identifies an object and its version, and the
// metadata that the record of its updates and its deletion need.
func stripMeta(o *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:              o.Name,
		Namespace:         sharedStrings.share(o.Namespace),
		UID:               o.UID,
		ResourceVersion:   o.ResourceVersion,
		Generation:        o.Generation,
		CreationTimestamp: o.CreationTimestamp,
		DeletionTimestamp: o.DeletionTimestamp,
		OwnerReferences:   o.OwnerReferences,
		Labels:            shareLabels(o.Labels),
		Annotations:       neededAnnotations(o.Annotations),
		Finalizers:        sharedStrings.shareAll(o.Finalizers),
		ManagedFields:     lastUpdate(o),
	}
}

func shareLabels(labels map[string]string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	shared := make(map[string]string, len(labels))
	for key, value := range labels {
		shared[sharedStrings.share(key)] = sharedStrings.share(value)
	}
	return shared
}

// neededAnnotations returns the annotations that reconcilers read, nil for none.
func neededAnnotations(annotations map[string]string) map[string]string {
	var needed map[string]string
	for _, key := range []string{v1.ForceDeleteAnnotation, v1.ForceDeletedByAnnotation, v1.KeptResultsAnnotation} {
		value, ok := annotations[key]
		if !ok {
			continue
		}
		if needed == nil {
			needed = map[string]string{}
		}
		needed[key] = value
	}
	return needed
}

// lastUpdate returns a single entry of managed fields with which v1.UpdatedTime returns
// the same time as with all entries. It returns none if the object is unchanged since its
// creation.
func lastUpdate(o *metav1.ObjectMeta) []metav1.ManagedFieldsEntry {
	updated := metav1.NewTime(v1.UpdatedTime(o))
	if updated.Equal(&o.CreationTimestamp) {
		return nil
	}
	return []metav1.ManagedFieldsEntry{{Time: &updated}}
}

func shareStatus(s *v1.ResourceStatus) {
	s.ObservedLabels = sharedStrings.share(s.ObservedLabels)
	s.Ready = metav1.ConditionStatus(sharedStrings.share(string(s.Ready)))
	s.Available = metav1.ConditionStatus(sharedStrings.share(string(s.Available)))
	kept := make([]v1.ResourceCondition, len(s.Conditions)) // a decoder leaves spare capacity
	for i, c := range s.Conditions {
		c.Type, c.Reason, c.Message = sharedStrings.share(c.Type), sharedStrings.share(c.Reason), sharedStrings.share(c.Message)
		c.Status = metav1.ConditionStatus(sharedStrings.share(string(c.Status)))
		kept[i] = c
	}
	s.Conditions = kept
}

// sharedStrings are the strings that many objects of a fleet have in common: types,
// reasons, messages.
var sharedStrings = &interner{known: map[string]string{}}

// interner lets equal strings share their bytes. It keeps the first maxInterned strings
// forever, because a fleet has few different strings, and returns any other string
// unchanged.
type interner struct {
	lock  sync.RWMutex
	known map[string]string
}

const (
	maxInterned       = 10_000
	maxInternedLength = 256 // bytes
)

func (i *interner) share(s string) string {
	if s == "" || len(s) > maxInternedLength {
		return s
	}
	i.lock.RLock()
	shared, ok := i.known[s]
	full := len(i.known) >= maxInterned
	i.lock.RUnlock()
	switch {
	case ok:
		return shared
	case full:
		return s
	}
	s = strings.Clone(s) // s may be part of a larger string
	i.lock.Lock()
	defer i.lock.Unlock()
	i.known[s] = s
	return s
}

func (i *interner) shareAll(all []string) []string {
	for n := range all {
		all[n] = i.share(all[n])
	}
	return all
}
