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
)

const (
	rootPath        = "/api/hyperfleet"
	versionPath     = rootPath + "/v1"
	openAPIPath     = versionPath + "/openapi"
	openAPIPagePath = versionPath + "/openapi.html"
	clustersPath    = versionPath + "/clusters"
	clusterPath     = clustersPath + "/{cluster_id}"
	nodePoolsPath   = versionPath + "/nodepools"
)

// A handlerFunc answers a request, or returns the error to answer with.
type handlerFunc func(w http.ResponseWriter, r *http.Request) error

// methods are the handlers of one path by HTTP method. GET serves HEAD too.
type methods map[string]handlerFunc

func (s *Server) handler() http.Handler {
	routes := map[string]methods{
		rootPath:    {http.MethodGet: s.getAPI},
		versionPath: {http.MethodGet: s.getVersion},
		openAPIPath: {http.MethodGet: s.getOpenAPI},

		// Those that say nothing of rights look up what the path names, and with it
		// whether the caller may get that.
		clustersPath: {
			http.MethodGet:  s.may("list", clustersResource, s.listClusters),
			http.MethodPost: s.may("create", clustersResource, s.createCluster),
		},
		clusterPath: {http.MethodGet: s.getCluster},
		clusterPath + "/statuses": {
			http.MethodGet:  s.may("list", adapterStatusesResource, s.listClusterStatuses),
			http.MethodPost: s.may("create", adapterStatusesResource, s.reportClusterStatus),
		},
		clusterPath + "/nodepools": {
			http.MethodGet:  s.may("list", nodePoolsResource, s.listClusterNodePools),
			http.MethodPost: s.may("create", nodePoolsResource, s.createNodePool),
		},
		clusterPath + "/nodepools/{nodepool_id}": {http.MethodGet: s.getNodePool},
		clusterPath + "/nodepools/{nodepool_id}/statuses": {
			http.MethodGet:  s.may("list", adapterStatusesResource, s.listNodePoolStatuses),
			http.MethodPost: s.may("create", adapterStatusesResource, s.reportNodePoolStatus),
		},
		nodePoolsPath:                    {http.MethodGet: s.may("list", nodePoolsResource, s.listNodePools)},
		nodePoolsPath + "/{nodepool_id}": {http.MethodGet: s.getNodePool},
	}
	mux := http.NewServeMux()
	for pattern, m := range routes {
		mux.Handle(pattern, routed(pattern, s.serve(m.dispatch)))
	}
	page := routed(openAPIPagePath, s.serve(methods{http.MethodGet: s.servePage()}.dispatch))
	mux.Handle(openAPIPagePath, page)
	mux.Handle(openAPIPagePath+"/", page)
	nothing := s.serve(func(_ http.ResponseWriter, r *http.Request) error { return noPath(r) })
	mux.Handle("/", nothing)
	return s.observe(s.limit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A ServeMux redirects //x and /a/../x; here such paths are wrong ones. It has
		// an answer of its own to "*".
		asked := r.URL.EscapedPath()
		if path.Clean(asked) != strings.TrimSuffix(asked, "/") && asked != "/" || r.RequestURI == "*" {
			nothing.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})))
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
	return problemMethod.because("%s does not serve %s", r.URL.Path, r.Method).
		withHeader("Allow", strings.Join(allowed, ", "))
}

// serve makes an http.Handler of a handlerFunc: it establishes the caller first
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
	problem := asProblem(err)
	log := s.logOf(r).WithValues("code", problem.code, "status", problem.status)
	if problem.status >= http.StatusInternalServerError && r.Context().Err() == nil { // else the client has gone
		log.Error(problem, "Request failed")
	} else {
		log.V(1).Info("Request refused", "reason", problem.Error())
	}
	problem.write(w, r, s.options.Clock.Now())
}

// recoverPanic answers a request whose handler panicked, so that one fault does
// not take the other requests down.
func (s *Server) recoverPanic(w http.ResponseWriter, r *http.Request) {
	reason := recover()
	if reason == nil {
		return
	}
	if reason == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so too
		panic(reason)
	}
	s.logOf(r).Error(fmt.Errorf("panic: %v", reason), "Handler panicked", "stack", string(debug.Stack()))
	problemInternal.because("The request hit a fault of the server").write(w, r, s.options.Clock.Now())
}
