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

package server_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

func TestInProcess(t *testing.T) {
	o, audit := audited(t)
	withPlaneOf(t, o, func(ctx context.Context, p plane) {
		allow(ctx, t, p)
		t.Run("it is the network", func(t *testing.T) { testSameAsNetwork(ctx, t, p, audit) })
		t.Run("webhooks of users run", func(t *testing.T) { testWebhook(ctx, t, p) })
	})
}

// testSameAsNetwork makes the same generated operations on the network and in the
// process. Answers, resulting objects and audit events must be equal byte by byte, except
// for the values that the API server generates: UIDs, versions and times.
func testSameAsNetwork(ctx context.Context, t *testing.T, p plane, audit string) {
	const sequences, operations = 16, 40
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	answers, refusals := 0, 0
	for n := range uint64(sequences) {
		var transcripts [2][]exchange
		for way, config := range []*rest.Config{p.wire, p.manager} {
			transcripts[way] = newWorld(ctx, t, config, p.admin).play(rand.New(rand.NewPCG(seed, n)), operations)
			addAudit(t, audit, transcripts[way])
		}
		for i, onNetwork := range transcripts[0] {
			if diff := gocmp.Diff(onNetwork, transcripts[1][i]); diff != "" {
				t.Fatalf("seed %d, sequence %d, operation %d: %s\n%s\non the network (-), in the process (+):\n%s", seed, n, i, onNetwork.Operation, onNetwork.Body, diff)
			}
			answers++
			if onNetwork.Code >= http.StatusBadRequest {
				refusals++
			}
		}
	}
	t.Logf("%d answers, %d of them refusals", answers, refusals)
	if refusals < answers/10 || refusals > answers*9/10 {
		t.Errorf("%d of %d answers are refusals: the operations show too little", refusals, answers)
	}
}

// testWebhook checks that a webhook added to the API server can refuse a Cluster that is
// created in the process.
func testWebhook(ctx context.Context, t *testing.T, p plane) {
	const reason = "no more clusters today"
	addWebhook(ctx, t, p.admin, func() string { return reason })
	w := newWorld(ctx, t, p.manager, p.admin)
	waitUntil(t, func() bool {
		answer := w.do(operation{method: http.MethodPost, path: hyperfleetPath + "clusters?dryRun=All", contentType: "application/json", body: encodeWhole(t, kinds[0].fresh("c-1"))})
		return answer.Code >= http.StatusBadRequest && strings.Contains(answer.Answer, reason)
	})
}

// addWebhook adds a webhook that refuses a new Cluster if refusal returns a reason.
func addWebhook(ctx context.Context, t *testing.T, admin *rest.Config, refusal func() string) {
	t.Helper()
	hook := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Error(err)
			return
		}
		reason := refusal()
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: reason == "", Result: &metav1.Status{Message: reason}}
		if err := json.NewEncoder(w).Encode(review); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(hook.Close)
	hooks := kubernetes.NewForConfigOrDie(admin).AdmissionregistrationV1().ValidatingWebhookConfigurations()
	_, err := hooks.Create(ctx, &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "test"},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "test.example.com",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL:      new(hook.URL),
				CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hook.Certificate().Raw}),
			},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{"hyperfleet.io"}, APIVersions: []string{"*"}, Resources: []string{"clusters"}},
			}},
			SideEffects:             new(admissionregistrationv1.SideEffectClassNone),
			AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func encodeWhole(t *testing.T, o object) []byte {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// allow lets the manager do everything, so that the operations reach the handlers.
func allow(ctx context.Context, t *testing.T, p plane) {
	t.Helper()
	admin := kubernetes.NewForConfigOrDie(p.admin)
	bind := func(name, role, kind, subject string) {
		_, err := admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: kind, Name: subject}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	bind("test-viewer", "hyperfleet-viewer", rbacv1.UserKind, "viewer@example.com")
	bind("test-viewers", "hyperfleet-viewer", rbacv1.GroupKind, "viewers")
	// The API server receives the bindings in the order of their creation. The test waits
	// for the last one.
	bind("test-manager", "cluster-admin", rbacv1.UserKind, "system:serviceaccount:hyperfleet-system:hyperfleet-manager")
	waitUntil(t, func() bool {
		for _, config := range []*rest.Config{p.wire, p.manager} {
			if e := newWorld(ctx, t, config, p.admin).do(operation{method: http.MethodGet, path: "/api/v1/namespaces/default"}); e.Code != http.StatusOK {
				return false
			}
		}
		return true
	})
}

// An exchange is an operation and its answer, without values that differ between runs.
type exchange struct {
	Operation, Body string
	Code            int
	Header          http.Header
	Answer          string
	AuditID, Audit  string
}

// compared are the kinds on which operations are generated.
var compared = append(slices.Clone(kinds), events)

// A world is a fleet that operations change, either on the network or in the process.
type world struct {
	t      *testing.T
	ctx    context.Context //nolint:containedctx // of the test
	client *http.Client
	host   string
	admin  *http.Client
	stored map[string]object // by path
}

func newWorld(ctx context.Context, t *testing.T, config, admin *rest.Config) *world {
	t.Helper()
	w := &world{t: t, ctx: ctx, host: config.Host, stored: map[string]object{}}
	for config, client := range map[*rest.Config]**http.Client{config: &w.client, admin: &w.admin} {
		made, err := rest.HTTPClientFor(config)
		if err != nil {
			t.Fatal(err)
		}
		*client = made
	}
	return w
}

// play makes operations and finally reads the resulting objects. No object is stored
// before and after it.
func (w *world) play(r *rand.Rand, operations int) []exchange {
	var exchanges []exchange
	for range operations {
		o := generateReview(r)
		if r.IntN(8) > 0 {
			o = generate(r, pick(r, compared), func(path string) object { return w.stored[path] })
		}
		exchanges = append(exchanges, w.do(o))
		w.refresh()
	}
	for _, path := range sorted(w.stored) {
		exchanges = append(exchanges, w.do(operation{method: http.MethodGet, path: path}))
	}
	w.clear()
	return exchanges
}

func (w *world) do(o operation) exchange {
	w.t.Helper()
	code, header, answer := w.send(w.client, o)
	auditID := header.Get("Audit-Id")
	header.Del("Content-Length")
	for _, perRequest := range []string{"Audit-Id", "Date", "X-Kubernetes-Pf-Flowschema-Uid", "X-Kubernetes-Pf-Prioritylevel-Uid", "Cache-Control"} {
		header.Del(perRequest)
	}
	if code >= http.StatusBadRequest {
		answer = inOrder(w.t, answer)
	}
	return exchange{Operation: o.String(), Body: anonymize(o.body), Code: code, Header: header, Answer: anonymize(answer), AuditID: auditID}
}

func (w *world) send(client *http.Client, o operation) (code int, header http.Header, answer []byte) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.ctx, o.method, w.host+o.path, bytes.NewReader(o.body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Accept", cmp.Or(o.accept, "application/json"))
	request.Header.Set("Accept-Encoding", "identity") // the network compresses, the process does not
	request.Header.Set("User-Agent", "differential/1.0")
	if len(o.body) > 0 {
		request.Header.Set("Content-Type", o.contentType)
	}
	o.as.impersonate(request.Header)
	response, err := client.Do(request)
	if err != nil {
		w.t.Fatalf("%s: %v", o, err)
	}
	defer func() { _ = response.Body.Close() }()
	if answer, err = io.ReadAll(response.Body); err != nil {
		w.t.Fatalf("%s: %v", o, err)
	}
	return response.StatusCode, response.Header, answer
}

// refresh reads all objects.
func (w *world) refresh() {
	w.t.Helper()
	w.stored = map[string]object{}
	for _, k := range compared {
		var list struct{ Items []object }
		var answer []byte
		waitUntil(w.t, func() (listed bool) { // until the API server has filled its watch cache
			var code int
			code, _, answer = w.send(w.admin, operation{method: http.MethodGet, path: k.collection()})
			if code != http.StatusOK && code != http.StatusTooManyRequests {
				w.t.Fatalf("list %s: %d %s", k.plural, code, answer)
			}
			return code == http.StatusOK
		})
		if err := json.Unmarshal(answer, &list); err != nil {
			w.t.Fatal(err)
		}
		for _, item := range list.Items {
			item["apiVersion"], item["kind"] = k.fresh("x.y")["apiVersion"], k.fresh("x.y")["kind"]
			w.stored[fmt.Sprintf("%s/%s", k.collection(), item["metadata"].(object)["name"])] = item
		}
	}
}

// clear removes all objects, with their finalizers.
func (w *world) clear() {
	w.t.Helper()
	waitUntil(w.t, func() bool {
		for path := range w.stored {
			w.send(w.admin, operation{method: http.MethodDelete, path: path})
			w.send(w.admin, operation{method: http.MethodPatch, path: path, contentType: "application/merge-patch+json", body: []byte(`{"metadata":{"finalizers":null}}`)})
		}
		w.refresh()
		return len(w.stored) == 0
	})
}

// stamps match values that the API server generates or that depend on chance. Messages
// quote objects, with escaped quotes.
var stamps = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UID"},
	{regexp.MustCompile(`(resourceVersion\\*": ?\\*")\d+`), "${1}N"},
	{regexp.MustCompile(`(/metadata/resourceVersion","value":")\d+`), "${1}N"},
	// If several bindings grant a right, the API server names any of them.
	{regexp.MustCompile(`(RBAC: allowed by )(?:\\+"|[^"\\])*`), "${1}B"},
	{regexp.MustCompile(`(ResourceVersion in (?:precondition: |object meta: |the precondition \(|record \())\d+`), "${1}N"},
	{regexp.MustCompile(`((?:creationTimestamp|deletionTimestamp|time)\\*": ?\\*")\d[^"\\]*`), "${1}T"},
}

// managers matches the managed fields of an object, and managerBegins the beginning of
// one manager's entry. The entries are sorted by time, with a precision of a second.
var (
	managers      = regexp.MustCompile(`managedFields\\*":\s*\[[^\]]*\]`)
	managerBegins = regexp.MustCompile(`[\[,]\s*\{\\*"apiVersion`)
)

// anonymize removes from a string the values that the API server generates and what
// depends on them.
func anonymize(text []byte) string {
	for _, s := range stamps {
		text = s.pattern.ReplaceAll(text, []byte(s.with))
	}
	return managers.ReplaceAllStringFunc(string(text), func(found string) string {
		each := managerBegins.Split(strings.TrimRight(found, "] \n"), -1)
		for i := range each {
			each[i] = strings.TrimSpace(each[i])
		}
		slices.Sort(each[1:])
		return strings.Join(each, ",") + "]"
	})
}

// faultEnds matches what separates the faults in a message.
var faultEnds = regexp.MustCompile(`, |: \[|\]$|\n *`)

// applyFaults matches the refusal of an apply that does not fit the schema, with its list
// of faults. The API server stops at the first unknown field that it finds, so it names
// different faults each time.
var applyFaults = regexp.MustCompile(`(?s)^(failed to create typed patch object \([^)]*\)).*`)

// inOrder sorts the faults of a refusal. The API server finds them in the random order of
// a Go map.
func inOrder(t *testing.T, refusal []byte) []byte {
	t.Helper()
	var status metav1.Status
	if err := json.Unmarshal(refusal, &status); err != nil {
		return refusal
	}
	message := faultEnds.Split(applyFaults.ReplaceAllString(status.Message, "$1"), -1)
	slices.Sort(message)
	status.Message = strings.Join(message, ", ")
	if status.Details != nil {
		slices.SortFunc(status.Details.Causes, func(a, b metav1.StatusCause) int {
			return cmp.Or(strings.Compare(a.Field, b.Field), strings.Compare(a.Message, b.Message))
		})
	}
	ordered, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	return ordered
}

// waitLimit is long enough for a busy machine.
const waitLimit = 2 * time.Minute

func waitUntil(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(waitLimit); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come true")
		}
	}
}
