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
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/openapi"
)

// published is an OpenAPI v3 document.
type published string

func (p published) Schema(string) ([]byte, error) { return []byte(p), nil }
func (p published) ServerRelativeURL() string     { return "" }

// listing is what the API server lists from some time after the start on.
type listing struct {
	from  time.Duration
	paths map[string]openapi.GroupVersion
	err   error
}

// timetable lists what is published at the time of the call.
type timetable struct {
	start    time.Time
	listings []listing
}

func (t timetable) Paths() (map[string]openapi.GroupVersion, error) {
	var now listing
	for _, l := range t.listings {
		if time.Since(t.start) >= l.from {
			now = l
		}
	}
	return now.paths, now.err
}

// TestListingsAtTheEnd lists while the API server ends: it still serves, so the policies
// still need the schemas.
func TestListingsAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		table := timetable{time.Now(), []listing{{0, map[string]openapi.GroupVersion{"api/v1": published("{}")}, nil}}}
		l := &schemaListing{Client: table, context: ended, awaited: []schema.GroupResource{{Group: "hyperfleet.io", Resource: "clusters"}}}
		began := time.Now()
		if paths, err := l.Paths(); len(paths) != 1 || err != nil || time.Since(began) != 0 {
			t.Errorf("Paths() = %v, %v after %s", paths, err, time.Since(began))
		}
	})
}

func TestListingsWaitForSchemas(t *testing.T) {
	const (
		clusters = published(`{"paths":{"/apis/hyperfleet.io/v1/namespaces/{namespace}/clusters":{},"/apis/hyperfleet.io/v1/namespaces/{namespace}/clusters/{name}":{}}}`)
		both     = published(`{"paths":{"/apis/hyperfleet.io/v1/namespaces/{namespace}/clusters":{},"/apis/hyperfleet.io/v1/namespaces/{namespace}/nodepools":{}}}`)
	)
	native := map[string]openapi.GroupVersion{"api/v1": published("{}"), "apis/apps/v1": both}
	group := func(p published) map[string]openapi.GroupVersion {
		paths := maps.Clone(native)
		paths["apis/hyperfleet.io/v1"] = p
		return paths
	}
	refused := errors.New("refused")
	for _, of := range []struct {
		name     string
		listings []listing
		after    []time.Duration // of the first listings
		errs     []error
	}{
		{"at the start", []listing{{0, group(both), nil}}, []time.Duration{0, 0}, []error{nil, nil}},
		{"later", []listing{{0, native, nil}, {time.Second, group(both), nil}}, []time.Duration{time.Second, 0}, []error{nil, nil}},
		{
			"one resource after the other", []listing{{0, native, nil}, {time.Second, group(clusters), nil}, {2 * time.Second, group(both), nil}},
			[]time.Duration{2 * time.Second, 0}, []error{nil, nil},
		},
		{"after errors", []listing{{0, nil, refused}, {time.Second, group(both), nil}}, []time.Duration{time.Second, 0}, []error{nil, nil}},
		{
			"after the plugin wants another listing", []listing{{0, native, nil}, {8 * time.Second, group(both), nil}},
			[]time.Duration{5 * time.Second, 3 * time.Second, 0}, []error{nil, nil, nil},
		},
		{
			"never", []listing{{0, native, nil}},
			append(slices.Repeat([]time.Duration{5 * time.Second}, 13), 0), make([]error, 14),
		},
		{"an API server that fails", []listing{{0, nil, refused}}, []time.Duration{5 * time.Second}, []error{refused}},
	} {
		t.Run(of.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				table := timetable{time.Now(), of.listings}
				resources := []schema.GroupResource{{Group: "hyperfleet.io", Resource: "clusters"}, {Group: "hyperfleet.io", Resource: "nodepools"}}
				l := &schemaListing{Client: table, context: t.Context(), awaited: resources}
				for i, after := range of.after {
					began := time.Now()
					paths, err := l.Paths()
					if took := time.Since(began); took != after || !errors.Is(err, of.errs[i]) {
						t.Errorf("listing %d took %s with the error %v, want %s and %v", i, took, err, after, of.errs[i])
					}
					want, _ := table.Paths()
					if got := slices.Sorted(maps.Keys(paths)); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
						t.Errorf("listing %d has the paths %v, want those of the API server: %v", i, got, want)
					}
				}
			})
		})
	}
}
