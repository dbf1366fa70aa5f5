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

package pki

import (
	"bytes"
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// WriteKubeconfig writes the administrator's kubeconfig, which only its owner may read.
// It replaces the file in one step, because a client may read it at any time. It does not
// write a file that already has the content.
func (c *Credentials) WriteKubeconfig(file, server, namespace string) error {
	const name = "hyperfleet"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: c.CA()}
	config.AuthInfos[AdminUser] = &clientcmdapi.AuthInfo{Token: c.adminToken}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: AdminUser, Namespace: namespace}
	config.CurrentContext = name
	content, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	// The disk may have no space for another file.
	if is, err := os.ReadFile(file); err == nil && bytes.Equal(is, content) {
		return os.Chmod(file, 0o600)
	}
	return writeFile(file, content)
}
