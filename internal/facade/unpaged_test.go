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
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// Each client that gets a part of a list without asking for a page is logged once.
func TestUnpagedClientsAreLoggedOnce(t *testing.T) {
	var u unpagedClients
	var logged []string
	log := funcr.New(func(_, args string) { logged = append(logged, args) }, funcr.Options{})
	report := func(agent string) {
		r := httptest.NewRequest(http.MethodGet, "/api/hyperfleet/v1/clusters", http.NoBody)
		r.Header.Set("User-Agent", agent)
		u.report(log, r, fleet.Page{Total: 21, Rows: make([]*fleet.Row, 20)})
	}
	for range 3 {
		report("sentinel/1")
		report("adapter/2")
		report("")
	}
	if len(logged) != 3 || !strings.Contains(logged[0], `"sentinel/1"`) || !strings.Contains(logged[0], `"items"=20 "total"=21`) {
		t.Errorf("logged %q", logged)
	}
	for i := range 2 * maxUnpagedClients {
		report(fmt.Sprint("invented/", i, strings.Repeat("x", 4096)))
	}
	if len(logged) != maxUnpagedClients || len(logged[maxUnpagedClients-1]) > 1000 {
		t.Errorf("%d clients are logged, the last with %d bytes", len(logged), len(logged[maxUnpagedClients-1]))
	}
}
