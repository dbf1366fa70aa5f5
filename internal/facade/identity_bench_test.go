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

package facade_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"

	"github.com/hyperfleet-io/hyperfleet/internal/facade"
)

// BenchmarkIdentity measures the cost that authentication and authorization of the caller
// add to a read, each while the API server's last answer is cached.
func BenchmarkIdentity(b *testing.B) {
	config, err := suite.env.Manager()
	if err != nil {
		b.Fatal(err)
	}
	keep := delegation()
	keep.TokenTTL, keep.AllowTTL, keep.DenyTTL = time.Hour, time.Hour, time.Hour
	who, err := keep.NewAuthenticator(config, nil)
	if err != nil {
		b.Fatal(err)
	}
	may, err := keep.NewAuthorizer(config)
	if err != nil {
		b.Fatal(err)
	}
	cluster := newCluster(b, "")
	reader := newCaller(b, "hyperfleet-viewer")
	for _, scenario := range []struct {
		name string
		who  authenticator.Request
		may  authorizer.Authorizer
	}{
		{"None", facade.FixedUser(devUser), authorizerfactory.NewAlwaysAllowAuthorizer()},
		{"Authentication", who, authorizerfactory.NewAlwaysAllowAuthorizer()},
		{"Authorization", facade.FixedUser(devUser), may},
		{"Both", who, may},
	} {
		server := newHandler(b, scenario.who, scenario.may)
		b.Run(scenario.name, func(b *testing.B) {
			request := httptest.NewRequest(http.MethodGet, cluster.Href, http.NoBody)
			authorization := []string{"Bearer " + reader.token}
			b.ReportAllocs()
			for b.Loop() {
				request.Header["Authorization"] = authorization // the facade removes it
				recorded := httptest.NewRecorder()
				server.Handler().ServeHTTP(recorded, request)
				if recorded.Code != http.StatusOK {
					b.Fatalf("status %d: %s", recorded.Code, recorded.Body)
				}
			}
		})
	}
}
