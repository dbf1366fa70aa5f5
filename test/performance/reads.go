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
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
)

const (
	pageSize = 20
	// maxGets limits the number of clusters whose bytes the bare handler keeps.
	maxGets = 1000
)

// A reading is a scenario's sequence of requests.
type reading struct {
	name string
	uris []string
}

// readings returns the scenarios for the present fleet.
func (r *run) readings() []reading {
	random := rand.New(rand.NewPCG(1, 2))
	var gets []string
	for _, n := range random.Perm(len(r.fleet))[:min(maxGets, len(r.fleet))] {
		gets = append(gets, clusterPath(r.fleet[n]))
	}
	last := (len(r.fleet) + pageSize - 1) / pageSize
	return []reading{
		{"get", gets},
		{"list-first", []string{listURI("", 1)}},
		{"list-middle", []string{listURI("", max(1, last/2)), listURI("", last/2+1)}},
		{"list-last", []string{listURI("", last)}},
		{"search-label", searches("labels.environment='dev'", "labels.environment='staging'", "labels.environment='production'")},
		{"search-logic", searches(
			"labels.environment='staging' and (labels.region='eu-west' or labels.shard='7')",
			"labels.environment='dev' and status.conditions.Ready='True' or labels.region='us-east'")},
		{"search-condition", searches("status.conditions.Ready='True'", "status.conditions.Ready='False'")},
		{"search-mixed", searches("status.conditions.Ready='True' and labels.region='us-east'")},
	}
}

func searches(texts ...string) []string {
	var uris []string
	for _, text := range texts {
		uris = append(uris, listURI(text, 1))
	}
	return uris
}

func listURI(search string, page int) string {
	uri := fmt.Sprintf("%s?page=%d&pageSize=%d", clustersPath, page, pageSize)
	if search != "" {
		uri += "&search=" + url.QueryEscape(search)
	}
	return uri
}

// measureReads reads from the facade, and the same bytes from a bare handler: facade,
// bare, bare, facade. A machine that becomes faster or slower meanwhile favors neither.
func (r *run) measureReads(ctx context.Context) error {
	readings := r.readings()
	bodies, err := r.capture(readings)
	if err != nil {
		return err
	}
	address, err := r.startBare(ctx, bodies)
	if err != nil {
		return fmt.Errorf("start the bare handler: %w", err)
	}
	defer r.stopBare()
	for _, reading := range readings {
		var ours, bare samples
		oursUsed, bareUsed := usages{}, usages{}
		for _, bareTurn := range []bool{false, true, true, false} {
			if bareTurn {
				r.read(ctx, address, reading, &bare, bareUsed)
			} else {
				r.read(ctx, r.facade, reading, &ours, oursUsed)
			}
		}
		r.record(reading.name, ours, oursUsed)
		r.record(reading.name+"-bare", bare, bareUsed)
	}
	return ctx.Err()
}

// read reads from one server for half of the time, and adds the result to an
// earlier one.
func (r *run) read(ctx context.Context, address string, what reading, s *samples, used usages) {
	requests := what.requests(address)
	before := readUsages(r.pids())
	s.join(load{workers: r.concurrency, least: 1, limit: r.duration / 2, newWorker: func() worker {
		w := newWire(address)
		return worker{
			do:    func(i int) (int, error) { return w.do(requests[i%len(requests)], http.StatusOK) },
			close: w.close,
		}
	}}.run(ctx))
	used.add(readUsages(r.pids()).since(before))
}

func (r reading) requests(address string) [][]byte {
	var requests [][]byte
	for _, uri := range r.uris {
		requests = append(requests, getRequest(address, uri))
	}
	return requests
}

// capture returns the body of each answer by URI.
func (r *run) capture(readings []reading) (map[string][]byte, error) {
	w := newWire(r.facade)
	defer w.close()
	bodies := map[string][]byte{}
	for _, reading := range readings {
		for _, uri := range reading.uris {
			body, err := w.read(getRequest(r.facade, uri), http.StatusOK)
			if err != nil {
				return nil, fmt.Errorf("GET %s: %w", uri, err)
			}
			if bytes.Contains(body, []byte(`"items":[]`)) {
				return nil, fmt.Errorf("GET %s: an empty list says nothing about the cost of lists", uri)
			}
			bodies[uri] = bytes.Clone(body)
		}
	}
	return bodies, nil
}

// measureMix repeats nine reads and one heartbeat.
func (r *run) measureMix(ctx context.Context, clusters []*cluster) error {
	const period = 10
	isWrite := func(i int) bool { return i%period == period-1 }
	var requests [][]byte
	readings := r.readings()
	for i := range maxGets {
		one := readings[i%len(readings)]
		requests = append(requests, getRequest(r.facade, one.uris[i%len(one.uris)]))
	}
	which := func(i int) int { return i / period % (len(clusters) * len(adapters)) }
	before := readUsages(r.pids())
	s := load{workers: r.concurrency, least: period, limit: r.duration, newWorker: func() worker {
		w := newWire(r.facade)
		heartbeat := r.reportWorker(reporting{clusters: clusters, which: which})
		return worker{
			do: func(i int) (int, error) {
				if isWrite(i) {
					return heartbeat.do(i)
				}
				return w.do(requests[i%len(requests)], http.StatusOK)
			},
			close: func() { w.close(); heartbeat.close() },
		}
	}}.run(ctx)
	r.settle(ctx, settleLimit, r.gathering())
	used := readUsages(r.pids()).since(before)
	r.record("mix", s, used)
	r.recordPart("mix", "mix-reads", s.of(func(i int) bool { return !isWrite(i) }))
	r.recordPart("mix", "mix-writes", s.of(isWrite))
	return ctx.Err()
}
