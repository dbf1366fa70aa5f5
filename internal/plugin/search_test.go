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

package plugin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// searches contains a query of every kind, and the fields to order its results by.
var searches = []struct{ resource, search, orderBy string }{
	{"clusters", "", ""},
	{"clusters", "", "name desc"},
	{"clusters", "", "updated_time desc,name asc"},
	{"clusters", "labels.environment = 'dev'", ""},
	{"clusters", "labels.environment = 'dev'", "generation desc,name"},
	{"clusters", "labels.environment != 'dev'", "name"},
	{"clusters", "not (labels.environment = 'dev' or labels.tier = 'gold')", "name"},
	{"clusters", "labels.tier is null", "created_by,name desc"},
	{"clusters", "labels.environment = 'dev' or status.conditions.Ready = 'True'", ""},
	{"clusters", "labels.environment in ('dev', 'production') and status.conditions.Ready = 'False'", "id"},
	{"clusters", "status.conditions.Ready.reason = 'AwaitingAdapters'", "name"},
	{"clusters", "status.conditions.Available = 'True' and name != 'c03'", "name"},
	{"clusters", "status.conditions.DnsSuccessful = 'True'", "name"},
	{"clusters", "spec.nodes > 5 and labels.environment = 'dev'", "name"},
	{"clusters", "spec.region ilike 'EU%' and not name ~= '3$'", "name"},
	{"clusters", "generation >= 2", "name"},
	{"clusters", "name between 'c05' and 'c11'", ""},
	{"clusters", "created_by is not null and updated_time > '2020-01-01T00:00:00Z'", "name"},
	{"clusters", "name = 'nobody'", ""},
	{"nodepools", "", ""},
	{"nodepools", "spec.clusterName = 'c00'", "name"},
	{"nodepools", "name = 'workers' and spec.replicas >= 2", "id"},
	{"nodepools", "owner_id is null or labels.role = 'infra'", "generation,id desc"},
	{"nodepools", "status.conditions.Ready != 'True'", "created_by,id"},
	{"clusters/c00/statuses", "", ""},
	{"clusters/c00/statuses", "adapter = 'dns'", ""},
	{"clusters/c00/statuses", "conditions.Available = 'True' or data.attempt > 1", "adapter desc"},
	{"clusters/c00/statuses", "observed_generation = 1 and conditions.Available.reason like '%Expected'", "last_report_time desc"},
}

// TestSameAsREST compares the names of the results and their order.
func TestSameAsREST(t *testing.T) {
	fleet := newFleet(t)
	for _, s := range searches {
		t.Run(fmt.Sprintf("%s %s by %s", s.resource, s.search, s.orderBy), func(t *testing.T) {
			path, resource, name := s.resource, s.resource, "id"
			if resource == "clusters/c00/statuses" {
				path, resource, name = "clusters/"+fleet["c00"]+"/statuses", "adapterstatuses", "adapter"
			}
			want := askREST(t, path, s.search, s.orderBy, name)
			template := `jsonpath={range .items[*]}{.metadata.uid}{"\n"}{end}`
			if name == "adapter" {
				template = `jsonpath={range .items[*]}{.spec.adapter}{"\n"}{end}`
			}
			out, _ := search(t, resource, s.search, "--order-by", s.orderBy, "-o", template)
			got := strings.Fields(out)
			if name == "id" {
				for i, uid := range got {
					got[i] = v1.ID(types.UID(uid))
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-REST +kubectl):\n%s", diff)
			}
			limited, _ := search(t, resource, s.search, "--order-by", s.orderBy, "--limit", "2", "-o", template)
			if all := strings.Fields(out); !slices.Equal(strings.Fields(limited), all[:min(2, len(all))]) {
				t.Errorf("Limited to 2: %q, of %q", limited, out)
			}
		})
	}
	// Each of these searches finds some of the clusters.
	for search, want := range map[string]int{"": 16, "labels.environment = 'dev'": 5, "status.conditions.Ready = 'True'": 6, "spec.nodes > 5 and labels.environment = 'dev'": 3} {
		if got := askREST(t, "clusters", search, "", "id"); len(got) != want {
			t.Errorf("%q returns %d clusters, want %d", search, len(got), want)
		}
	}
}

// TestSameAsKubectlGet compares the output with that of kubectl get for the same
// objects.
func TestSameAsKubectlGet(t *testing.T) {
	newFleet(t)
	const dev = "labels.environment = 'dev'"
	tests := map[string]struct {
		search []string
		get    []string
	}{
		"Table":             {search: []string{dev}, get: []string{"clusters.hyperfleet", "-l", "environment=dev"}},
		"Wide":              {search: []string{dev, "-o", "wide"}, get: []string{"clusters.hyperfleet", "-l", "environment=dev", "-o", "wide"}},
		"All namespaces":    {search: []string{dev, "-A"}, get: []string{"clusters.hyperfleet", "-l", "environment=dev", "-A"}},
		"Another namespace": {search: []string{"-n", "elsewhere"}, get: []string{"clusters.hyperfleet", "-n", "elsewhere"}},
		"Another context":   {search: []string{"--context", "elsewhere"}, get: []string{"clusters.hyperfleet", "--context", "elsewhere"}},
		"Labels":            {search: []string{dev, "--show-labels", "-L", "tier", "--no-headers"}, get: []string{"clusters.hyperfleet", "-l", "environment=dev", "--show-labels", "-L", "tier", "--no-headers"}},
		"JSON":              {search: []string{dev, "-o", "json"}, get: []string{"clusters.hyperfleet", "-l", "environment=dev", "-o", "json"}},
		"YAML":              {search: []string{dev, "-o", "yaml", "--show-managed-fields"}, get: []string{"clusters.hyperfleet", "-l", "environment=dev", "-o", "yaml", "--show-managed-fields"}},
		"Name":              {search: []string{dev, "-o", "name"}, get: []string{"clusters.hyperfleet", "-l", "environment=dev", "-o", "name"}},
		"Template":          {search: []string{dev, "-o", "go-template={{len .items}}"}, get: []string{"clusters.hyperfleet", "-l", "environment=dev", "-o", "go-template={{len .items}}"}},
		"NodePools":         {search: []string{"hfnp", "spec.clusterName = 'c00'", "-o", "wide"}, get: []string{"hfnp", "--field-selector", "spec.clusterName=c00", "-o", "wide"}},
		"AdapterStatuses":   {search: []string{"hfas", "adapter = 'dns' or not adapter = 'dns'"}, get: []string{"hfas"}},
		"Nothing":           {search: []string{"name = 'nobody'"}, get: []string{"clusters.hyperfleet", "--field-selector", "metadata.name=nobody"}},
		"Nothing anywhere":  {search: []string{"name = 'nobody'", "-A"}, get: []string{"clusters.hyperfleet", "--field-selector", "metadata.name=nobody", "-A"}},
		"Nothing as JSON":   {search: []string{"name = 'nobody'", "-o", "json"}, get: []string{"clusters.hyperfleet", "--field-selector", "metadata.name=nobody", "-o", "json"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out, before, after string
			for range 5 { // ages change between the two commands
				before = kubectl(t, append([]string{"get"}, tt.get...)...)
				stdout, stderr := search(t, append(tt.search, "--order-by", orderAsGet(tt.search[0]))...)
				out = stdout + stderr
				if after = kubectl(t, append([]string{"get"}, tt.get...)...); before == after {
					break
				}
			}
			if before != after { // always, if the commands take seconds
				after, out = withoutAges(after), withoutAges(out)
			}
			if diff := cmp.Diff(after, out); diff != "" {
				t.Errorf("(-kubectl get +search):\n%s", diff)
			}
		})
	}
}

// withoutAges replaces the ages in a table, and the spaces whose number depends on them.
func withoutAges(table string) string {
	table = regexp.MustCompile(`\b(\d+[smhdy])+\b`).ReplaceAllString(table, "<age>")
	return regexp.MustCompile(` +`).ReplaceAllString(table, " ")
}

func orderAsGet(resource string) string {
	if resource == "hfas" {
		return "adapter"
	}
	return "name"
}

// TestChunks searches more objects than one request returns.
func TestChunks(t *testing.T) {
	const objects = 2*chunkSize + 1
	namespace, err := suite.env.NewNamespace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for n := range 8 {
		writers.Go(func() {
			for i := n; i < objects; i += 8 {
				report := &v1.AdapterStatus{
					ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("web.a%04d", i), Namespace: namespace},
					Spec: v1.AdapterStatusSpec{
						ResourceRef: v1.ResourceReference{Kind: v1.ClusterKind, Name: "web"}, Adapter: fmt.Sprintf("a%04d", i),
						ObservedGeneration: 1, ObservedTime: v1.NewTimestamp(time.Now()), Conditions: []v1.AdapterCondition{},
					},
				}
				if err := suite.env.Client.Create(t.Context(), report); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	for text, want := range map[string]int{"": objects, "adapter like '%7'": 100, "adapter != 'a0000'": objects - 1} {
		out, _ := search(t, "hfas", text, "-n", namespace, "--order-by", "adapter desc", "-o", "name")
		names := strings.Fields(out)
		slices.Reverse(names)
		if len(names) != want || !slices.IsSorted(names) {
			t.Errorf("%q: got %d objects, want %d, sorted: %t", text, len(names), want, slices.IsSorted(names))
		}
	}
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"Syntax":        {args: []string{"name ="}, want: "search: at character 7"},
		"Output":        {args: []string{"-o", "yml"}, want: `unable to match a printer suitable for the output format "yml", allowed formats are: go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml`},
		"No such user":  {args: []string{"--as", "nobody"}, want: `clusters.hyperfleet.io is forbidden: User "nobody" cannot list resource "clusters" in API group "hyperfleet.io" in the namespace "default"`},
		"No context":    {args: []string{"--context", "nowhere"}, want: `context was not found for specified context: nowhere`},
		"No API server": {args: []string{"--server", "https://127.0.0.1:1"}, want: "connection refused"},
		"Not installed": {args: []string{"--server", suite.env.Config.Host + "/elsewhere"}, want: "the API server does not serve clusters.hyperfleet.io: HyperFleet is not installed there"},
		"Unknown flag":  {args: []string{"--color"}, want: "unknown flag: --color"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out, _, err := run(t, append([]string{"search", "--kubeconfig", suite.kubeconfig}, tt.args...)...)
			if err == nil || !strings.Contains(err.Error(), tt.want) || out != "" {
				t.Errorf("Got error %v, output %q, want %s", err, out, tt.want)
			}
		})
	}
}

// askREST returns one field of each item that the REST API returns.
func askREST(t *testing.T, path, search, orderBy, field string) []string {
	t.Helper()
	parameters := url.Values{"search": {search}}
	if orderBy != "" {
		parameters.Set("orderBy", orderBy)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, suite.base+"/"+path+"?"+parameters.Encode(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var list struct {
		Items  []map[string]any `json:"items"`
		Errors []any            `json:"errors"`
	}
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("Search %s for %q: status %d, %v, %v", path, search, response.StatusCode, err, list.Errors)
	}
	values := []string{}
	for _, item := range list.Items {
		values = append(values, item[field].(string))
	}
	return values
}

var (
	fleetOnce sync.Once
	fleetIDs  map[string]string

	// The resourceVersions of the last writes of clusters and of nodepools.
	clustersVersion, nodePoolsVersion string
)

// newFleet creates clusters, nodepools and reports in the REST API's namespace,
// once, and returns the ids of the clusters by name.
func newFleet(t *testing.T) map[string]string {
	t.Helper()
	fleetOnce.Do(func() {
		fleetIDs = map[string]string{}
		for n := range 16 {
			cluster := newCluster(n)
			create(t, cluster)
			fleetIDs[cluster.Name] = v1.ID(cluster.UID)
			if n%4 == 1 {
				cluster.Spec.Raw = []byte(`{"nodes":100}`)
				must(t, suite.env.Client.Update(t.Context(), cluster))
			}
			if n%5 != 4 { // the others have no status yet
				cluster.Status = newStatus(cluster, n%2 == 0)
				must(t, suite.env.Client.Status().Update(t.Context(), cluster))
			}
			clustersVersion = cluster.ResourceVersion
			if n < 4 {
				newNodePools(t, cluster)
			}
		}
		for n, adapter := range []string{"dns", "validator", "hypershift"} {
			newReport(t, n, adapter)
		}
		create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "elsewhere"}})
		elsewhere := newCluster(0)
		elsewhere.Name, elsewhere.Namespace = "c99", "elsewhere"
		create(t, elsewhere)
	})
	// Wait until the REST API shows all writes, and not the objects that another test has deleted.
	must(t, suite.replica.Clusters.Index.WaitForResourceVersion(t.Context(), clustersVersion))
	must(t, suite.replica.NodePools.Index.WaitForResourceVersion(t.Context(), nodePoolsVersion))
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		clusters, pools := askREST(t, "clusters", "", "", "id"), askREST(t, "nodepools", "", "", "id")
		if len(clusters) == 16 && len(pools) == 8 && len(askREST(t, "clusters/"+fleetIDs["c00"]+"/statuses", "", "", "adapter")) == 3 {
			return fleetIDs
		}
		if time.Now().After(deadline) {
			t.Fatal("the REST API does not see the fleet")
		}
	}
}

func newCluster(n int) *v1.Cluster {
	labels := map[string]string{"environment": []string{"dev", "staging", "production"}[(n*2)%3]}
	switch n % 4 {
	case 0:
		labels["tier"] = "gold"
	case 3:
		labels = map[string]string{"environment": labels["environment"], "tier": "silver"}
	}
	if n == 15 {
		labels = nil
	}
	return &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("c%02d", n), Namespace: "default", Labels: labels},
		Spec:       runtime.RawExtension{Raw: fmt.Appendf(nil, `{"nodes":%d,"region":%q}`, n, []string{"eu-1", "us-1"}[n/2%2])},
	}
}

func newStatus(o client.Object, ready bool) v1.ResourceStatus {
	at := v1.NewTimestamp(time.Now())
	status, reason := metav1.ConditionFalse, v1.AwaitingAdaptersReason
	if ready {
		status, reason = metav1.ConditionTrue, "AsExpected"
	}
	s := v1.ResourceStatus{ID: v1.ID(o.GetUID()), ObservedGeneration: o.GetGeneration(), Ready: status, Available: status}
	for _, conditionType := range []string{v1.AvailableCondition, v1.ReadyCondition, "DnsSuccessful"} {
		s.Conditions = append(s.Conditions, v1.ResourceCondition{
			Type: conditionType, Status: status, Reason: reason, Message: "By test", ObservedGeneration: o.GetGeneration(),
			CreatedTime: at, LastUpdatedTime: at, LastTransitionTime: at,
		})
	}
	return s
}

func newNodePools(t *testing.T, cluster *v1.Cluster) {
	t.Helper()
	for replicas, name := range map[int]string{2: "workers", 3: "infra"} {
		spec, err := v1.NewNodePoolSpec(cluster.Name, fmt.Appendf(nil, `{"replicas":%d}`, replicas))
		must(t, err)
		pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: cluster.Name + "." + name, Namespace: "default", Labels: map[string]string{"role": name}}, Spec: spec}
		if cluster.Name != "c03" {
			pool.TieTo(cluster)
		}
		create(t, pool)
		pool.Status = newStatus(pool, replicas == 2)
		must(t, suite.env.Client.Status().Update(t.Context(), pool))
		nodePoolsVersion = pool.ResourceVersion
	}
}

func newReport(t *testing.T, n int, adapter string) {
	t.Helper()
	status := []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown}[n]
	create(t, &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Name: "c00." + adapter, Namespace: "default"},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: v1.ClusterKind, Name: "c00"},
			Adapter:            adapter,
			ObservedGeneration: 1,
			ObservedTime:       v1.NewTimestamp(time.Now().Add(-time.Duration(n) * time.Minute)),
			Conditions:         []v1.AdapterCondition{{Type: v1.AvailableCondition, Status: status, Reason: "AsExpected"}},
			Data:               &runtime.RawExtension{Raw: fmt.Appendf(nil, `{"attempt":%d}`, n)},
		},
	})
}

func create(t *testing.T, o client.Object) {
	t.Helper()
	must(t, suite.env.Client.Create(t.Context(), o))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
