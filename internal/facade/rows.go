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
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// Row returns the row that the facade indexes of a Cluster, NodePool or
// AdapterStatus, for those who evaluate the same searches elsewhere. The required
// adapters count for objects that have no status yet.
func Row(o client.Object, required func(kind string) []string) (*fleet.Row, error) {
	r := renderer{required: required}
	switch o := o.(type) {
	case *v1.Cluster:
		return r.cluster(o)
	case *v1.NodePool:
		return r.nodePool(o)
	case *v1.AdapterStatus:
		return r.adapterStatus(o)
	}
	return nil, fmt.Errorf("no list of the REST API has objects of type %T", o)
}
