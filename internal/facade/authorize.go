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
	"errors"
	"net/http"

	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/request"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// may calls a handler if the caller has the right to apply the verb to every object of
// the resource. Handlers look objects up with the facade's own rights, so a caller
// without the right must not learn even that an object exists.
func (s *Server) may(verb, resource string, handle handlerFunc) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.authorize(r, verb, resource, ""); err != nil {
			return err
		}
		return handle(w, r)
	}
}

// authorizedRow returns the row with the id, nil if there is none. It fails unless the
// caller may get every object of the resource, or this object by its name
// (resourceNames). A caller without the right does not learn whether the object exists.
func (s *Server) authorizedRow(r *http.Request, c *replica.Resources, id string) (*fleet.Row, error) {
	refused := s.authorize(r, "get", c.Resource, "")
	if refused != nil && !isRefusal(refused) {
		return nil, refused
	}
	if err := s.checkCurrent(); err != nil {
		return nil, err
	}
	if refused == nil {
		return s.lookUp(r, c, id)
	}
	if _, err := v1.UIDFromID(id); err != nil {
		return nil, refused // no object has this id
	}
	// Only the index is read: the duration of a look-up would reveal whether the object
	// exists.
	name := id
	row, ok := c.Index.Get(id)
	if ok {
		name = row.Key.Name
	}
	// The authorizer also decides if there is no object, so that the duration reveals
	// nothing.
	if err := s.authorize(r, "get", c.Resource, name); err != nil {
		return nil, err
	}
	return row, nil
}

// lookUp returns the row of an id, nil if there is no such object.
func (s *Server) lookUp(r *http.Request, c *replica.Resources, id string) (*fleet.Row, error) {
	if row, ok := c.Index.Get(id); ok { // without a deadline, which would cost more than the rest
		return row, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.Limits.RequestTimeout)
	defer cancel()
	row, err := c.Lookup(ctx, id)
	return row, fromReplica(err)
}

// authorizeNamed fails unless the caller may apply the verb to every object of the
// resource, or to the object of that name.
func (s *Server) authorizeNamed(r *http.Request, verb, resource, name string) error {
	err := s.authorize(r, verb, resource, "")
	if isRefusal(err) {
		return s.authorize(r, verb, resource, name)
	}
	return err
}

// authorize fails unless the caller may apply the verb in the served namespace: to the
// object of that name or, without a name, to every object of the resource.
func (s *Server) authorize(r *http.Request, verb, resource, name string) error {
	caller, ok := request.UserFrom(r.Context())
	if !ok {
		return errNoCaller
	}
	decision, _, err := s.options.Authorizer.Authorize(r.Context(), authorizer.AttributesRecord{
		User:            caller,
		Verb:            verb,
		Namespace:       s.replica.Namespace(),
		APIGroup:        v1.GroupVersion.Group,
		APIVersion:      v1.GroupVersion.Version,
		Resource:        resource,
		Name:            name,
		ResourceRequest: true,
	})
	switch {
	case decision == authorizer.DecisionAllow:
		return nil
	case err != nil:
		return problem.Unavailable.Transient("The API server cannot authorize the caller now").WithCause(err)
	default:
		// The answer leaves out the name, which would reveal that the object exists.
		return problem.Forbidden.Because("User %q cannot %s resource %q in API group %q in the namespace %q",
			caller.GetName(), verb, resource, v1.GroupVersion.Group, s.replica.Namespace())
	}
}

func isRefusal(err error) bool {
	p, ok := errors.AsType[*problem.Error](err)
	return ok && p.Kind == problem.Forbidden
}
