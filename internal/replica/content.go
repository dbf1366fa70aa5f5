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

package replica

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Spec returns the spec of a Cluster or NodePool as REST shows it, and false if the index
// has another generation of the object, or none. A caller may have the object from
// another cache, which is ahead or behind.
func (r *Replica) Spec(kind string, o client.Object) (spec []byte, known bool, err error) {
	index := r.Clusters.Index
	if kind == v1.NodePoolKind {
		index = r.NodePools.Index
	}
	row, ok := index.GetByKey(client.ObjectKeyFromObject(o))
	if !ok || row.ID != v1.ID(o.GetUID()) || row.Generation != o.GetGeneration() {
		return nil, false, nil
	}
	var shown struct {
		Spec json.RawMessage `json:"spec"`
	}
	if err := json.Unmarshal(row.JSON, &shown); err != nil {
		return nil, false, fmt.Errorf("read the spec of %s: %w", row.Key, err)
	}
	return shown.Spec, true, nil
}

// Data returns the free-form data of a report, and false if the index has another version
// of the report, or none.
func (r *Reports) Data(report *v1.AdapterStatus) (data []byte, known bool, err error) {
	row, ok := r.Index.GetByKey(client.ObjectKeyFromObject(report))
	if !ok || row.ResourceVersion != report.ResourceVersion {
		return nil, false, nil
	}
	var shown struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(row.JSON, &shown); err != nil {
		return nil, false, fmt.Errorf("read the data of report %s: %w", row.Key, err)
	}
	return shown.Data, true, nil
}
