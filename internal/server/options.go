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

package server

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server/apiserver"
	"github.com/hyperfleet-io/hyperfleet/internal/server/etcd"
	"github.com/hyperfleet-io/hyperfleet/internal/server/pki"
)

// DefaultDataDir is the data directory if no flag sets it.
const DefaultDataDir = "/var/lib/hyperfleet"

// smallestQuota leaves room for the objects of an empty fleet and some large writes.
var smallestQuota = resource.MustParse("64Mi")

// Options configure the control plane.
type Options struct {
	// DataDir contains everything that outlives the process. It is an absolute path.
	DataDir string
	// BindAddress is the address of the Kubernetes API: an IP address and a port.
	BindAddress string
	// ExtraHosts are further names and addresses of the server, for its certificate.
	ExtraHosts []string
	// DatabaseQuota is the size of etcd's database at which writes are refused.
	DatabaseQuota resource.QuantityValue
	// MinTLSVersion is the minimum TLS version of the Kubernetes API, such as
	// VersionTLS13. The default is VersionTLS12.
	MinTLSVersion string
	// Namespace is the served namespace.
	Namespace string
	// AdapterIdentity installs the policy that requires, for each report, the right to
	// report as its adapter.
	AdapterIdentity bool
	// SkipInstall leaves the custom resources, roles and policies as they are.
	SkipInstall bool
	// Version is the program's version.
	Version string
	// InitialStatus returns the status that a new Cluster is stored with. If it is nil or
	// returns nil, the Cluster has the status of the schema's defaults.
	InitialStatus func(*v1.Cluster) *v1.ResourceStatus

	apiServer *apiserver.Options
}

// NewOptions returns the default options.
func NewOptions() *Options {
	return &Options{
		DatabaseQuota: resource.QuantityValue{Quantity: *resource.NewQuantity(etcd.DefaultQuota, resource.BinarySI)},
		apiServer:     apiserver.NewOptions(),
	}
}

// BindDataDir adds the flag of the data directory.
func (o *Options) BindDataDir(flags *pflag.FlagSet) {
	flags.StringVar(&o.DataDir, "data-dir", DefaultDataDir, "Directory for data, credentials and kubeconfig. Only one server can use it at a time.")
}

// BindFlags adds the flags.
func (o *Options) BindFlags(flags *pflag.FlagSet) {
	o.BindDataDir(flags)
	flags.StringVar(&o.BindAddress, "kubernetes-bind-address", "127.0.0.1:6443", "IP address and port of the Kubernetes API. It always requires TLS and credentials.")
	flags.StringSliceVar(&o.ExtraHosts, "tls-san", nil, "Additional names and IP addresses for the server's certificate, at which clients reach the server.")
	flags.Var(&o.DatabaseQuota, "database-quota", "Size of the database at which the server refuses writes, at least 64Mi.")
	flags.BoolVar(&o.SkipInstall, "skip-install", false, "Do not install the compiled-in custom resources, roles and admission policies. Set it if another tool installs them, such as a GitOps tool with a provider's schema.")
	o.apiServer.BindFlags(flags)
}

// KubeconfigFile returns the path of the administrator's kubeconfig.
func (o *Options) KubeconfigFile() string { return filepath.Join(o.DataDir, "kubeconfig") }

// CAFile returns the path of the certificate authority of the server's certificate.
func (o *Options) CAFile() string { return pki.CAFile(pkiDir(o.DataDir)) }

// CertFiles returns the paths of the server's certificate and key.
func (o *Options) CertFiles() (cert, key string) { return pki.ServingFiles(pkiDir(o.DataDir)) }

// pkiDir returns the folder of the credentials in a data directory.
func pkiDir(dataDir string) string { return filepath.Join(dataDir, "pki") }

// quota returns the DatabaseQuota in bytes.
func (o *Options) quota() (int64, error) {
	if o.DatabaseQuota.Cmp(smallestQuota) < 0 {
		return 0, fmt.Errorf("--database-quota: %s is less than %s", o.DatabaseQuota.String(), smallestQuota.String())
	}
	return o.DatabaseQuota.Value(), nil
}

// listener returns the parts of BindAddress.
func (o *Options) listener() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(o.BindAddress)
	if err == nil && net.ParseIP(host) == nil {
		err = fmt.Errorf("%q is not an IP address", host)
	}
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err == nil && (port < 1 || port > 65535) {
		err = fmt.Errorf("%d is not a port", port)
	}
	if err != nil {
		return "", 0, fmt.Errorf("--kubernetes-bind-address: %w", err)
	}
	return host, port, nil
}

// URL returns the URL at which this machine reaches the Kubernetes API.
func (o *Options) URL() (string, error) {
	host, port, err := o.listener()
	if err != nil {
		return "", err
	}
	if net.ParseIP(host).IsUnspecified() {
		host = "127.0.0.1"
	}
	return "https://" + net.JoinHostPort(host, strconv.Itoa(port)), nil
}

// hosts returns the names and addresses that the server's certificate is for.
func (o *Options) hosts() ([]string, error) {
	host, _, err := o.listener()
	if err != nil {
		return nil, err
	}
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if !net.ParseIP(host).IsUnspecified() {
		hosts = append(hosts, host)
	}
	for _, extra := range o.ExtraHosts {
		if net.ParseIP(extra) == nil && len(validation.IsDNS1123Subdomain(extra)) > 0 {
			return nil, fmt.Errorf("--tls-san: %q is neither a name nor an IP address", extra)
		}
	}
	hosts = append(hosts, o.ExtraHosts...)
	if name, err := os.Hostname(); err == nil && len(validation.IsDNS1123Subdomain(name)) == 0 {
		hosts = append(hosts, name)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), nil
}
