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

package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

// welcome prints the server's address and files, and the first commands to try.
func (o *serverOptions) welcome(out io.Writer) {
	curl, scheme := "curl -s", "http"
	if o.serving.CertFile != "" {
		curl, scheme = "curl -s --cacert "+o.plane.CAFile(), "https"
	}
	kubectl := os.Args[0] + " kubectl"
	token := ""
	if !o.serving.Unauthenticated {
		token = fmt.Sprintf(` -H "Authorization: Bearer $(%s create token dev -n %s)"`, kubectl, o.namespace)
	}
	fmt.Fprintf(out, `
HyperFleet runs. Ctrl-C stops it and keeps its data in %[1]s.

  REST API    %[2]s
  kubeconfig  %[3]s
  adapters    %[4]s

Create a cluster over REST, and read it with kubectl:

  export KUBECONFIG=%[3]s
  %[5]s %[2]s/clusters%[6]s -H 'Content-Type: application/json' \
    -d '{"kind":"Cluster","name":"my-cluster","spec":{},"labels":{"environment":"production"}}'

  %[7]s get clusters.hyperfleet

`, o.plane.DataDir, scheme+"://"+localHost(o.facade.BindAddress)+"/api/hyperfleet/v1",
		o.plane.KubeconfigFile(), o.adaptersFile, curl, token, kubectl)
}

// localHost returns the host and port at which this machine reaches a listener's
// address.
func localHost(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
