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

package controlplane

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"

	"k8s.io/client-go/rest"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

func (c *ControlPlane) apiServerSpec() process.Spec {
	pki := c.credentials
	return process.Spec{
		Name: APIServerName,
		Dir:  c.config.LogDir(),
		Path: filepath.Join(c.config.Assets, APIServerName),
		Args: []string{
			"--etcd-servers=" + c.etcdURL(),
			"--bind-address=" + loopback,
			"--advertise-address=" + loopback,
			"--secure-port=" + strconv.Itoa(c.config.APIServerPort),
			"--tls-cert-file=" + pki.file(servingCertFile),
			"--tls-private-key-file=" + pki.file(servingKeyFile),
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + pki.file(serviceAccountKeyFile),
			"--service-account-signing-key-file=" + pki.file(serviceAccountKeyFile),
			"--token-auth-file=" + pki.file(tokensFile),
			"--anonymous-auth=false",
			"--authorization-mode=RBAC",
			"--service-cluster-ip-range=10.0.0.0/24",
			// The plugin waits for tokens that a controller manager creates, but none
			// runs.
			"--disable-admission-plugins=ServiceAccount",
			// There are no pods that find the API server by its Service.
			"--endpoint-reconciler-type=none",
		},
	}
}

// RESTConfig returns a client configuration for the user, without a client-side
// rate limit.
func (c *ControlPlane) RESTConfig(user User) *rest.Config {
	return &rest.Config{
		Host:            c.apiServerURL(),
		BearerToken:     c.credentials.tokens[user.Name],
		TLSClientConfig: rest.TLSClientConfig{CAData: c.credentials.servingCert},
		QPS:             -1,
	}
}

func (c *ControlPlane) apiServerURL() string { return "https://" + hostPort(c.config.APIServerPort) }

func (c *ControlPlane) apiServerReady() (process.Probe, error) {
	config := c.RESTConfig(Admin)
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("client of kube-apiserver: %w", err)
	}
	return process.HTTPProbe(&http.Client{Transport: transport}, config.Host+"/readyz"), nil
}
