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
	"net/http"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

func (s *Server) getAPI(w http.ResponseWriter, _ *http.Request) error {
	return s.writeDescription(w, rest.APIDescription{
		Kind:        rest.API,
		ID:          "hyperfleet",
		Href:        rest.RootPath,
		Name:        s.contract.doc.Info.Title,
		Description: "The desired state of a fleet of managed Kubernetes clusters, and what adapters report about it",
		Version:     s.options.Version,
		Versions:    []rest.Link{{Kind: "APIVersion", ID: "v1", Href: rest.VersionPath}},
	})
}

func (s *Server) getVersion(w http.ResponseWriter, _ *http.Request) error {
	clusters, nodePools := s.replica.Clusters, s.replica.NodePools
	return s.writeDescription(w, rest.VersionDescription{
		Kind: rest.APIVersion,
		ID:   "v1",
		Href: rest.VersionPath,
		Collections: []rest.Link{
			{Kind: clusters.ListKind, ID: clusters.Name, Href: rest.ClustersPath},
			{Kind: nodePools.ListKind, ID: nodePools.Name, Href: rest.NodePoolsPath},
		},
	})
}

func (s *Server) writeDescription(w http.ResponseWriter, description any) error {
	body, err := rest.Marshal(description)
	if err != nil {
		return fmt.Errorf("describe the API: %w", err)
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}

func (s *Server) getOpenAPI(w http.ResponseWriter, r *http.Request) error {
	if s.maySend(w, r) {
		writeJSON(w, http.StatusOK, s.contract.json)
	}
	return nil
}
