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
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	restclient "k8s.io/client-go/rest"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// newOffline returns a Server whose replica contains only these clusters. It cannot reach
// an API server.
func newOffline(tb testing.TB, options Options, clusters ...*fleet.Row) *Server {
	tb.Helper()
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		tb.Fatal(err)
	}
	config := &restclient.Config{Host: "http://127.0.0.1:1", QPS: -1}
	rep, err := replica.New(config, scheme, replica.Options{Namespace: "default", RequiredAdapters: func(string) []string { return nil }})
	if err != nil {
		tb.Fatal(err)
	}
	options.BindAddress, options.PageSize = "127.0.0.1:0", 20
	options.Authorizer = authorizerfactory.NewAlwaysAllowAuthorizer()
	if options.Authenticator == nil {
		options.Authenticator = FixedUser("dev")
	}
	s, err := New(config, scheme, rep, options, logr.Discard())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.listener.Close() })
	for index, rows := range map[*fleet.Index][]*fleet.Row{rep.Clusters.Index: clusters, rep.NodePools.Index: nil, rep.Reports.Index: nil} {
		if err := index.Replace(rows, "1"); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}
