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

// strip keeps of an object what the reconcilers read, and drops the rest before it
// gets into the cache: free-form content, which is most of a fleet's bytes, and
// most of the metadata. What is not an object of ours, such as the tombstone of
// one, passes as it is.
//
// The index that answers reads holds whole objects already. So a fleet's size in
// memory depends on how little this cache holds beside it.
func strip(in any) (any, error) {
	switch o := in.(type) {
	case *v1.Cluster:
		o.TypeMeta, o.ObjectMeta = metav1.TypeMeta{}, stripMeta(&o.ObjectMeta)
		o.Spec = runtime.RawExtension{}
		shareStatus(&o.Status)
	case *v1.NodePool:
		labels := o.Labels // TieTo looks at them
		o.TypeMeta, o.ObjectMeta = metav1.TypeMeta{}, stripMeta(&o.ObjectMeta)
		o.Labels = labels
		o.Spec.Fields = runtime.RawExtension{}
		shareStatus(&o.Status)
	}
	return in, nil
}

// stripMeta returns what tells an object from others and from its other versions,
// and what the cascade of deletions needs.
func stripMeta(o *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:              o.Name,
		Namespace:         texts.share(o.Namespace),
		UID:               o.UID,
		ResourceVersion:   o.ResourceVersion,
		Generation:        o.Generation,
		CreationTimestamp: o.CreationTimestamp,
		DeletionTimestamp: o.DeletionTimestamp,
		OwnerReferences:   o.OwnerReferences,
		Finalizers:        texts.shareAll(o.Finalizers),
		ManagedFields:     lastUpdate(o),
	}
}

// lastUpdate is an entry of the managed fields from which v1.UpdatedTime tells what
// it tells from all of them; none where the object is as it was created.
func lastUpdate(o *metav1.ObjectMeta) []metav1.ManagedFieldsEntry {
	updated := metav1.NewTime(v1.UpdatedTime(o))
	if updated.Equal(&o.CreationTimestamp) {
		return nil
	}
	return []metav1.ManagedFieldsEntry{{Time: &updated}}
}

func shareStatus(s *v1.ResourceStatus) {
	s.Ready = metav1.ConditionStatus(texts.share(string(s.Ready)))
	s.Available = metav1.ConditionStatus(texts.share(string(s.Available)))
	kept := make([]v1.ResourceCondition, len(s.Conditions)) // which a decoder makes larger than it needs
	for i, c := range s.Conditions {
		c.Type, c.Reason, c.Message = texts.share(c.Type), texts.share(c.Reason), texts.share(c.Message)
		c.Status = metav1.ConditionStatus(texts.share(string(c.Status)))
		kept[i] = c
	}
	s.Conditions = kept
}

// texts are those that stand in many objects of a fleet: types, reasons, messages.
var texts = &sharedTexts{known: map[string]string{}}

// sharedTexts lets equal texts share their bytes. It keeps the first few that it
// meets for good: those of a fleet are few, and what is not among them is kept as
// it is.
type sharedTexts struct {
	lock  sync.RWMutex
	known map[string]string
}

const (
	maxSharedTexts  = 10_000
	maxSharedLength = 256
)

func (t *sharedTexts) share(text string) string {
	if text == "" || len(text) > maxSharedLength {
		return text
	}
	t.lock.RLock()
	shared, ok := t.known[text]
	full := len(t.known) >= maxSharedTexts
	t.lock.RUnlock()
	if ok || full {
		if ok {
			return shared
		}
		return text
	}
	text = strings.Clone(text) // which may be part of something larger
	t.lock.Lock()
	defer t.lock.Unlock()
	t.known[text] = text
	return text
}

func (t *sharedTexts) shareAll(all []string) []string {
	for i := range all {
		all[i] = t.share(all[i])
	}
	return all
}
