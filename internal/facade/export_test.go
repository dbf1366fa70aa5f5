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
	"net/http"
	"strings"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// Replica returns the replica that the Server reads from. A test that runs the feeds of
// the replica can stop them, so that the replica falls behind.
func (s *Server) Replica() *replica.Replica { return s.replica }

// Handler answers requests without a connection.
func (s *Server) Handler() http.Handler { return s.httpServer.Handler }

// NamedUsers authenticates a request with the bearer token x as the user x.
var NamedUsers = authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
	name, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return &authenticator.Response{User: &user.DefaultInfo{Name: name, Groups: []string{user.AllAuthenticated}}}, ok, nil
})
