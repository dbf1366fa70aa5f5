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
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	restclient "k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/hyperfleet-io/hyperfleet/client/testenv"
	"github.com/hyperfleet-io/hyperfleet/controllers"
	"github.com/hyperfleet-io/hyperfleet/internal/adapters"
	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

const (
	api     = "/api/hyperfleet/v1"
	devUser = "dev@hyperfleet.local"

	identityDomain = "users.example.org"

	writeVisibility = 2 * time.Minute // test machines are slow at times
)

// suite is a control plane with the reconcilers and a facade, wired as in main.go.
var suite struct {
	env      *testenv.Env
	replica  *replica.Replica
	server   *facade.Server // every caller is devUser
	secure   *secureServer  // callers authenticate
	base     string         // of the facade's URLs
	contract routers.Router
	writes   atomic.Int64 // of server, accepted by the API server; dry runs do not count
	manager  ctrl.Manager
	required *adapters.Source
}

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(m.Run()) // no fuzz target needs a control plane, and each worker runs this function
	}
	code, err := runSuite(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runSuite(m *testing.M) (code int, err error) {
	logger := zap.New(zap.UseDevMode(true), zap.WriteTo(io.Discard))
	log.SetLogger(logger)
	// By default klog writes to os.Stderr, which m.Run sets while the manager runs.
	klog.SetLogger(logger)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if suite.env, err = testenv.Start(ctx); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, suite.env.Stop()) }()
	if err := grantDevUser(ctx); err != nil {
		return 1, err
	}
	folder, err := os.MkdirTemp("", "hyperfleet-facade-test-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	stopped, err := startManager(ctx, folder)
	if err != nil {
		return 1, err
	}
	defer func() {
		cancel()
		err = errors.Join(err, <-stopped)
	}()
	return m.Run(), nil
}

func startManager(ctx context.Context, folder string) (<-chan error, error) {
	file := filepath.Join(folder, "adapters.yaml")
	if err := os.WriteFile(file, []byte("requiredAdapters:\n  Cluster: [validator, dns]\n  NodePool: [validator]\n"), 0o600); err != nil {
		return nil, err
	}
	var err error
	if suite.required, err = adapters.NewSource(file); err != nil {
		return nil, err
	}
	config, err := suite.env.Manager()
	if err != nil {
		return nil, err
	}
	suite.manager, err = ctrl.NewManager(config, ctrl.Options{
		Scheme:  suite.env.Scheme,
		Cache:   controllers.CacheOptions("default"),
		Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return nil, err
	}
	may, err := delegation().NewAuthorizer(config)
	if err != nil {
		return nil, err
	}
	identities, err := rest.NewIdentities(identityDomain)
	if err != nil {
		return nil, err
	}
	suite.replica, err = replica.New(facade.ClientConfig(config), suite.env.Scheme, replica.Options{
		Namespace:        "default",
		RequiredAdapters: suite.required.Required,
		Identities:       identities,
		ArrivalTimeout:   writeVisibility,
	})
	if err != nil {
		return nil, err
	}
	if err := suite.replica.SetupWithManager(suite.manager); err != nil {
		return nil, err
	}
	suite.server, err = facade.New(countingWrites(config), suite.env.Scheme, suite.replica, facade.Options{
		BindAddress:     "127.0.0.1:0",
		PageSize:        20,
		WriteVisibility: writeVisibility,
		Limits:          facade.Limits{RequestTimeout: 2 * writeVisibility},
		Version:         "v0.0.0-test",
		Authenticator:   facade.FixedUser(devUser),
		Authorizer:      may,
	}, log.Log.WithName("facade"))
	if err != nil {
		return nil, err
	}
	if err := suite.manager.Add(suite.server); err != nil {
		return nil, err
	}
	if err := setupReconcilers(ctx); err != nil {
		return nil, err
	}
	if suite.secure, err = newSecureServer(suite.manager, folder, suite.replica); err != nil {
		return nil, err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- suite.manager.Start(ctx) }()
	suite.base = "http://" + suite.server.Address().String()
	for suite.server.Ready(nil) != nil {
		select {
		case err := <-stopped:
			return nil, errors.Join(errors.New("the manager has stopped"), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return stopped, loadServedContract()
}

// heartbeatDelay is longer than any test, so tests never read a status that was written
// only for a heartbeat.
const heartbeatDelay = time.Hour

// countingWrites returns a copy of config that counts the accepted writes in suite.writes.
func countingWrites(config *restclient.Config) *restclient.Config {
	config = restclient.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			isWrite := r.Method != http.MethodGet && !isDryRun(r)
			response, err := next.RoundTrip(r)
			if err == nil && isWrite && response.StatusCode < 300 {
				suite.writes.Add(1)
			}
			return response, err
		})
	})
	return config
}

// isDryRun reports whether a request to the API server is a dry run. A DELETE says so in its
// body.
func isDryRun(r *http.Request) bool {
	if r.Method != http.MethodDelete || r.GetBody == nil {
		return r.URL.Query().Has("dryRun")
	}
	body, err := r.GetBody()
	if err != nil {
		return false
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(body)
	return err == nil && bytes.Contains(text, []byte(`"dryRun":["All"]`))
}

// writesNothing returns a function that fails the test if the facade has written in the
// meantime. Stored objects prove nothing, because the reconcilers write them at any time.
func writesNothing(t *testing.T) (check func()) {
	t.Helper()
	before := suite.writes.Load()
	return func() {
		t.Helper()
		if n := suite.writes.Load() - before; n != 0 {
			t.Errorf("the facade has made %d writes, want none", n)
		}
	}
}

// TestWritesAreCounted shows that writesNothing sees each kind of write.
func TestWritesAreCounted(t *testing.T) {
	var cluster rest.Cluster
	for _, write := range []struct {
		name string
		make func()
	}{
		{"create", func() { cluster = newCluster(t, "") }},
		{"patch", func() {
			call(t, http.MethodPatch, cluster.Href, `{"spec":{"region":"elsewhere"}}`).want(t, http.StatusOK)
		}},
		{"report", func() {
			post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
		}},
		{"delete", func() { call(t, http.MethodDelete, cluster.Href, "").want(t, http.StatusAccepted) }},
	} {
		before := suite.writes.Load()
		write.make()
		if suite.writes.Load() == before {
			t.Errorf("%s: the write is not counted", write.name)
		}
	}
}

func setupReconcilers(ctx context.Context) error {
	m := suite.manager
	return controllers.SetupWithManager(ctx, m, controllers.Options{
		Client: gatedClient{m.GetClient()}, APIReader: m.GetAPIReader(), Reports: suite.replica.Reports, Pending: suite.replica.Pending, Adapters: suite.required,
		Clock: clock.RealClock{}, MaxConcurrentReconciles: 4, HeartbeatDelay: heartbeatDelay,
	})
}

// loadServedContract reads the OpenAPI document from the facade. The tests check every
// response against it.
func loadServedContract() error {
	response, err := http.Get(suite.base + api + "/openapi")
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return err
	}
	suite.contract, err = gorillamux.NewRouter(doc)
	return err
}

// An answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes a request to the facade, and checks the response against the OpenAPI
// document if the document has the path.
func call(t testing.TB, method, path, body string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, suite.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return do(t, request)
}

// do makes a request to the facade. A body is JSON unless the request has a media type.
func do(t testing.TB, request *http.Request) answer {
	t.Helper()
	if request.ContentLength > 0 && request.Header["Content-Type"] == nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return doWith(t, http.DefaultClient, request)
}

func doWith(t testing.TB, client *http.Client, request *http.Request) answer {
	t.Helper()
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: body}
	checkAgainstContract(t, request, a)
	return a
}

func checkAgainstContract(t testing.TB, request *http.Request, a answer) {
	t.Helper()
	if a.status >= 400 && request.Method != http.MethodHead {
		problemSchema(t, a)
	}
	route, parameters, err := suite.contract.FindRoute(request)
	if err != nil || request.Method == http.MethodHead || request.URL.Query().Has("fields") {
		return // of a projected item, any member may be missing
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route},
		Status:                 a.status,
		Header:                 a.header,
		Body:                   io.NopCloser(bytes.NewReader(a.body)),
	})
	if err != nil {
		t.Errorf("%s %s: the response does not fit the OpenAPI document: %v\n%s", request.Method, request.URL, err, a.body)
	}
}

// problemSchema checks that an answer is a problem of this API.
func problemSchema(t testing.TB, a answer) {
	t.Helper()
	problem := a.problem(t)
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type of a problem is %q", got)
	}
	if int(problem.Status) != a.status || !strings.HasPrefix(problem.Code, "HYPERFLEET-") || problem.Detail == "" || problem.Instance == "" {
		t.Errorf("not a problem as documented: %s", a.body)
	}
	if a.status >= 500 {
		t.Errorf("answered %d: %s", a.status, a.body)
	}
}

func (a answer) problem(t testing.TB) rest.Problem {
	t.Helper()
	var problem rest.Problem
	a.decode(t, &problem)
	return problem
}

func (a answer) decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("decode %s: %v", a.body, err)
	}
}

// want fails the test unless the answer has that status.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

func get(t *testing.T, path string) answer {
	t.Helper()
	return call(t, http.MethodGet, path, "")
}

func post(t testing.TB, path, body string) answer {
	t.Helper()
	return call(t, http.MethodPost, path, body)
}

// query returns a path with query parameters, given as names and values.
func query(path string, parameters ...string) string {
	values := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		values.Add(parameters[i], parameters[i+1])
	}
	return path + "?" + values.Encode()
}

// uniqueName returns a name that no other test uses.
func uniqueName(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("t%d", 100+names.Add(1))
}

var names atomic.Int64

func newCluster(t testing.TB, body string) rest.Cluster {
	t.Helper()
	if body == "" {
		body = fmt.Sprintf(`{"kind":"Cluster","name":%q,"spec":{}}`, uniqueName(t))
	}
	var cluster rest.Cluster
	post(t, api+"/clusters", body).want(t, http.StatusCreated).decode(t, &cluster)
	return cluster
}

func getCluster(t *testing.T, id string) rest.Cluster {
	t.Helper()
	var cluster rest.Cluster
	get(t, api+"/clusters/"+id).want(t, http.StatusOK).decode(t, &cluster)
	return cluster
}

func newNodePool(t *testing.T, clusterID, name string) rest.NodePool {
	t.Helper()
	var nodePool rest.NodePool
	post(t, api+"/clusters/"+clusterID+"/nodepools", fmt.Sprintf(`{"spec":{},"name":%q}`, name)).want(t, http.StatusCreated).decode(t, &nodePool)
	return nodePool
}

// awaitVersion waits until an index has a resourceVersion, for a limited time.
func awaitVersion(t testing.TB, index interface {
	WaitForResourceVersion(ctx context.Context, version string) error
}, version string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), writeVisibility)
	defer cancel()
	return index.WaitForResourceVersion(ctx, version)
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	const limit = 5 * time.Minute // only a failing test waits that long
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", limit, what)
		}
	}
}

func condition(t *testing.T, status rest.ResourceStatus, conditionType string) rest.ResourceCondition {
	t.Helper()
	for _, c := range status.Conditions {
		if c.Type == conditionType {
			return c
		}
	}
	t.Fatalf("no condition %s in %+v", conditionType, status.Conditions)
	return rest.ResourceCondition{}
}
