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

package plugin

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// A collection is a kind of objects to search.
type collection struct {
	resource string   // as in the API server's URLs
	aliases  []string // names that kubectl accepts for it
	schema   fleet.Schema
	object   func() client.Object // returns a new, empty object
}

var collections = []*collection{
	{"clusters", []string{"cluster", "hfc"}, fleet.Clusters, func() client.Object { return &v1.Cluster{} }},
	{"nodepools", []string{"nodepool", "hfnp"}, fleet.NodePools, func() client.Object { return &v1.NodePool{} }},
	{"adapterstatuses", []string{"adapterstatus", "hfas"}, fleet.AdapterStatuses, func() client.Object { return &v1.AdapterStatus{} }},
}

// findCollection returns the collection with that name, or nil. As in kubectl,
// the group or its beginning may follow the name.
func findCollection(name string) *collection {
	name, group, _ := strings.Cut(strings.ToLower(name), ".")
	if !strings.HasPrefix(v1.GroupVersion.Group, group) {
		return nil
	}
	for _, c := range collections {
		if name == c.resource || slices.Contains(c.aliases, name) {
			return c
		}
	}
	return nil
}

// name returns the name that is unambiguous for kubectl get.
func (c *collection) name() string { return c.resource + "." + v1.GroupVersion.Group }

// row returns the row of an object in JSON, as the REST API indexes it.
func (c *collection) row(raw []byte) (*fleet.Row, error) {
	object := c.object()
	if err := json.Unmarshal(raw, object); err != nil {
		return nil, fmt.Errorf("decode one of the %s: %w", c.resource, err)
	}
	row, err := rest.Renderer{RequiredAdapters: anyAdapters}.Row(object)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", object.GetName(), err)
	}
	return row, nil
}

// anyAdapters replaces the required adapters, which only HyperFleet itself knows. For an
// object without a status, they make no difference. For other objects, they determine
// only the reason and message of Ready until the controller has seen a change of spec,
// and the observed_generation of Ready, which is 0 here.
func anyAdapters(string) []string { return []string{"any"} }
