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
	"sync"

	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// memory is what a reconciler remembers of its own doings. It saves work and
// closes races; a restart may forget it.
type memory struct {
	written  sync.Map // client.ObjectKey → resourceVersion of our last write
	vanished sync.Map // client.ObjectKey → resourceVersion at which the object was deleted
	waiting  sync.Map // client.ObjectKey → *heartbeats that are not written yet

	unaggregated sync.Map // client.ObjectKey → arrival of the first report that the status lacks
}

// wrote records our write, as the API server returned it.
func (m *memory) wrote(o client.Object) {
	m.written.Store(client.ObjectKeyFromObject(o), o.GetResourceVersion())
}

// isOwnWrite tells whether this version of the object came to be by our last
// write, and so holds nothing that we do not know.
func (m *memory) isOwnWrite(o client.Object) bool {
	version, ok := m.written.Load(client.ObjectKeyFromObject(o))
	return ok && version == o.GetResourceVersion()
}

// isBehind tells whether the object is older than our last write to it. A patch
// computed against it would conflict.
func (m *memory) isBehind(o client.Object) bool {
	version, ok := m.written.Load(client.ObjectKeyFromObject(o))
	if !ok {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(o.GetResourceVersion(), version.(string))
	return err == nil && order < 0
}

func (m *memory) forget(key client.ObjectKey) {
	m.written.Delete(key)
	m.waiting.Delete(key)
	m.unaggregated.Delete(key)
}
