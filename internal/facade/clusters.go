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
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

func (s *Server) listClusters(w http.ResponseWriter, r *http.Request) error {
	return s.answerList(w, r, s.replica.Clusters.Collection, rest.ClustersPath)
}

func (s *Server) getCluster(w http.ResponseWriter, r *http.Request) error {
	row, err := s.requestedCluster(r)
	if err != nil {
		return err
	}
	s.writeRow(w, r, row)
	return nil
}

func (s *Server) createCluster(w http.ResponseWriter, r *http.Request) error {
	dry, err := isDryRun(r)
	if err != nil {
		return err
	}
	var body rest.ClusterCreateRequest
	if err := readBody(w, r, s.contract.schema("ClusterCreateRequest"), &body); err != nil {
		return err
	}
	if faults := checkLabels(body.Labels); len(faults) > 0 {
		return problem.InvalidBody.InFields(faults...)
	}
	cluster := &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: body.Name, Namespace: s.replica.Namespace(), Labels: body.Labels},
		Spec:       runtime.RawExtension{Raw: rest.FreeForm(body.Spec)},
	}
	if err := s.create(r.Context(), cluster, dry); err != nil {
		return err
	}
	row, err := s.replica.Renderer.Cluster(cluster)
	if err != nil {
		return err
	}
	s.answerCreated(w, r, s.replica.Clusters, row, rest.ClusterHref(row.ID), dry)
	return nil
}

// requestedCluster returns the cluster of the path, which the caller must be allowed to
// get.
func (s *Server) requestedCluster(r *http.Request) (*fleet.Row, error) {
	id := r.PathValue("cluster_id")
	row, err := s.authorizedRow(r, s.replica.Clusters, id)
	if err == nil && row == nil {
		err = noCluster(id)
	}
	return row, err
}

func noCluster(id string) error {
	return problem.NoSuchCluster.Because("There is no cluster with id %q", id)
}

// create stores a new object as the caller.
func (s *Server) create(ctx context.Context, o client.Object, dry bool) error {
	foresee(ctx, o)
	err := s.caller.Create(ctx, o, createOptions(dry)...)
	if apierrors.IsAlreadyExists(err) {
		return problem.NameTaken.InFields(rest.FieldError{Field: "name", Constraint: "unique", Message: "name is taken: a resource with this name already exists"}).WithCause(err)
	}
	return err
}

// answerCreated answers with a new resource, once reads show it.
func (s *Server) answerCreated(w http.ResponseWriter, r *http.Request, in *replica.Resources, row *fleet.Row, href string, dry bool) {
	if !dry {
		shown := func(*fleet.Row) bool { return true } // the id is new
		s.await(r, row.ID, func(ctx context.Context) error { return in.AwaitWrite(ctx, row.ID, row.ResourceVersion, shown) })
		w.Header().Set("Location", href)
	}
	s.answerWritten(w, http.StatusCreated, row)
}
