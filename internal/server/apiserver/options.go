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

package apiserver

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apiserver/pkg/features"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/kubernetes/pkg/controlplane/apiserver/options"
	"k8s.io/kubernetes/pkg/controlplane/apiserver/samples/generic/server"
	"k8s.io/kubernetes/pkg/kubeapiserver"

	"github.com/hyperfleet-io/hyperfleet/internal/serving"
)

// Issuer is the issuer and the default audience of service account tokens.
const Issuer = "https://kubernetes.default.svc"

// Options configure the API server.
type Options struct {
	// Etcd is the URL of etcd's clients.
	Etcd string
	// Host and Port are the address to listen on. Host is an IP address.
	Host string
	Port int
	// CertFile and KeyFile are PEM files of the serving certificate. They are read
	// again when they change.
	CertFile, KeyFile string
	// MinTLSVersion is the minimum TLS version, such as VersionTLS13. The default is
	// VersionTLS12.
	MinTLSVersion string
	// ClientCAFile is a PEM file with the CAs of client certificates.
	ClientCAFile string
	// TokensFile is a file of static tokens.
	TokensFile string
	// ServiceAccountKeyFile is the PEM file of the key that signs service account
	// tokens.
	ServiceAccountKeyFile string
	// Storage has the custom resources that are not stored in the usual way.
	Storage map[schema.GroupResource]Storage

	kubernetes *options.Options
}

// NewOptions returns options with Kubernetes' defaults.
func NewOptions() *Options {
	// The sample's options are the generic control plane's, with the admission plugins
	// and the service account tokens that work without pods and nodes.
	return &Options{kubernetes: server.NewOptions()}
}

// watchEnd is the time within which all watches end when the server stops.
const watchEnd = 5 * time.Second

// passed are prefixes of the names of the kube-apiserver flags that BindFlags adds.
var passed = []string{
	"oidc-", "authentication-config", "audit-", "encryption-provider-config",
	"admission-control-config-file", "event-ttl",
}

// BindFlags adds the flags of kube-apiserver that an operator may need, with
// kube-apiserver's names and meanings: OpenID Connect, the audit log, encryption at
// rest and the configuration of admission plugins.
func (o *Options) BindFlags(flags *pflag.FlagSet) {
	var sets cliflag.NamedFlagSets
	o.kubernetes.AddFlags(&sets)
	for _, name := range sets.Order {
		sets.FlagSets[name].VisitAll(func(f *pflag.Flag) {
			for _, prefix := range passed {
				if strings.HasPrefix(f.Name, prefix) && f.Deprecated == "" {
					flags.AddFlag(f)
					return
				}
			}
		})
	}
}

func (o *Options) complete(ctx context.Context) (options.CompletedOptions, error) {
	k := o.kubernetes
	host := net.ParseIP(o.Host)
	if host == nil {
		return options.CompletedOptions{}, fmt.Errorf("%q is not an IP address to listen on", o.Host)
	}
	// Every few minutes this feature lists all objects to compare each watch cache with
	// etcd, which is much work in a large fleet. The replica's prober detects a stalled
	// watch cache, but not one whose objects differ from those in etcd.
	if err := utilfeature.DefaultMutableFeatureGate.SetFromMap(map[string]bool{string(features.DetectCacheInconsistency): false}); err != nil {
		return options.CompletedOptions{}, err
	}
	k.Etcd.StorageConfig.Transport.ServerList = []string{o.Etcd}
	// As in kube-apiserver, Events have no watch cache: every change writes some, and hardly
	// anybody reads them.
	var err error
	if k.Etcd.WatchCacheSizes, err = genericoptions.WriteWatchCacheSizes(kubeapiserver.DefaultWatchCacheSizes()); err != nil {
		return options.CompletedOptions{}, err
	}
	k.SecureServing.BindAddress, k.SecureServing.BindPort = host, o.Port
	k.SecureServing.ServerCert.CertKey.CertFile, k.SecureServing.ServerCert.CertKey.KeyFile = o.CertFile, o.KeyFile
	k.SecureServing.MinTLSVersion = o.MinTLSVersion
	for _, suite := range serving.CipherSuites {
		k.SecureServing.CipherSuites = append(k.SecureServing.CipherSuites, tls.CipherSuiteName(suite))
	}
	k.GenericServerRunOptions.AdvertiseAddress = host
	if host.IsUnspecified() {
		// Nobody reads this address, and the machine may have no other address.
		k.GenericServerRunOptions.AdvertiseAddress = net.IPv4(127, 0, 0, 1)
	}
	// Without this, one open watch would delay the end of the server by a minute.
	k.GenericServerRunOptions.ShutdownWatchTerminationGracePeriod = watchEnd
	k.Authentication.Anonymous.Allow = false
	k.Authentication.ClientCert.ClientCA = o.ClientCAFile
	k.Authentication.TokenFile.TokenFile = o.TokensFile
	k.Authentication.ServiceAccounts.Issuers = []string{Issuer}
	k.Authentication.ServiceAccounts.KeyFiles = []string{o.ServiceAccountKeyFile}
	k.ServiceAccountSigningKeyFile = o.ServiceAccountKeyFile
	k.Authorization.Modes = []string{"RBAC"}
	completed, err := k.Complete(ctx, nil, nil)
	if err != nil {
		return options.CompletedOptions{}, fmt.Errorf("complete the options of the API server: %w", err)
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return options.CompletedOptions{}, fmt.Errorf("options of the API server: %w", utilerrors.NewAggregate(errs))
	}
	return completed, nil
}
