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

package faults

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	clustersPath  = "/api/hyperfleet/v1/clusters"
	nodePoolsPath = "/api/hyperfleet/v1/nodepools"

	// requestLimit is longer than any freeze.
	requestLimit = 45 * time.Second
)

// An answer is the result of a REST request.
type answer struct {
	start, end time.Time
	status     int // 0 if there was no answer
	body       []byte
	err        error
}

// A request to a replica.
type request struct {
	caller, method, path string
	mediaType            string // of the body; empty for JSON
	body                 string
}

// call makes a request as the caller that has the right to make it.
func (r *replica) call(method, path, body string) answer {
	return r.send(request{caller: callerOf(method, path), method: method, path: path, body: body})
}

func (r *replica) send(q request) answer {
	a := answer{start: time.Now()}
	a.status, a.body, a.err = r.exchange(context.Background(), q)
	a.end = time.Now()
	return a
}

// lose sends a report, and gives up early: before the report arrives, or before the
// answer arrives.
func (r *replica) lose(random *rand.Rand, path, body string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(20))*time.Millisecond)
	defer cancel()
	_, _, _ = r.exchange(ctx, request{caller: adapter, method: http.MethodPost, path: path, body: body})
}

func (r *replica) exchange(ctx context.Context, q request) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, q.method, "https://"+r.facade+q.path, strings.NewReader(q.body))
	if err != nil {
		return 0, nil, err
	}
	if q.body != "" {
		request.Header.Set("Content-Type", cmp.Or(q.mediaType, "application/json"))
	}
	request.Header.Set("Authorization", "Bearer "+r.tokens[q.caller])
	response, err := r.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, err
	}
	return response.StatusCode, text, nil
}

// unavailable reports whether the answer means that the service is unavailable. A
// connection may fail only during an outage of the replica.
func (l *ledger) unavailable(r *replica, a answer, what string) bool {
	switch {
	case a.err != nil:
		if !r.wasOut(a.start) {
			l.wrong("%s through %s: no answer after %s while it was up: %v", what, r.name, a.end.Sub(a.start), a.err)
		}
	case a.status == http.StatusServiceUnavailable, a.status == http.StatusGatewayTimeout, a.status == http.StatusTooManyRequests:
		if a.status == http.StatusTooManyRequests {
			l.count("throttled")
		}
	default:
		return false
	}
	time.Sleep(retryAfter)
	return true
}

// retryAfter is how long a client waits while the service is unavailable.
const retryAfter = 200 * time.Millisecond

func (a answer) String() string {
	return fmt.Sprintf("status %d after %s: %s", a.status, a.end.Sub(a.start).Round(time.Millisecond), a.body[:min(len(a.body), 600)])
}

// total returns a list's total, -1 if the answer is no list.
func (a answer) total() int {
	list := wireList{Total: -1}
	_ = json.Unmarshal(a.body, &list) // total stays -1
	return list.Total
}

// wire is a Cluster or NodePool as REST shows it.
type wire struct {
	Kind        string            `json:"kind"`
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Generation  int64             `json:"generation"`
	DeletedTime *v1.Timestamp     `json:"deleted_time"`
	Labels      map[string]string `json:"labels"`
	Spec        json.RawMessage   `json:"spec"`
	Owner       struct {
		ID string `json:"id"`
	} `json:"owner_references"`
	Status struct {
		Conditions []wireCondition `json:"conditions"`
	} `json:"status"`
}

type wireCondition struct {
	Type               string       `json:"type"`
	Status             string       `json:"status"`
	Reason             string       `json:"reason"`
	Message            string       `json:"message"`
	ObservedGeneration int64        `json:"observed_generation"`
	CreatedTime        v1.Timestamp `json:"created_time"`
	LastUpdatedTime    v1.Timestamp `json:"last_updated_time"`
	LastTransitionTime v1.Timestamp `json:"last_transition_time"`
}

type wireList struct {
	Kind  string `json:"kind"`
	Page  int    `json:"page"`
	Size  int    `json:"size"`
	Total int    `json:"total"`
	Items []wire `json:"items"`
}

func (w wire) condition(name string) *wireCondition {
	for i := range w.Status.Conditions {
		if w.Status.Conditions[i].Type == name {
			return &w.Status.Conditions[i]
		}
	}
	return nil
}

// href returns the path of the resource.
func (r *resource) href() string {
	id, _ := r.identity()
	if r.parent != nil {
		return r.parent.href() + "/nodepools/" + id
	}
	return clustersPath + "/" + id
}
