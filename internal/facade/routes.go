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
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// A handlerFunc answers a request, or returns the error to answer with.
type handlerFunc func(w http.ResponseWriter, r *http.Request) error

// methods are the handlers of one path by HTTP method. The handler of GET also serves
// HEAD.
type methods map[string]handlerFunc

func (s *Server) handler() http.Handler {
	clusters, nodePools := s.replica.Clusters.Resource, s.replica.NodePools.Resource
	routes := map[string]methods{
		rest.RootPath:    {http.MethodGet: s.getAPI},
		rest.VersionPath: {http.MethodGet: s.getVersion},
		rest.OpenAPIPath: {http.MethodGet: s.getOpenAPI},

		// Routes without may authorize inside their look-up of what the path names.
		rest.ClustersPath: {
			http.MethodGet:  s.may("list", clusters, s.listClusters),
			http.MethodPost: s.may("create", clusters, s.createCluster),
		},
		rest.ClusterPath:            s.resourceMethods(s.getCluster, s.onCluster),
		rest.ClusterForceDeletePath: {http.MethodPost: s.onCluster(s.forceDelete)},
		rest.ClusterStatusesPath:    s.statusMethods(s.listClusterStatuses, s.onCluster),
		rest.ClusterNodePoolsPath: {
			http.MethodGet:  s.may("list", nodePools, s.listClusterNodePools),
			http.MethodPost: s.may("create", nodePools, s.createNodePool),
		},
		rest.ClusterNodePoolPath:            s.resourceMethods(s.getNodePool, s.onNodePool),
		rest.ClusterNodePoolForceDeletePath: {http.MethodPost: s.onNodePool(s.forceDelete)},
		rest.NodePoolStatusesPath:           s.statusMethods(s.listNodePoolStatuses, s.onNodePool),

		rest.NodePoolsPath:            {http.MethodGet: s.may("list", nodePools, s.listNodePools)},
		rest.NodePoolPath:             s.resourceMethods(s.getNodePool, s.onNodePool),
		rest.NodePoolForceDeletePath:  {http.MethodPost: s.onNodePool(s.forceDelete)},
		rest.FlatNodePoolStatusesPath: s.statusMethods(s.listNodePoolStatuses, s.onNodePool),
	}
	mux := http.NewServeMux()
	for pattern, m := range routes {
		mux.Handle(pattern, routed(pattern, s.serve(s.admitted(m).dispatch)))
	}
	page := routed(rest.OpenAPIPagePath, s.serve(s.admitted(methods{http.MethodGet: s.servePage()}).dispatch))
	mux.Handle(rest.OpenAPIPagePath, page)
	mux.Handle(rest.OpenAPIPagePath+"/", page)
	nothing := s.serve(func(_ http.ResponseWriter, r *http.Request) error { return noPath(r) })
	mux.Handle("/", nothing)
	return s.observe(s.protectBrowsers(s.limit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A ServeMux redirects //x and /a/../x; the facade answers that such paths do not
		// exist. A ServeMux also has its own answer to "*".
		if !isClean(r.URL.EscapedPath()) || r.RequestURI == "*" {
			nothing.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))))
}

// isClean reports whether a ServeMux would serve a path without a redirect.
func isClean(asked string) bool {
	if strings.HasPrefix(asked, "/") && !strings.Contains(asked, "//") && !strings.Contains(asked, "/.") {
		return true // almost every path, at a tenth of the cost
	}
	clean := path.Clean(asked)
	return asked == clean || clean != "/" && asked == clean+"/"
}

// resourceMethods are the methods of the path of a resource.
func (s *Server) resourceMethods(get handlerFunc, on func(resourceHandler) handlerFunc) methods {
	return methods{http.MethodGet: get, http.MethodPatch: on(s.patchResource), http.MethodDelete: on(s.deleteResource)}
}

// statusMethods are the methods of the path of the reports on a resource. Adapters of the
// newer dialect report by PUT.
func (s *Server) statusMethods(list handlerFunc, on func(resourceHandler) handlerFunc) methods {
	reports := s.replica.Reports.Resource
	report := s.may("create", reports, on(s.answerReport))
	return methods{http.MethodGet: s.may("list", reports, list), http.MethodPost: report, http.MethodPut: report}
}

// dispatch calls the handler of the request's method.
func (m methods) dispatch(w http.ResponseWriter, r *http.Request) error {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if handle, ok := m[method]; ok {
		return handle(w, r)
	}
	var allowed []string
	for method := range m {
		allowed = append(allowed, method)
		if method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	return problem.MethodNotAllowed.Because("%s does not serve %s", r.URL.Path, r.Method).
		WithHeader("Allow", strings.Join(allowed, ", "))
}

// serve converts a handlerFunc to an http.Handler, which first authenticates the caller
// and answers errors with problem details.
func (s *Server) serve(handle handlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.recoverPanic(w, r)
		authenticated, err := s.authenticate(r)
		if err == nil {
			r = authenticated
			err = handle(w, r)
		}
		if err != nil {
			s.answerError(w, r, err)
		}
	})
}

func (s *Server) answerError(w http.ResponseWriter, r *http.Request, err error) {
	p := problem.From(err)
	log := s.logOf(r).WithValues("code", p.Code, "status", p.Status)
	if p.Status >= http.StatusInternalServerError && r.Context().Err() == nil { // else the client has given up
		log.Error(p, "Request failed")
	} else {
		log.V(1).Info("Request refused", "reason", p.Error())
	}
	s.writeProblem(w, r, p)
}

// recoverPanic answers a request whose handler panicked, so that one fault does not break
// the other requests.
func (s *Server) recoverPanic(w http.ResponseWriter, r *http.Request) {
	reason := recover()
	if reason == nil {
		return
	}
	if reason == http.ErrAbortHandler { //nolint:errorlint // net/http compares it in the same way
		panic(reason)
	}
	s.logOf(r).Error(fmt.Errorf("panic: %v", reason), "Handler panicked", "stack", string(debug.Stack()))
	s.writeProblem(w, r, problem.Internal.Because("The request hit a fault of the server"))
}
