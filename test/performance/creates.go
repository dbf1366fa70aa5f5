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
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	apiPath      = "/api/hyperfleet/v1"
	clustersPath = apiPath + "/clusters"
)

func clusterPath(c *cluster) string { return clustersPath + "/" + v1.ID(c.uid) }

// measureCreates creates the same objects in three ways: over REST, directly in the
// namespace that the manager reconciles, and directly in a namespace that nothing
// reconciles. The first two become part of the fleet.
func (r *run) measureCreates(ctx context.Context) error {
	created := &created{number: len(r.fleet)}
	r.write(ctx, "create", r.writeLoad(func() worker { return r.createWorker(created) }))
	created.number += r.batch()
	r.write(ctx, "create-direct", r.writeLoad(func() worker { return r.directCreateWorker(ctx, created, watched) }))
	elsewhere := created.number // the names are free in that namespace
	r.write(ctx, "create-unwatched", r.writeLoad(func() worker {
		return worker{do: func(i int) (int, error) {
			return 0, r.admin.Create(ctx, clusterObject(unwatched, elsewhere+i))
		}}
	}))
	if len(created.clusters) < 2*r.batch() {
		return errors.Join(ctx.Err(), fmt.Errorf("%d of %d clusters were created", len(created.clusters), 2*r.batch()))
	}
	r.fleet = append(r.fleet, created.inOrder(len(r.fleet))...)
	return nil
}

func (r *run) writeLoad(newWorker func() worker) load {
	return load{workers: r.concurrency, requests: r.batch(), limit: writeLimit, newWorker: newWorker}
}

// created collects clusters from several workers. first is the number of the
// first one.
type created struct {
	number   int
	lock     sync.Mutex
	clusters []*cluster
}

func (c *created) add(one *cluster) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.clusters = append(c.clusters, one)
}

// inOrder returns the clusters by number, from first up to the first gap.
func (c *created) inOrder(first int) []*cluster {
	ordered := make([]*cluster, len(c.clusters))
	for _, one := range c.clusters {
		ordered[one.number-first] = one
	}
	return ordered
}

func (r *run) createWorker(into *created) worker {
	w := newWire(r.facade)
	return worker{
		do: func(i int) (int, error) {
			number := into.number + i
			body, err := w.read(postRequest(r.facade, clustersPath, clusterBody(number)), http.StatusCreated)
			if err != nil {
				return 0, err
			}
			uid, err := v1.UIDFromID(idIn(body))
			if err != nil {
				return 0, err
			}
			into.add(&cluster{number: number, uid: uid})
			return len(body), nil
		},
		close: w.close,
	}
}

// idIn finds the id in the JSON of a resource without decoding it.
func idIn(body []byte) string {
	_, rest, _ := bytes.Cut(body, []byte(`"id":"`))
	id, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(id)
}

func (r *run) directCreateWorker(ctx context.Context, into *created, namespace string) worker {
	return worker{do: func(i int) (int, error) {
		object := clusterObject(namespace, into.number+i)
		if err := r.admin.Create(ctx, object); err != nil {
			return 0, err
		}
		into.add(&cluster{number: into.number + i, uid: object.UID})
		return 0, nil
	}}
}
