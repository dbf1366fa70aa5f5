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

package adapter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/rest"
)

// REST configures the access to a REST API of HyperFleet.
//
// Parents from the REST API have no namespace and no annotations. A NodePool that is
// being deleted and whose Cluster never existed has no Cluster name. The server's clock
// sets the times of reports.
type REST struct {
	// Server is the URL without a path, such as https://hyperfleet.example.com.
	Server string

	// Client sends and authenticates the requests. The default is http.DefaultClient.
	Client *http.Client

	// Poll is the time between two polls of the lists. A poll that finds no change
	// costs the server a comparison of entity tags. The default is 5 seconds.
	Poll time.Duration
}

// requestTimeout bounds a request over REST. The server answers a report only when reads
// show it.
const requestTimeout = time.Minute

// restDoor polls the lists of parents over REST, and sends reports over REST.
type restDoor struct {
	adapter, kind string
	options       Options
	api           rest.ClientInterface
	poll          time.Duration

	clusters sync.Map // id → name, for the names of NodePools; it never changes
}

func newRESTDoor(r *REST, adapter, kind string, o Options) (*restDoor, error) {
	client := r.Client
	if client == nil {
		client = http.DefaultClient
	}
	api, err := rest.NewClient(r.Server, rest.WithHTTPClient(client))
	if err != nil {
		return nil, fmt.Errorf("REST API at %s: %w", r.Server, err)
	}
	poll := r.Poll
	if poll == 0 {
		poll = 5 * time.Second
	}
	return &restDoor{adapter: adapter, kind: kind, options: o, api: api, poll: poll}, nil
}

func (d *restDoor) get(ctx context.Context, request ctrl.Request) (hyperfleetv1.Parent, error) {
	if d.kind == hyperfleetv1.NodePoolKind {
		return d.getNodePool(ctx, request.Name)
	}
	cluster, err := d.getCluster(ctx, request.Name)
	if cluster == nil || err != nil {
		return nil, err
	}
	return clusterOf(cluster)
}

// getCluster returns nil if the cluster does not exist.
func (d *restDoor) getCluster(ctx context.Context, id string) (*rest.Cluster, error) {
	cluster := &rest.Cluster{}
	status, _, err := d.do(ctx, func(ctx context.Context) (*http.Response, error) { return d.api.GetCluster(ctx, id) }, cluster)
	if status == http.StatusNotFound {
		return nil, nil
	}
	return cluster, err
}

func (d *restDoor) getNodePool(ctx context.Context, id string) (hyperfleetv1.Parent, error) {
	pool := &rest.NodePool{}
	status, _, err := d.do(ctx, func(ctx context.Context) (*http.Response, error) { return d.api.GetNodePool(ctx, id) }, pool)
	if status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	name, err := d.clusterName(ctx, pool.OwnerReferences)
	if err != nil {
		return nil, err
	}
	if name == "" && pool.DeletedTime == nil {
		return nil, fmt.Errorf("nodepool %s (%s): its cluster is not known yet", pool.Name, id)
	}
	return nodePoolOf(pool, name)
}

// clusterName returns the name of the cluster of a nodepool, or "" if that cluster does
// not exist.
func (d *restDoor) clusterName(ctx context.Context, owner *rest.OwnerReference) (string, error) {
	if owner == nil {
		return "", nil
	}
	if name, ok := d.clusters.Load(owner.ID); ok {
		return name.(string), nil
	}
	cluster, err := d.getCluster(ctx, owner.ID)
	if cluster == nil || err != nil {
		return "", err
	}
	d.clusters.Store(owner.ID, cluster.Name)
	return cluster.Name, nil
}

func (d *restDoor) announce(ctx context.Context, parent hyperfleetv1.Parent, working []hyperfleetv1.AdapterCondition) error {
	recorded, err := d.recorded(ctx, parent)
	if err != nil {
		return err
	}
	var data any
	if recorded != nil {
		if recorded.ObservedGeneration >= parent.GetGeneration() {
			return nil
		}
		data = recorded.Data // readers keep the known data
	}
	_, err = d.report(ctx, parent, working, data)
	return err
}

// recorded returns the adapter's report on a parent, nil if there is none.
func (d *restDoor) recorded(ctx context.Context, parent hyperfleetv1.Parent) (*rest.AdapterStatus, error) {
	id, search, list := hyperfleetv1.ID(parent.GetUID()), fmt.Sprintf("adapter='%s'", d.adapter), &rest.AdapterStatusList{}
	status, _, err := d.do(ctx, func(ctx context.Context) (*http.Response, error) {
		if d.kind == hyperfleetv1.NodePoolKind {
			return d.api.ListFlatNodePoolStatuses(ctx, id, &rest.ListFlatNodePoolStatusesParams{Search: &search})
		}
		return d.api.ListClusterStatuses(ctx, id, &rest.ListClusterStatusesParams{Search: &search})
	}, list)
	if status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil || len(list.Items) == 0 {
		return nil, err
	}
	return &list.Items[0], nil
}

func (d *restDoor) write(ctx context.Context, parent hyperfleetv1.Parent, conditions []hyperfleetv1.AdapterCondition, data any) error {
	status, err := d.report(ctx, parent, conditions, data)
	switch {
	case status == http.StatusNotFound:
		return nil // the parent no longer exists
	case status == http.StatusNoContent && isResult(conditions):
		return errStale
	}
	return err
}

// isResult reports whether conditions have a known result. The server discards a report
// without one if it already knows a result of the generation.
func isResult(conditions []hyperfleetv1.AdapterCondition) bool {
	for _, c := range conditions {
		if c.Type == hyperfleetv1.AvailableCondition {
			return c.Status != metav1.ConditionUnknown
		}
	}
	return false
}

// report sends a report. It contains no observed time: the server then uses its own time,
// so no wrong clock can matter.
func (d *restDoor) report(ctx context.Context, parent hyperfleetv1.Parent, conditions []hyperfleetv1.AdapterCondition, data any) (status int, err error) {
	raw, err := encode(data)
	if err != nil {
		return 0, err
	}
	report := rest.AdapterStatusCreateRequest{
		Adapter:            d.adapter,
		ObservedGeneration: int32(parent.GetGeneration()),
		Data:               raw,
		Conditions:         []rest.ConditionRequest{},
	}
	for _, c := range conditions {
		report.Conditions = append(report.Conditions, rest.ConditionRequest{
			Type: c.Type, Status: rest.AdapterConditionStatus(c.Status), Reason: c.Reason, Message: c.Message,
		})
	}
	id := hyperfleetv1.ID(parent.GetUID())
	status, _, err = d.do(ctx, func(ctx context.Context) (*http.Response, error) {
		if d.kind == hyperfleetv1.NodePoolKind {
			return d.api.PutFlatNodePoolStatus(ctx, id, nil, report)
		}
		return d.api.PutClusterStatus(ctx, id, nil, report)
	}, nil)
	return status, err
}

// do sends a request and decodes the answer. It returns an error for every status that is
// not a success, except 304.
func (d *restDoor) do(ctx context.Context, send func(context.Context) (*http.Response, error), into any) (status int, header http.Header, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	response, err := send(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	switch {
	case response.StatusCode >= http.StatusBadRequest:
		err = problem(response)
	case into != nil && response.StatusCode == http.StatusOK:
		if err = json.NewDecoder(response.Body).Decode(into); err != nil {
			err = fmt.Errorf("decode %s: %w", response.Request.URL.Path, err)
		}
	}
	return response.StatusCode, response.Header, err
}

// problem returns the error that an answer describes.
func problem(response *http.Response) error {
	at := response.Request.Method + " " + response.Request.URL.Path + ": " + response.Status
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	var details rest.Problem
	if json.Unmarshal(body, &details) != nil || details.Code == "" {
		return errors.New(at) // the answer of a proxy
	}
	text := fmt.Sprintf("%s: %s: %s", at, details.Code, details.Detail)
	for _, e := range details.Errors {
		text += "; " + e.Message
	}
	return errors.New(text)
}
