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
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/rest"
)

var (
	errNotReady = apierrors.NewForbidden(schema.GroupResource{}, "", errors.New("no role is known yet"))
	errNoReview = &url.Error{Op: "Post", Err: errors.New("connection refused")}
)

// fakeReady answers checks in turn: each with an error, or nil.
func fakeReady(checks ...error) (*readiness, *int) {
	count := new(int)
	return &readiness{check: func(context.Context) error {
		*count++
		return checks[*count-1]
	}}, count
}

func TestAsk(t *testing.T) {
	const no, yes = true, false
	for name, test := range map[string]struct {
		proven     time.Duration // how long ago, 0 for never
		checks     []error
		answers    []bool
		wantOutage bool
	}{
		"yes":                              {0, nil, []bool{yes}, false},
		"no":                               {0, []error{nil}, []bool{no, no}, false},
		"no, as it has only just begun":    {0, []error{nil}, []bool{no, yes}, false},
		"no, of one that is not ready":     {0, []error{errNotReady}, []bool{no}, true},
		"no, of one that was ready":        {400 * time.Millisecond, nil, []bool{no}, false},
		"no, of one that was so long ago":  {600 * time.Millisecond, []error{nil}, []bool{no, no}, false},
		"no, of one that is not any more":  {600 * time.Millisecond, []error{errNotReady}, []bool{no}, true},
		"yes, of one that was so long ago": {600 * time.Millisecond, nil, []bool{yes}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ready, checks := fakeReady(test.checks...)
				if test.proven > 0 {
					began := time.Now()
					ready.proven.Store(&began)
					time.Sleep(test.proven)
				}
				asked := 0
				err := ready.ask(t.Context(), func() (bool, error) {
					asked++
					return test.answers[asked-1], nil
				})
				if IsOutage(err) != test.wantOutage || (err != nil) != test.wantOutage {
					t.Errorf("ask() = %v, want an outage: %t", err, test.wantOutage)
				}
				if asked != len(test.answers) || *checks != len(test.checks) {
					t.Errorf("asked %d times and checked %d times, want %d and %d", asked, *checks, len(test.answers), len(test.checks))
				}
			})
		})
	}
}

// TestAskTogether has many concurrent callers, of which one checks for all.
func TestAskTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int64
		ready := &readiness{check: func(context.Context) error {
			checks.Add(1)
			time.Sleep(time.Second)
			return nil
		}}
		var asking sync.WaitGroup
		for range 20 {
			asking.Go(func() {
				if err := ready.ask(t.Context(), func() (bool, error) { return true, nil }); err != nil {
					t.Errorf("ask() = %v", err)
				}
			})
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := ready.ask(gone, func() (bool, error) { return true, nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("ask() of a caller who has gone = %v, want that", err)
		}
		asking.Wait()
		if got := checks.Load(); got != 1 {
			t.Errorf("%d checks, want 1", got)
		}
	})
}

// A fakeToken answers reviews in turn.
type fakeToken []func() (*authenticator.Response, bool, error)

func (f *fakeToken) AuthenticateToken(context.Context, string) (*authenticator.Response, bool, error) {
	next := (*f)[0]
	*f = (*f)[1:]
	return next()
}

func TestTokens(t *testing.T) {
	good := func() (*authenticator.Response, bool, error) {
		return &authenticator.Response{User: &user.DefaultInfo{Name: "ann"}}, true, nil
	}
	bad := func() (*authenticator.Response, bool, error) { return nil, false, errors.New("it has expired") }
	out := func() (*authenticator.Response, bool, error) { return nil, false, errNoReview }
	for name, test := range map[string]struct {
		reviews    fakeToken
		checks     []error
		wantOK     bool
		wantOutage bool
	}{
		"good":                                 {fakeToken{good}, nil, true, false},
		"bad":                                  {fakeToken{bad, bad}, []error{nil}, false, false},
		"good, and the API server just begun":  {fakeToken{bad, good}, []error{nil}, true, false},
		"bad, and the API server is not ready": {fakeToken{bad}, []error{errNotReady}, false, true},
		"no review":                            {fakeToken{out}, nil, false, true},
		"no second review":                     {fakeToken{bad, out}, []error{nil}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			ready, _ := fakeReady(test.checks...)
			response, ok, err := tokens{&test.reviews, ready}.AuthenticateToken(t.Context(), "token")
			if ok != test.wantOK || (response != nil) != ok || IsOutage(err) != test.wantOutage || (err != nil) != test.wantOutage {
				t.Errorf("AuthenticateToken() = %v, %t, %v; want %t, an outage: %t", response, ok, err, test.wantOK, test.wantOutage)
			}
			if len(test.reviews) > 0 {
				t.Errorf("%d reviews are left", len(test.reviews))
			}
		})
	}
}

func TestRightsOfOneNotReady(t *testing.T) {
	for name, test := range map[string]struct {
		delegate   counting
		checks     []error
		want       authorizer.Decision
		wantOutage bool
		wantAsked  int
	}{
		"allowed":                      {counting{decision: authorizer.DecisionAllow}, nil, authorizer.DecisionAllow, false, 1},
		"refused":                      {counting{decision: authorizer.DecisionNoOpinion}, []error{nil}, authorizer.DecisionNoOpinion, false, 2},
		"denied":                       {counting{decision: authorizer.DecisionDeny}, []error{nil}, authorizer.DecisionDeny, false, 2},
		"refused by one not ready yet": {counting{decision: authorizer.DecisionDeny}, []error{errNotReady}, authorizer.DecisionNoOpinion, true, 1},
		"could not decide":             {counting{err: errNoReview}, nil, authorizer.DecisionNoOpinion, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			ready, _ := fakeReady(test.checks...)
			got, _, err := rights{&test.delegate, ready}.Authorize(t.Context(), question())
			if got != test.want || (err != nil) != test.wantOutage || test.delegate.asked != test.wantAsked {
				t.Errorf("Authorize() = %v, %v after %d questions; want %v, an outage: %t, %d", got, err, test.delegate.asked, test.want, test.wantOutage, test.wantAsked)
			}
		})
	}
}

func TestForbiddenRequests(t *testing.T) {
	for name, test := range map[string]struct {
		answers []int
		checks  []error
		want    int // 0 for an outage
	}{
		"done":                                 {[]int{201}, nil, 201},
		"another fault":                        {[]int{409}, nil, 409},
		"forbidden":                            {[]int{403, 403}, []error{nil}, 403},
		"forbidden by one that has just begun": {[]int{403, 201}, []error{nil}, 201},
		"forbidden by one not ready yet":       {[]int{403}, []error{errNotReady}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ready, _ := fakeReady(test.checks...)
			var bodies []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				bodies = append(bodies, string(body))
				w.WriteHeader(test.answers[len(bodies)-1])
			}))
			defer server.Close()
			client := http.Client{Transport: requests{http.DefaultTransport, ready}}
			response, err := client.Post(server.URL, "text/plain", strings.NewReader("written"))
			switch {
			case err != nil:
				if test.want != 0 || !apierrors.IsServiceUnavailable(err) {
					t.Errorf("Post() = %v, want %d", err, test.want)
				}
			default:
				_ = response.Body.Close()
				if response.StatusCode != test.want {
					t.Errorf("status %d, want %d", response.StatusCode, test.want)
				}
			}
			for _, body := range bodies {
				if body != "written" {
					t.Errorf("sent %q", body)
				}
			}
			if len(bodies) != len(test.answers) {
				t.Errorf("%d requests, want %d", len(bodies), len(test.answers))
			}
		})
	}
}

// TestWhenReady: requests of the config succeed although an API server that has just
// started forbids them until it is ready. Readiness does not depend on etcd.
func TestWhenReady(t *testing.T) {
	var ready atomic.Bool
	var probes []url.Values
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/readyz":
			probes = append(probes, r.URL.Query())
			ready.Store(true) // becomes ready just before the probe
		case !ready.Load():
			w.WriteHeader(http.StatusForbidden)
		default:
			w.WriteHeader(http.StatusOK)
		}
	}))
	defer api.Close()
	original := &rest.Config{Host: api.URL}
	config, err := Delegation{}.WhenReady(original)
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Get(api.URL + "/api")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200", response.StatusCode)
	}
	if len(probes) != 1 || !slices.Equal(probes[0]["exclude"], []string{"etcd", "etcd-readiness"}) {
		t.Errorf("probes %v, want one that excludes etcd", probes)
	}
	if original.WrapTransport != nil {
		t.Error("the original config is changed")
	}
}

// TestBodyThatCannotBeSentAgain: such a request is sent once, and its denial is final.
func TestBodyThatCannotBeSentAgain(t *testing.T) {
	ready, _ := fakeReady()
	sent := 0
	next := roundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return &http.Response{StatusCode: http.StatusForbidden, Body: http.NoBody}, nil
	})
	r := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(strings.NewReader("once")))
	response, err := requests{next, ready}.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden || sent != 1 {
		t.Errorf("status %d after %d requests, want 403 after 1", response.StatusCode, sent)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestIsOutage(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":                   {nil, false},
		"a wrong token":             {errors.New("invalid bearer token"), false},
		"a certificate of another":  {x509.UnknownAuthorityError{}, false},
		"no response":               {errNoReview, true},
		"an answer of another kind": {errNotReady, true},
		"a deadline":                {context.DeadlineExceeded, true},
		"a caller that has gone":    {context.Canceled, true},
		"an outage, wrapped":        {fmt.Errorf("authenticate: %w", errNoReview), true},
		"one outage among several":  {utilerrors.NewAggregate([]error{errors.New("invalid bearer token"), errNoReview}), true},
		"several wrong credentials": {utilerrors.NewAggregate([]error{errors.New("a"), errors.New("b")}), false},
	} {
		if got := IsOutage(test.err); got != test.want {
			t.Errorf("%s: IsOutage(%v) = %v, want %v", name, test.err, got, test.want)
		}
	}
}
