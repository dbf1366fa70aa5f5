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
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// User is an identity with a static token of the API server.
type User struct {
	Name   string
	Groups []string
	// Kubeconfig is the file name of the user's kubeconfig in Config.Dir.
	Kubeconfig string
}

var (
	// Admin has every right. It is the developer's identity.
	Admin = User{
		Name:       "admin@hyperfleet.local",
		Groups:     []string{"system:masters"},
		Kubeconfig: "kubeconfig",
	}

	// Manager has the identity of the service account in config/rbac, and so
	// exactly the rights that are bound to it there. A right that is missing in
	// production is missing here, too.
	Manager = User{
		Name: "system:serviceaccount:hyperfleet-system:hyperfleet-manager",
		Groups: []string{
			"system:serviceaccounts",
			"system:serviceaccounts:hyperfleet-system",
		},
		Kubeconfig: "manager.kubeconfig",
	}
)

// Users returns all users.
func Users() []User { return []User{Admin, Manager} }

// KubeconfigFile returns the path of the user's kubeconfig.
func (c *ControlPlane) KubeconfigFile(user User) string {
	return filepath.Join(c.config.Dir, user.Kubeconfig)
}

// writeKubeconfig replaces the file in one step, because a client may read it at
// any time.
func (c *ControlPlane) writeKubeconfig(user User) error {
	const name = "hyperfleet-test"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{
		Server:                   c.apiServerURL(),
		CertificateAuthorityData: c.credentials.servingCert,
	}
	config.AuthInfos[user.Name] = &clientcmdapi.AuthInfo{Token: c.credentials.tokens[user.Name]}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: user.Name, Namespace: "default"}
	config.CurrentContext = name
	content, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("kubeconfig of %s: %w", user.Name, err)
	}
	file := c.KubeconfigFile(user)
	if err := os.WriteFile(file+".unfinished", content, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".unfinished", file)
}
