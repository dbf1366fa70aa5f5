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

package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	dto "github.com/prometheus/client_model/go"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// TestServerRestarts takes one data directory from nothing through a stop, a crash,
// a second server, a snapshot and its restore, and data of a newer program.
func TestServerRestarts(t *testing.T) {
	f := newFleet(t, oneProcess)
	f.start(t)
	t.Run("it creates what is missing", func(t *testing.T) {
		for file, mode := range map[string]os.FileMode{"kubeconfig": 0o600, "pki": 0o700 | os.ModeDir, "pki/tokens.csv": 0o600, "adapters.yaml": 0o600} {
			info, err := os.Stat(filepath.Join(f.dir, file))
			if err != nil || info.Mode() != mode {
				t.Errorf("%s: %v, %v, want mode %v", file, info, err, mode)
			}
		}
		for _, want := range []string{"Ready after ", "HyperFleet runs.", "REST API    http://localhost:", "kubeconfig  " + f.dir + "/kubeconfig", "kubectl get clusters.hyperfleet"} {
			eventually(t, "it prints "+want, func() bool { // it is ready before it prints so
				return strings.Contains(readLog(t, filepath.Join(f.dir, "output", "server.log")), want)
			})
		}
		if out := f.kubectl(t, "", "version"); !strings.Contains(out, "Server Version: v1.37") {
			t.Errorf("kubectl version: %s", out)
		}
	})
	created := f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"spec":{},"name":"stays"}`)

	t.Run("a new cluster has its status from the create on", func(t *testing.T) {
		f.kubectl(t, "", "wait", "--for=jsonpath={.status.observedGeneration}=1", patience(t), "cluster.hyperfleet.io/stays")
		// When the reconciler writes a changed status, it has already seen the new
		// cluster.
		f.kubectl(t, "", "label", "cluster.hyperfleet.io/stays", "changed=yes")
		writes := func(reason string) float64 {
			families, err := process.Metrics(t.Context(), http.DefaultClient, "http://"+f.scraped+"/metrics")
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for _, metric := range families["hyperfleet_status_writes_total"].GetMetric() {
				if slices.ContainsFunc(metric.GetLabel(), func(l *dto.LabelPair) bool { return l.GetValue() == reason }) {
					sum += metric.GetCounter().GetValue()
				}
			}
			return sum
		}
		eventually(t, "the reconciler writes", func() bool { return writes("refresh") > 0 })
		if initial := writes("initial"); initial != 0 {
			t.Errorf("the reconciler wrote %v initial statuses", initial)
		}
	})

	t.Run("it refuses a second server and names itself", func(t *testing.T) {
		out, err := f.program("server", "--data-dir="+f.dir).CombinedOutput()
		if want := fmt.Sprintf("%s is in use by process %d", f.dir, f.process.PID()); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("a second server: %v, want %q in:\n%s", err, want, out)
		}
	})

	t.Run("it refuses the flags of leader election", func(t *testing.T) {
		for _, flag := range []string{"--leader-elect", "--leader-election-namespace=x", "--leader-elect-retry-period=1s"} {
			name, _, _ := strings.Cut(flag, "=")
			out, err := f.program("server", flag).CombinedOutput()
			if want := name + " is a flag of hyperfleet manager"; err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%s: %v, want %q in:\n%s", flag, err, want, out)
			}
		}
	})

	t.Run("an interrupt ends it in order", func(t *testing.T) {
		f.stop(t, syscall.SIGINT)
		if err := f.process.Exited(); !strings.Contains(err.Error(), "exit status 0") {
			t.Errorf("it ended with %v", err)
		}
		f.start(t)
		f.want(t, http.StatusOK, http.MethodGet, created["href"].(string), "")
	})

	t.Run("a crash loses nothing", func(t *testing.T) {
		f.stop(t, syscall.SIGKILL)
		f.start(t)
		f.want(t, http.StatusOK, http.MethodGet, created["href"].(string), "")
	})

	snapshot := filepath.Join(t.TempDir(), "snapshot.db")
	t.Run("a snapshot brings back what it held", func(t *testing.T) {
		if out, err := f.program("server", "snapshot", "save", snapshot, "--data-dir="+f.dir).CombinedOutput(); err != nil {
			t.Fatalf("save: %v\n%s", err, out)
		}
		later := f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"spec":{},"name":"later"}`)
		restore := []string{"server", "snapshot", "restore", snapshot, "--data-dir=" + f.dir}
		if out, err := f.program(restore...).CombinedOutput(); err == nil || !strings.Contains(string(out), "is in use by process") {
			t.Errorf("a restore while the server runs: %v\n%s", err, out)
		}
		f.stop(t, syscall.SIGTERM)
		if out, err := f.program("server", "snapshot", "save", snapshot+".2", "--data-dir="+f.dir).CombinedOutput(); err == nil || !strings.Contains(string(out), "no server runs with") {
			t.Errorf("a snapshot of no server: %v\n%s", err, out)
		}
		if out, err := f.program(restore...).CombinedOutput(); err != nil || !strings.Contains(string(out), "The previous data are in") {
			t.Fatalf("restore: %v\n%s", err, out)
		}
		f.start(t)
		f.want(t, http.StatusOK, http.MethodGet, created["href"].(string), "")
		f.want(t, http.StatusNotFound, http.MethodGet, later["href"].(string), "")
		f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"spec":{},"name":"later"}`)
	})

	t.Run("a new token of the administrator replaces the old one", func(t *testing.T) {
		old := readLog(t, filepath.Join(f.dir, "kubeconfig"))
		f.stop(t, syscall.SIGTERM)
		if out, err := f.program("server", "rotate-admin", "--data-dir="+f.dir).CombinedOutput(); err != nil {
			t.Fatalf("rotate-admin: %v\n%s", err, out)
		}
		f.start(t)
		f.kubectl(t, "", "get", "namespaces")
		stale := filepath.Join(t.TempDir(), "kubeconfig")
		if err := os.WriteFile(stale, []byte(old), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := f.tryKubectl(t, "", "--kubeconfig="+stale, "get", "namespaces"); err == nil || !strings.Contains(out, "Unauthorized") {
			t.Errorf("the old kubeconfig: %v\n%s", err, out)
		}
	})

	t.Run("it refuses data of a newer program", func(t *testing.T) {
		f.put(t, "/hyperfleet/format", `{"version":1,"kubernetes":"1.99","program":"v9.9.9"}`)
		f.stop(t, syscall.SIGTERM)
		f.launch(t, f.serverFlags())
		f.awaitEnd(t, "although the data is of a newer program")
		printed := readLog(t, filepath.Join(f.dir, "output", "server.log"))
		if !strings.Contains(printed, "written by HyperFleet v9.9.9, which is newer") {
			t.Errorf("it printed:\n%s", printed)
		}
	})
}

// program is a command of the program under test.
func (f *fleet) program(args ...string) *exec.Cmd {
	command := exec.Command(filepath.Join(bin, "hyperfleet"), args...)
	command.Dir = f.dir
	return command
}

// put writes a key to the running server's etcd.
func (f *fleet) put(t *testing.T, key, value string) {
	t.Helper()
	etcd, err := clientv3.New(clientv3.Config{Endpoints: []string{"unix://" + filepath.Join(f.dir, "etcd.sock")}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = etcd.Close() }()
	if _, err := etcd.Put(t.Context(), key, value); err != nil {
		t.Fatal(err)
	}
}

func readLog(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestServerOnTheNetwork listens beyond loopback. There, REST requires credentials and
// uses TLS with a certificate of the server's own authority.
func TestServerOnTheNetwork(t *testing.T) {
	f := newFleet(t, oneProcess)
	_, port, err := net.SplitHostPort(f.rest)
	if err != nil {
		t.Fatal(err)
	}
	f.rest = ":" + port
	f.authenticate = true
	audit, policy := filepath.Join(t.TempDir(), "audit.log"), filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.start(t, "--tls-san=fleet.example.com", "--tls-min-version=VersionTLS13", "--audit-log-path="+audit, "--audit-policy-file="+policy)
	authority, err := os.ReadFile(filepath.Join(f.dir, "pki", "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	token := strings.TrimSpace(f.kubectl(t, "", "create", "token", "dev"))
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "fleet.example.com"}}}
	for name, test := range map[string]struct {
		method, body, token string
		want                int
	}{
		"a token":             {http.MethodGet, "", token, http.StatusOK},
		"a token, to create":  {http.MethodPost, `{"kind":"Cluster","name":"audited","spec":{"a":1}}`, token, http.StatusCreated},
		"no token":            {http.MethodGet, "", "", http.StatusUnauthorized},
		"no token, to create": {http.MethodPost, `{"kind":"Cluster","name":"other","spec":{"a":1}}`, "", http.StatusUnauthorized},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, "https://127.0.0.1:"+port+api+"/clusters", strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if test.token != "" {
			request.Header.Set("Authorization", "Bearer "+test.token)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != test.want {
			t.Errorf("with %s: status %d, want %d", name, response.StatusCode, test.want)
		}
	}
	for name, address := range map[string]string{"REST": "127.0.0.1:" + port, "Kubernetes API": f.kubernetes} {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: "localhost", MaxVersion: tls.VersionTLS12})
		if err == nil {
			_ = conn.Close()
			t.Errorf("%s: TLS 1.2 is accepted", name)
		}
	}
	eventually(t, "the audit log has the request for a token", func() bool {
		return strings.Contains(readLog(t, audit), `"requestURI":"/api/v1/namespaces/default/serviceaccounts/dev/token`)
	})
	// The write of a REST request does not leave the process, but the API server audits
	// it.
	written := regexp.MustCompile(`"verb":"create","user":{"username":"system:serviceaccount:hyperfleet-system:hyperfleet-manager".*"impersonatedUser":{"username":"system:serviceaccount:default:dev".*"resource":"clusters","namespace":"default","name":"audited"`)
	eventually(t, "the audit log has the write of a REST request", func() bool { return written.MatchString(readLog(t, audit)) })
	f.stop(t, syscall.SIGTERM)

	for want, args := range map[string][]string{
		"--insecure-unauthenticated-network": {"--insecure-disable-authentication", "--user=x"},
		"oidc-client-id":                     {"--oidc-issuer-url=https://issuer.example.com"},
	} {
		args = append([]string{"server", "--data-dir=" + f.dir, "--kubernetes-bind-address=" + f.kubernetes, "--facade-bind-address=" + f.rest}, args...)
		if out, err := f.program(args...).CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%q: %v, want %q in:\n%s", args, err, want, out)
		}
	}
}

// TestServerCascades deletes with each propagation policy, which involves Kubernetes'
// garbage collector.
func TestServerCascades(t *testing.T) {
	f := newFleet(t, oneProcess)
	adapters := filepath.Join(t.TempDir(), "adapters.yaml")
	if err := os.WriteFile(adapters, []byte("requiredAdapters:\n  Cluster: []\n  NodePool: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.start(t, "--adapters-config="+adapters)
	for _, cascade := range []string{"background", "foreground", "orphan"} {
		t.Run(cascade, func(t *testing.T) {
			f.kubectl(t, fmt.Sprintf(`{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":%[1]q},"spec":{}}
{"apiVersion":"hyperfleet.io/v1","kind":"NodePool","metadata":{"name":"%[1]s.workers"},"spec":{"clusterName":%[1]q}}`, cascade), "apply", "--server-side", "-f", "-")
			owner := `{.metadata.ownerReferences[0].name}=` + cascade
			f.kubectl(t, "", "wait", "hfnp", cascade+".workers", "--for=jsonpath="+owner, patience(t))
			// Any object can have a Cluster as its owner.
			f.kubectl(t, fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%[1]q,"ownerReferences":[
				{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","name":%[1]q,"uid":%[2]q}]}}`, cascade, f.jsonpath(t, "hfc/"+cascade, "{.metadata.uid}")), "apply", "-f", "-")
			out, err := f.tryKubectl(t, "", "delete", "hfc", cascade, "--cascade="+cascade, patience(t))
			if cascade == "orphan" {
				if err == nil || !strings.Contains(out, "rphan") {
					t.Errorf("it is not refused: %v\n%s", err, out)
				}
				f.kubectl(t, "", "get", "hfc", cascade)
				return
			}
			if err != nil {
				t.Fatalf("delete: %v\n%s", err, out)
			}
			if left := f.kubectl(t, "", "get", "hfnp", cascade+".workers", "--ignore-not-found", "-o", "name"); left != "" {
				t.Errorf("the Cluster is gone before its %s", left)
			}
			f.kubectl(t, "", "wait", "configmap", cascade, "--for=delete", patience(t))
		})
	}

	t.Run("namespace", func(t *testing.T) {
		f.kubectl(t, "", "create", "namespace", "short-lived")
		eventually(t, "the namespace has its service account", func() bool {
			_, err := f.tryKubectl(t, "", "-n", "short-lived", "get", "serviceaccount", "default")
			return err == nil
		})
		f.kubectl(t, "", "-n", "short-lived", "create", "configmap", "content")
		f.kubectl(t, "", "delete", "namespace", "short-lived", patience(t))
	})
	t.Run("aggregated role", func(t *testing.T) {
		f.kubectl(t, `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"sees-fleet","labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}},
			"rules":[{"apiGroups":["hyperfleet.io"],"resources":["clusters"],"verbs":["get"]}]}`, "apply", "-f", "-")
		eventually(t, "the role view includes it", func() bool {
			var role struct {
				Rules []struct{ APIGroups []string }
			}
			if err := json.Unmarshal([]byte(f.kubectl(t, "", "get", "clusterrole", "view", "-o", "json")), &role); err != nil {
				t.Fatal(err)
			}
			for _, rule := range role.Rules {
				if strings.Join(rule.APIGroups, "") == "hyperfleet.io" {
					return true
				}
			}
			return false
		})
	})
}
