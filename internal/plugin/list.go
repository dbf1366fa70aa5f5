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
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// chunkSize is the number of objects per request, the same as in kubectl get.
const chunkSize = 500

// tableType asks for a table, as kubectl get does: the API server chooses columns
// and cells.
const tableType = "application/json;as=Table;v=v1;g=meta.k8s.io"

// A lister reads the objects of a collection as tables.
type lister struct {
	client     rest.Interface
	collection *collection
	namespace  string // "" for all namespaces
}

func newLister(flags *genericclioptions.ConfigFlags, c *collection, namespace string) (*lister, error) {
	client, err := newClient(flags)
	if err != nil {
		return nil, err
	}
	return &lister{client: client, collection: c, namespace: namespace}, nil
}

// newClient returns a client of HyperFleet's API group.
func newClient(flags *genericclioptions.ConfigFlags) (rest.Interface, error) {
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.Unversioned) // for the API server's errors
	config = rest.CopyConfig(config)
	config.APIPath = "/apis"
	config.GroupVersion = &v1.GroupVersion
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.QPS = -1 // one request at a time needs no limit
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("create a client: %w", err)
	}
	return client, nil
}

// list calls f with chunks of the objects that the selectors select. All chunks are of
// one snapshot. Each row contains its whole object in JSON.
func (l *lister) list(ctx context.Context, s selectors, f func(*metav1.Table) error) error {
	options := metav1.ListOptions{LabelSelector: s.labels.String(), FieldSelector: s.fields.String(), Limit: chunkSize}
	for {
		table, err := l.chunk(ctx, options)
		if err != nil {
			return err
		}
		if err := f(table); err != nil {
			return err
		}
		if options.Continue = table.Continue; options.Continue == "" {
			return nil
		}
	}
}

func (l *lister) chunk(ctx context.Context, options metav1.ListOptions) (*metav1.Table, error) {
	result := l.client.Get().
		NamespaceIfScoped(l.namespace, l.namespace != metav1.NamespaceAll).
		Resource(l.collection.resource).
		VersionedParams(&options, metav1.ParameterCodec).
		Param("includeObject", string(metav1.IncludeObject)).
		SetHeader("Accept", tableType).
		Do(ctx)
	switch err := result.Error(); {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("the API server does not serve %s: HyperFleet is not installed there", l.collection.name())
	case apierrors.IsResourceExpired(err):
		return nil, fmt.Errorf("the list took longer than the API server keeps its snapshot; search again, or for fewer objects: %w", err)
	case err != nil:
		return nil, err
	}
	body, err := result.Raw()
	if err != nil {
		return nil, err
	}
	table := &metav1.Table{}
	if err := json.Unmarshal(body, table); err != nil { // this decoder keeps integers exact
		return nil, fmt.Errorf("decode a table of %s: %w", l.collection.resource, err)
	}
	return table, nil
}
