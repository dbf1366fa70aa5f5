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
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// reported is a resource on which the adapter dns reports by server-side apply and by REST.
type reported struct{ kind, name, href string }

func newReported(t testing.TB) reported {
	t.Helper()
	cluster := newCluster(t, "")
	return reported{v1.ClusterKind, cluster.Name, cluster.Href}
}

// spec is a manifest's spec. conditions and more are JSON, more begins with a comma.
func (r reported) spec(observed time.Time, conditions, more string) string {
	return fmt.Sprintf(`{"resourceRef":{"kind":%q,"name":%q},"adapter":"dns","observedGeneration":1,"observedTime":%q,"conditions":[%s]%s}`,
		r.kind, r.name, observed.Format(time.RFC3339), conditions, more)
}

// tryApply applies a report as a field manager, or only its metadata if spec is "". metadata
// is JSON that begins with a comma.
func (r reported) tryApply(t testing.TB, manager, metadata, spec string, options ...client.ApplyOption) error {
	t.Helper()
	if spec != "" {
		spec = `,"spec":` + spec
	}
	manifest := &unstructured.Unstructured{}
	text := fmt.Sprintf(`{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"namespace":"default","name":"%s.dns"%s}%s}`,
		r.name, metadata, spec)
	if err := manifest.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return suite.env.Client.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(manifest), append(options, client.FieldOwner(manager))...)
}

// apply calls tryApply, waits until the replica has the report, and returns the report.
func (r reported) apply(t testing.TB, manager, metadata, spec string, options ...client.ApplyOption) *v1.AdapterStatus {
	t.Helper()
	if err := r.tryApply(t, manager, metadata, spec, options...); err != nil {
		t.Fatalf("apply as %s: %v", manager, err)
	}
	report := r.stored(t)
	if err := awaitVersion(t, suite.replica.Reports.Index, report.ResourceVersion); err != nil {
		t.Fatal(err)
	}
	return report
}

func (r reported) stored(t testing.TB) *v1.AdapterStatus {
	t.Helper()
	report := &v1.AdapterStatus{}
	if err := suite.env.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: r.name + ".dns"}, report); err != nil {
		t.Fatal(err)
	}
	return report
}

// post reports over REST. conditions and more are JSON, more begins with a comma.
func (r reported) post(t testing.TB, generation int, observed time.Time, conditions, more string) rest.AdapterStatus {
	t.Helper()
	var recorded rest.AdapterStatus
	post(t, r.href+"/statuses", fmt.Sprintf(`{"adapter":"dns","observed_generation":%d,"observed_time":%q,"conditions":[%s]%s}`,
		generation, observed.Format(time.RFC3339), conditions, more)).want(t, http.StatusCreated).decode(t, &recorded)
	return recorded
}

// said returns the conditions of a report, sorted, with status and reason.
func said(report *v1.AdapterStatus) string {
	var conditions []string
	for _, c := range report.Spec.Conditions {
		conditions = append(conditions, fmt.Sprintf("%s=%s %s", c.Type, c.Status, c.Reason))
	}
	slices.Sort(conditions)
	return strings.Join(conditions, ", ")
}

func finding(conditionType, status, reason string) string {
	return fmt.Sprintf(`{"type":%q,"status":%q,"reason":%q}`, conditionType, status, reason)
}

// An apply after a report over REST needs no force, and then the report equals the
// manifest.
func TestApplyAfterREST(t *testing.T) {
	available, applied := finding("Available", "True", "Manifest"), finding("Applied", "True", "Manifest")
	tests := map[string]struct {
		conditions string
		want       string // of the report over REST
	}{
		"the same condition": {finding("Available", "False", "REST") + "," + applied, "Applied=True Manifest, Available=False REST"},
		"a condition more": {
			finding("Health", "True", "REST") + "," + finding("Available", "False", "REST") + "," + applied,
			"Applied=True Manifest, Available=False REST, Health=True REST",
		},
		"a condition less": {applied, "Applied=True Manifest"},
		"no condition":     {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newReported(t)
			r.apply(t, "gitops", "", r.spec(noon, available+","+applied, `,"data":{"a":{"b":1}}`))
			for round := range 2 {
				data := fmt.Sprintf(`{"c":[%d]}`, round)
				recorded := r.post(t, 1, noon.Add(time.Duration(1+round)*time.Minute), tt.conditions, `,"data":`+data)
				equalJSON(t, recorded.Data, data)
				if got := said(r.stored(t)); got != tt.want || len(recorded.Conditions) != strings.Count(tt.want, "=") {
					t.Errorf("after REST the report says %q, want %q; REST shows %+v", got, tt.want, recorded.Conditions)
				}
			}
			report := r.apply(t, "gitops", "", r.spec(noon.Add(time.Hour), available, `,"data":{"a":{"b":2}}`))
			if got := said(report); got != "Available=True Manifest" || string(report.Spec.Data.Raw) != `{"a":{"b":2}}` {
				t.Errorf("after the apply the report says %q, data %s", got, report.Spec.Data.Raw)
			}
			r.post(t, 1, noon.Add(90*time.Minute), finding("Available", "False", "REST"), "")
			report = r.apply(t, "gitops", "", r.spec(noon.Add(2*time.Hour), available, ""))
			if report.Spec.Data != nil {
				t.Errorf("the data that the manifest leaves out is %s", report.Spec.Data.Raw)
			}
		})
	}
}

// A report over REST changes only the report: the metadata of the applier and of other
// managers stays theirs.
func TestRESTLeavesMetadata(t *testing.T) {
	cluster, pool := newPoolWith(t, `{}`, `{}`)
	for kind, r := range map[string]reported{
		v1.ClusterKind:  {v1.ClusterKind, cluster.Name, cluster.Href},
		v1.NodePoolKind: {v1.NodePoolKind, cluster.Name + "." + pool.Name, pool.Href},
	} {
		t.Run(kind, func(t *testing.T) {
			const tracking = "argocd.argoproj.io/tracking-id"
			metadata := fmt.Sprintf(`,"labels":{"team":"a","spec":"b"},"annotations":{%q:"fleet:hyperfleet.io/AdapterStatus"},
				"finalizers":["example.com/keep"],"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"7"}]`, tracking)
			before := r.apply(t, "gitops", metadata, r.spec(noon, finding("Available", "True", "Manifest"), ""))
			before.Labels["other"] = "c"
			if err := suite.env.Client.Update(t.Context(), before); err != nil {
				t.Fatal(err)
			}
			for round, conditions := range []string{finding("Available", "False", "REST"), ""} { // the second takes two writes
				r.post(t, 1, noon.Add(time.Duration(1+round)*time.Minute), conditions, "")
				after := r.stored(t)
				if len(after.Labels) != 3 || after.Labels["team"] != "a" || after.Labels["spec"] != "b" || after.Labels["other"] != "c" ||
					!strings.HasPrefix(after.Annotations[tracking], "fleet") || after.Annotations[v1.FirstObservedAnnotation] == "" ||
					!slices.Equal(after.Finalizers, before.Finalizers) || len(after.OwnerReferences) != 1 {
					t.Errorf("after REST the metadata is %+v", after.ObjectMeta)
				}
			}
			after := r.apply(t, "gitops", `,"labels":{"team":"z"}`, r.spec(noon.Add(time.Hour), finding("Available", "True", "Manifest"), ""))
			if len(after.Labels) != 2 || after.Labels["team"] != "z" || after.Labels["other"] != "c" ||
				after.Annotations[tracking] != "" || len(after.Finalizers) != 0 || len(after.OwnerReferences) != 0 {
				t.Errorf("after the apply the metadata is %+v", after.ObjectMeta)
			}
		})
	}
}

// No version of a report contains a condition for a generation that was reported for
// another one: a condition that REST omits is removed in the write of the new generation.
func TestRESTOverAppliedInOneStep(t *testing.T) {
	r := newReported(t)
	r.post(t, 1, noon, finding("Available", "True", "REST"), "")
	report := r.apply(t, "gitops", "", r.spec(noon.Add(time.Minute), finding("Health", "True", "Manifest"), ""), client.ForceOwnership)
	patch(t, r.href, replaceMembers, `{"spec":{"a":1}}`).want(t, http.StatusOK)
	api, err := client.NewWithWatch(suite.env.Config, client.Options{Scheme: suite.env.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	watched, err := api.Watch(t.Context(), &v1.AdapterStatusList{}, client.InNamespace("default"), client.MatchingFields{"metadata.name": report.Name},
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: report.ResourceVersion}})
	if err != nil {
		t.Fatal(err)
	}
	defer watched.Stop()
	r.post(t, 2, noon.Add(2*time.Minute), finding("Health", "False", "REST"), "")
	for last := r.stored(t).ResourceVersion; report.ResourceVersion != last; {
		event := <-watched.ResultChan()
		var ok bool
		if report, ok = event.Object.(*v1.AdapterStatus); !ok {
			t.Fatalf("watched %v", event)
		}
		if got := said(report); report.Spec.ObservedGeneration == 2 && got != "Health=False REST" {
			t.Errorf("a version of the report at generation 2 says %q", got)
		}
	}
}

// A replica that does not have the applied report yet finds it when it creates its own.
func TestRESTOverAppliedByReplicaThatIsBehind(t *testing.T) {
	base, freeze := newReplica(t)
	r := newReported(t)
	eventually(t, "the replica knows the cluster", func() bool {
		response, err := http.Get(base + r.href)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	freeze()
	r.apply(t, "gitops", "", r.spec(noon, finding("Available", "True", "Manifest"), ""))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+r.href+"/statuses",
		strings.NewReader(reportBody("dns", 1, noon.Add(time.Minute), "False")))
	if err != nil {
		t.Fatal(err)
	}
	do(t, request).want(t, http.StatusCreated)
	r.apply(t, "gitops", "", r.spec(noon.Add(time.Hour), finding("Available", "True", "Manifest"), ""))
}

// A dry run of a report over an applied one shows the report and changes nothing.
func TestDryRunOverApplied(t *testing.T) {
	r := newReported(t)
	before := r.apply(t, "gitops", "", r.spec(noon, finding("Available", "True", "Manifest"), ""))
	for _, conditions := range []string{finding("Available", "False", "REST"), ""} {
		post(t, query(r.href+"/statuses", "dryRun", "All"), fmt.Sprintf(`{"adapter":"dns","observed_generation":1,"observed_time":%q,"conditions":[%s]}`,
			noon.Add(time.Minute).Format(time.RFC3339), conditions)).want(t, http.StatusCreated)
	}
	if after := r.stored(t); after.ResourceVersion != before.ResourceVersion {
		t.Errorf("the dry run made %+v of %+v", after, before)
	}
}

// No manager owns a part of a condition, so an apply that omits a condition that its
// manager had applied removes the whole condition, whoever wrote the report before.
func TestApplyLeavesOutCondition(t *testing.T) {
	available, finalized := finding("Available", "True", ""), finding("Finalized", "False", "Draining")
	byREST := func(t *testing.T, r reported, minute int, status string) {
		t.Helper()
		r.post(t, 1, noon.Add(time.Duration(minute)*time.Minute), available+","+finding("Finalized", status, ""), "")
	}
	for name, before := range map[string]func(t *testing.T, r reported){
		"REST came first": func(t *testing.T, r reported) {
			byREST(t, r, 0, "True")
			byREST(t, r, 1, "True")
			r.apply(t, "gitops", "", r.spec(noon.Add(2*time.Minute), available+","+finalized, ""), client.ForceOwnership)
		},
		"REST came in between": func(t *testing.T, r reported) {
			r.apply(t, "gitops", "", r.spec(noon, available+","+finalized, ""))
			byREST(t, r, 1, "True")
			byREST(t, r, 2, "False")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReported(t)
			before(t, r)
			if got := said(r.apply(t, "gitops", "", r.spec(noon.Add(time.Hour), available, ""))); got != "Available=True " {
				t.Errorf("after the apply the report says %q", got)
			}
		})
	}
}

// If the first report came over REST, an apply needs force until REST has reported once
// more. After that, the result is as if the apply had been first.
func TestApplyWhereRESTCameFirst(t *testing.T) {
	available, health := finding("Available", "True", "REST"), finding("Health", "True", "REST")
	for reports, owner := range map[int]string{1: "hyperfleet-facade", 2: "before-first-apply"} {
		for _, conditions := range []string{available, available + "," + health} {
			r := newReported(t)
			for minute := range reports {
				r.post(t, 1, noon.Add(time.Duration(minute)*time.Second), available+","+health, "")
			}
			patch(t, r.href, replaceMembers, `{"spec":{"a":1}}`).want(t, http.StatusOK)
			manifest := func(generation, minute int) string {
				spec := r.spec(noon.Add(time.Duration(minute)*time.Minute), finding("Available", "False", "Manifest"), "")
				return strings.Replace(spec, `"observedGeneration":1`, fmt.Sprintf(`"observedGeneration":%d`, generation), 1)
			}
			wantConflict := func(spec string) {
				t.Helper()
				if err := r.tryApply(t, "gitops", "", spec); err == nil || !strings.Contains(err.Error(), owner) {
					t.Errorf("after %d reports an apply without force gets %v, want a conflict with %s", reports, err, owner)
				}
			}
			wantConflict(manifest(1, 1))
			r.apply(t, "gitops", "", manifest(1, 1), client.ForceOwnership)
			wantConflict(manifest(2, 2)) // equal fields are shared, and conflict when they change
			if recorded := r.post(t, 1, noon.Add(2*time.Minute), conditions, ""); len(recorded.Conditions) != strings.Count(conditions, "type") {
				t.Errorf("the report by REST has the conditions %+v, want only its own", recorded.Conditions)
			}
			if got := said(r.apply(t, "gitops", "", manifest(2, 3))); got != "Available=False Manifest" {
				t.Errorf("after the apply the report says %q", got)
			}
		}
	}
}
