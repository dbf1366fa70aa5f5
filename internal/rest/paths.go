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

package rest

// The paths of the REST API. Names in braces are parameters of a path.
const (
	RootPath                       = "/api/hyperfleet"
	VersionPath                    = RootPath + "/v1"
	OpenAPIPath                    = VersionPath + "/openapi"
	OpenAPIPagePath                = VersionPath + "/openapi.html"
	ClustersPath                   = VersionPath + "/clusters"
	ClusterPath                    = ClustersPath + "/{cluster_id}"
	ClusterStatusesPath            = ClusterPath + "/statuses"
	ClusterNodePoolsPath           = ClusterPath + "/nodepools"
	ClusterNodePoolPath            = ClusterNodePoolsPath + "/{nodepool_id}"
	NodePoolStatusesPath           = ClusterNodePoolPath + "/statuses"
	ClusterForceDeletePath         = ClusterPath + "/force-delete"
	ClusterNodePoolForceDeletePath = ClusterNodePoolPath + "/force-delete"
	NodePoolsPath                  = VersionPath + "/nodepools"
	NodePoolPath                   = NodePoolsPath + "/{nodepool_id}"
	FlatNodePoolStatusesPath       = NodePoolPath + "/statuses"
	NodePoolForceDeletePath        = NodePoolPath + "/force-delete"
)

// ClusterHref returns the path of the cluster with an id.
func ClusterHref(id string) string { return ClustersPath + "/" + id }

// NodePoolHref returns the path of the nodepool with an id.
func NodePoolHref(id string) string { return NodePoolsPath + "/" + id }
