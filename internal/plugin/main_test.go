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
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/hyperfleet-io/hyperfleet/client/testenv"
	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// suite is a control plane with a facade but without reconcilers: tests write each status
// themselves.
var suite struct {
	env        *testenv.Env
	replica    *replica.Replica // that the facade reads
	base       string           // prefix of the facade's URLs
	kubeconfig string
}

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := runSuite(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runSuite(m *testing.M) (code int, err error) {
	logger := zap.New(zap.WriteTo(io.Discard))
	log.SetLogger(logger)
	// klog's default is os.Stderr, which m.Run sets while the manager runs.
	klog.SetLogger(logger)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	suite.env, err = testenv.Start(ctx)
	defer func() { err = errors.Join(err, suite.env.Stop()) }()
	if err != nil {
		return 1, err
	}
	folder, err := os.MkdirTemp("", "hyperfleet-plugin-test-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	suite.kubeconfig = filepath.Join(folder, "kubeconfig")
	if err := clientcmd.WriteToFile(kubeconfig(suite.env.Config), suite.kubeconfig); err != nil {
		return 1, err
	}
	stopped, err := startFacade(ctx)
	if err != nil {
		return 1, err
	}
	defer func() {
		cancel()
		err = errors.Join(err, <-stopped)
	}()
	return m.Run(), nil
}

func kubeconfig(config *rest.Config) clientcmdapi.Config {
	k := *clientcmdapi.NewConfig()
	k.Clusters["test"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	k.AuthInfos["test"] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	k.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "test"}
	k.Contexts["elsewhere"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "test", Namespace: "elsewhere"}
	k.CurrentContext = "test"
	return k
}

func startFacade(ctx context.Context) (<-chan error, error) {
	manager, err := ctrl.NewManager(suite.env.Config, ctrl.Options{Scheme: suite.env.Scheme, Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		return nil, err
	}
	rep, err := replica.New(suite.env.Config, suite.env.Scheme, replica.Options{
		Namespace:        "default",
		RequiredAdapters: func(string) []string { return []string{"dns", "validator"} },
	})
	if err != nil {
		return nil, err
	}
	suite.replica = rep
	if err := rep.SetupWithManager(manager); err != nil {
		return nil, err
	}
	server, err := facade.New(suite.env.Config, suite.env.Scheme, rep, facade.Options{
		BindAddress:     "127.0.0.1:0",
		PageSize:        1000,
		WriteVisibility: 2 * time.Minute,
		Version:         "v0.0.0-test",
		Authenticator:   facade.FixedUser("dev@hyperfleet.local"),
		Authorizer:      authorizerfactory.NewAlwaysAllowAuthorizer(),
	}, log.Log)
	if err != nil {
		return nil, err
	}
	if err := manager.Add(server); err != nil {
		return nil, err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- manager.Start(ctx) }()
	suite.base = "http://" + server.Address().String() + "/api/hyperfleet/v1"
	for server.Ready(nil) != nil {
		select {
		case err := <-stopped:
			return nil, errors.Join(errors.New("the manager has stopped"), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return stopped, nil
}

// run runs the command and returns its output.
func run(t *testing.T, args ...string) (out, errOut string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := &cobra.Command{Use: "test", SilenceErrors: true, SilenceUsage: true}
	command.AddCommand(Commands(genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &stdout, ErrOut: &stderr}, "test")...)
	command.SetArgs(args)
	err = command.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// search runs a search on the suite's control plane.
func search(t *testing.T, args ...string) (out, errOut string) {
	t.Helper()
	out, errOut, err := run(t, append([]string{"search", "--kubeconfig", suite.kubeconfig}, args...)...)
	if err != nil {
		t.Fatalf("search %q: %v", args, err)
	}
	return out, errOut
}

// kubectl runs kubectl and returns its output.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join("..", "..", "bin", "controlplane")
	}
	command := exec.CommandContext(t.Context(), filepath.Join(assets, "kubectl"), args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+suite.kubeconfig, "HOME="+t.TempDir())
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %q: %v\n%s", args, err, out)
	}
	return string(out)
}
