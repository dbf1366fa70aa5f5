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

package feed

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestWatchIsNotRetriedUnnoticed ends the connection of a watch before it is answered.
// The Feed must notice this: the API server may return with an older store, in which a
// watch at a version of the lost history waits in silence.
func TestWatchIsNotRetriedUnnoticed(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		connection, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = connection.Close()
	}))
	defer server.Close()
	scheme := runtime.NewScheme()
	must(t, v1.AddToScheme(scheme))
	w, err := NewWatchFunc(&rest.Config{Host: server.URL}, scheme, v1.GroupVersion)
	must(t, err)
	watched, err := w(t.Context(), "clusters", "default", metav1.ListOptions{ResourceVersion: "1000"}, nil)
	if err == nil && reflect.TypeOf(watched) != noAnswer {
		t.Errorf("the watch is a %T, want an error or no answer", watched)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests were made, want 1", n)
	}
}
