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
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// errRefused is the error of a client if no API server listens.
var errRefused = errors.New("connection refused")

// scripted is a source that records the requests and fails by a script.
type scripted struct {
	asked []string
	fail  []error // of the next requests
}

func (s *scripted) next(request string, options metav1.ListOptions) error {
	s.asked = append(s.asked, fmt.Sprintf("%s at %q", request, options.ResourceVersion))
	if len(s.fail) == 0 {
		return nil
	}
	err := s.fail[0]
	s.fail = s.fail[1:]
	return err
}

// errCut makes a scripted source answer as client-go does if a connection ends early.
var errCut = errors.New("EOF")

func (s *scripted) source() cache.ListerWatcher {
	return &cache.ListWatch{
		ListWithContextFunc: func(_ context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return &v1.AdapterStatusList{}, s.next("list", options)
		},
		WatchFuncWithContext: func(_ context.Context, options metav1.ListOptions) (watch.Interface, error) {
			err := s.next("watch", options)
			if errors.Is(err, errCut) {
				return watch.NewEmptyWatch(), nil
			}
			return watch.NewFake(), err
		},
	}
}

// TestDistrust: a watch does not continue at a resourceVersion of a store that may have
// been replaced.
func TestDistrust(t *testing.T) {
	unavailable := apierrors.NewGenericServerResponse(http.StatusServiceUnavailable, "watch", schema.GroupResource{}, "", "", 1, true)
	tests := map[string]struct {
		failure      error
		wantContinue bool
	}{
		"no failure":         {nil, true},
		"too many requests":  {apierrors.NewTooManyRequests("", 1), true},
		"forbidden":          {apierrors.NewForbidden(schema.GroupResource{}, "", nil), true},
		"connection refused": {errRefused, false},
		"connection cut":     {errCut, false},
		"unavailable":        {unavailable, false},
		"internal error":     {apierrors.NewInternalError(errors.New("etcdserver: no leader")), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &scripted{fail: []error{test.failure}}
			w := &watches{}
			source := cache.ToListerWatcherWithContext(w.recorded(s.source()))
			at7 := metav1.ListOptions{ResourceVersion: "7"}
			if _, err := source.WatchWithContext(t.Context(), at7); (err == nil) != (test.failure == nil) {
				t.Fatalf("got %v, want %v", err, test.failure)
			}
			_, err := source.WatchWithContext(t.Context(), at7)
			if continues := err == nil; continues != test.wantContinue || !continues && !apierrors.IsResourceExpired(err) {
				t.Errorf("the watch continues: %t (%v), want %t", continues, err, test.wantContinue)
			}
			if _, err := source.WatchWithContext(t.Context(), metav1.ListOptions{ResourceVersion: "7", SendInitialEvents: new(true)}); err != nil {
				t.Fatal(err)
			}
			if _, err := source.WatchWithContext(t.Context(), metav1.ListOptions{ResourceVersion: "8"}); err != nil {
				t.Errorf("after all objects are requested: %v", err)
			}
			want := []string{`watch at "7"`, `watch at "7"`, `watch at ""`, `watch at "8"`}
			if !test.wantContinue {
				want = slices.Delete(want, 1, 2)
			}
			if diff := cmp.Diff(want, s.asked); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestListIsCurrent: each list is of the current state, but its pages belong together.
func TestListIsCurrent(t *testing.T) {
	s, w := &scripted{}, &watches{}
	source := cache.ToListerWatcherWithContext(w.recorded(s.source()))
	for _, options := range []metav1.ListOptions{{ResourceVersion: "0"}, {ResourceVersion: "7"}, {Continue: "page"}} {
		before := time.Now()
		if _, err := source.ListWithContext(t.Context(), options); err != nil {
			t.Fatal(err)
		}
		if at := w.replaced(); at.Before(before) != (options.Continue != "") {
			t.Errorf("%v: current as of %s, before the request %t", options, at, at.Before(before))
		}
	}
	if diff := cmp.Diff([]string{`list at ""`, `list at ""`, `list at ""`}, s.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestRelistOnce: a Relist does not interrupt the list that it asks for.
func TestRelistOnce(t *testing.T) {
	s := &scripted{}
	f := New[*v1.AdapterStatus](nil, s.source(), nil)
	source := cache.ToListerWatcherWithContext(f.watches.recorded(s.source()))
	watching := func(options metav1.ListOptions) *watch.FakeWatcher {
		t.Helper()
		w, err := source.WatchWithContext(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		return w.(*watch.FakeWatcher)
	}
	all := metav1.ListOptions{SendInitialEvents: new(true)}
	first := watching(all)
	f.Relist()
	if first.IsStopped() {
		t.Error("Relist ended a watch that still delivers all objects")
	}
	f.watches.replaced()
	f.Relist()
	if !first.IsStopped() {
		t.Error("Relist did not end the watch")
	}
	if _, err := source.WatchWithContext(t.Context(), metav1.ListOptions{ResourceVersion: "7"}); !apierrors.IsResourceExpired(err) {
		t.Errorf("got %v, want an expired resourceVersion", err)
	}
	second := watching(all)
	f.Relist()
	if second.IsStopped() {
		t.Error("The second Relist interrupted the list of the first")
	}
}

func TestRetries(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Now())
	pauses := retries()
	pause := pauses.DelayWithReset(clock, time.Minute) // as a reflector does
	for n := range 100 {
		if d := pause(); d < 100*time.Millisecond || d > 2*time.Second {
			t.Fatalf("pause %d is %s, want 0.1 to 2 s", n, d)
		}
	}
}

func TestRetryingSource(t *testing.T) {
	expired := apierrors.NewResourceExpired("")
	busy := apierrors.NewTooManyRequests("", 1)
	notServed := apierrors.NewNotFound(schema.GroupResource{}, "")
	tests := map[string]struct {
		fail      []error
		want      error
		wantAsked int
	}{
		"at once":             {nil, nil, 1},
		"after some failures": {[]error{errRefused, notServed, busy, errRefused}, nil, 5},
		"an answer":           {[]error{errRefused, expired}, expired, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &scripted{fail: test.fail}
			source := cache.ToListerWatcherWithContext(retrying(s.source(), wait.Backoff{Duration: time.Nanosecond}))
			if _, err := source.WatchWithContext(t.Context(), metav1.ListOptions{}); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if len(s.asked) != test.wantAsked {
				t.Errorf("%d requests, want %d", len(s.asked), test.wantAsked)
			}
		})
	}
	t.Run("canceled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := &scripted{fail: []error{errRefused}}
		source := cache.ToListerWatcherWithContext(retrying(s.source(), wait.Backoff{Duration: time.Hour}))
		if _, err := source.ListWithContext(ctx, metav1.ListOptions{}); !errors.Is(err, errRefused) {
			t.Errorf("got %v, want the error of the request", err)
		}
	})
}
