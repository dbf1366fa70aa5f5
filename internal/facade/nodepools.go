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
	"context"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

func (s *Server) listNodePools(w http.ResponseWriter, r *http.Request) error {
	return s.answerList(w, r, s.replica.NodePools.Collection, rest.NodePoolsPath)
}

func (s *Server) listClusterNodePools(w http.ResponseWriter, r *http.Request) error {
	cluster, err := s.requestedCluster(r)
	if err != nil {
		return err
	}
	return s.answerList(w, r, s.replica.NodePools.Collection, rest.ClusterNodePoolsPath, cluster.ID)
}

func (s *Server) getNodePool(w http.ResponseWriter, r *http.Request) error {
	row, err := s.requestedNodePool(r)
	if err != nil {
		return err
	}
	s.writeRow(w, r, row)
	return nil
}

func (s *Server) createNodePool(w http.ResponseWriter, r *http.Request) error {
	found, err := s.requestedCluster(r)
	if err != nil {
		return err
	}
	dry, err := isDryRun(r)
	if err != nil {
		return err
	}
	var body rest.NodePoolCreateRequest
	if err := readBody(w, r, s.contract.schema("NodePoolCreateRequest"), &body); err != nil {
		return err
	}
	faults := checkLabels(body.Labels)
	nodePool := &v1.NodePool{
		ObjectMeta: metav1.ObjectMeta{
			Name:      v1.NodePoolName(found.Name, body.Name),
			Namespace: s.replica.Namespace(),
			Labels:    body.Labels,
		},
	}
	if nodePool.Spec, err = v1.NewNodePoolSpec(found.Name, rest.FreeForm(body.Spec)); err != nil {
		faults = append(faults, reservedClusterName)
	}
	if len(faults) > 0 {
		return problem.InvalidBody.InFields(faults...)
	}
	cluster, err := s.liveCluster(r.Context(), found)
	if err != nil {
		return err
	}
	nodePool.TieTo(cluster)
	if err := s.create(r.Context(), nodePool, dry); err != nil {
		return err
	}
	row, err := s.replica.Renderer.NodePool(nodePool)
	if err != nil {
		return err
	}
	s.answerCreated(w, r, s.replica.NodePools, row, rest.NodePoolHref(row.ID), dry)
	return nil
}

// reservedClusterName is the fault of a spec with the field that contains the cluster's
// name in Kubernetes.
var reservedClusterName = rest.FieldError{Field: "spec.clusterName", Constraint: "reserved", Message: "spec.clusterName is reserved: the path says which cluster the nodepool belongs to"}

// requestedNodePool returns the nodepool of the path. If the path also names a cluster,
// the nodepool must belong to it. The caller must be allowed to get both.
func (s *Server) requestedNodePool(r *http.Request) (*fleet.Row, error) {
	clusterID := r.PathValue("cluster_id")
	if clusterID != "" {
		if _, err := s.requestedCluster(r); err != nil {
			return nil, err
		}
	}
	id := r.PathValue("nodepool_id")
	row, err := s.authorizedRow(r, s.replica.NodePools, id)
	if err != nil {
		return nil, err
	}
	if row == nil || clusterID != "" && row.OwnerID != clusterID {
		return nil, problem.NoSuchNodePool.Because("There is no nodepool with id %q%s", id, ofCluster(clusterID))
	}
	return row, nil
}

func ofCluster(id string) string {
	if id == "" {
		return ""
	}
	return " in cluster " + id
}

// liveCluster reads a cluster from the API server, because no nodepool may be created in
// a cluster that was deleted or is being deleted, and the index may be behind.
func (s *Server) liveCluster(ctx context.Context, row *fleet.Row) (*v1.Cluster, error) {
	cluster := &v1.Cluster{}
	err := s.own.Get(ctx, row.Key, cluster)
	if apierrors.IsNotFound(err) || err == nil && cluster.UID != row.UID() {
		return nil, noCluster(row.ID)
	}
	if err != nil {
		return nil, fromOwnRequest(err)
	}
	if !cluster.DeletionTimestamp.IsZero() {
		return nil, problem.Terminating.Because("The cluster is being deleted, and takes no new nodepools")
	}
	return cluster, nil
}
