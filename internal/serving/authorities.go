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

package serving

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// The ConfigMap in kube-system where the API server publishes the certificate
// authorities (CAs) of client certificates.
const (
	publishedName = "extension-apiserver-authentication"
	publishedKey  = "client-ca-file"
)

// clientCA returns the CAs of client certificates: the CAs of the file, or the CAs that
// the API server publishes. They stay current while the manager runs. clientCA returns
// nil if client certificates are not accepted.
func (d Delegation) clientCA(mgr manager.Manager) (dynamiccertificates.CAContentProvider, error) {
	switch {
	case d.ClientCAFile != "":
		ca, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca-bundle", d.ClientCAFile)
		if err != nil {
			return nil, fmt.Errorf("--client-ca-file: %w", err)
		}
		return ca, mgr.Add(everywhere{ca})
	case d.SkipLookup:
		return nil, nil
	}
	reader, err := d.client(mgr.GetConfig(), 0)
	if err != nil {
		return nil, err
	}
	ca, err := dynamiccertificates.NewDynamicCAFromConfigMapController("client-ca", metav1.NamespaceSystem, publishedName, publishedKey, reader)
	if err != nil {
		return nil, fmt.Errorf("look up the API server's client CAs: %w", err)
	}
	p := &published{ConfigMapCAController: ca, reader: reader.CoreV1().ConfigMaps(metav1.NamespaceSystem)}
	return p, mgr.Add(everywhere{p})
}

// published are the CAs that the API server publishes.
type published struct {
	*dynamiccertificates.ConfigMapCAController
	reader corev1.ConfigMapInterface
	none   atomic.Bool // the API server publishes no CAs
}

// Run follows the CAs until the context ends.
func (p *published) Run(ctx context.Context, workers int) {
	go p.ask(ctx)
	p.ConfigMapCAController.Run(ctx, workers)
}

// ask finds out whether the API server publishes CAs at all. The controller cannot
// distinguish missing CAs from CAs that it has not read yet.
func (p *published) ask(ctx context.Context) {
	_ = wait.PollUntilContextCancel(ctx, time.Second, true, func(ctx context.Context) (bool, error) {
		if p.CurrentCABundleContent() != nil {
			return true, nil
		}
		stored, err := p.reader.Get(ctx, publishedName, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return false, nil // no answer yet
		}
		p.none.Store(err != nil || stored.Data[publishedKey] == "")
		return p.none.Load(), nil
	}) // an error means that the program ends
}

// known reports whether client certificates can be checked.
func (p *published) known() bool { return p.CurrentCABundleContent() != nil || p.none.Load() }

// certificates authenticates by client certificates.
type certificates struct {
	authenticator.Request
	authorities dynamiccertificates.CAContentProvider
}

// AuthenticateRequest implements authenticator.Request. A certificate that cannot be
// checked yet is an outage, not a wrong certificate.
func (c certificates) AuthenticateRequest(r *http.Request) (*authenticator.Response, bool, error) {
	p, ok := c.authorities.(*published)
	if ok && r.TLS != nil && len(r.TLS.PeerCertificates) > 0 && !p.known() {
		return nil, false, apierrors.NewServiceUnavailable("the client CAs are not known yet")
	}
	return c.Request.AuthenticateRequest(r)
}

// everywhere runs a controller on every replica.
type everywhere struct {
	controller dynamiccertificates.ControllerRunner
}

// Start runs the controller until the context ends.
func (e everywhere) Start(ctx context.Context) error {
	e.controller.Run(ctx, 1)
	return nil
}

// NeedLeaderElection returns false: every replica serves.
func (everywhere) NeedLeaderElection() bool { return false }
