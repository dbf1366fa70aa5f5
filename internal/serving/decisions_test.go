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
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// counting is an authorizer that returns given answers and counts its calls.
type counting struct {
	authorizer.Authorizer
	decision authorizer.Decision
	err      error
	asked    int
}

func (c *counting) Authorize(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
	c.asked++
	return c.decision, "", c.err
}

func TestDecisionsAreKept(t *testing.T) {
	for name, test := range map[string]struct {
		decision authorizer.Decision
		err      error
		after    time.Duration
		want     int // calls of the delegate in two requests
	}{
		"allowed":          {authorizer.DecisionAllow, nil, 9 * time.Second, 1},
		"allowed, later":   {authorizer.DecisionAllow, nil, 11 * time.Second, 2},
		"refused":          {authorizer.DecisionNoOpinion, nil, 4 * time.Second, 1},
		"refused, later":   {authorizer.DecisionNoOpinion, nil, 6 * time.Second, 2},
		"denied, later":    {authorizer.DecisionDeny, nil, 6 * time.Second, 2},
		"could not decide": {authorizer.DecisionNoOpinion, errors.New("no answer"), 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				delegate := &counting{decision: test.decision, err: test.err}
				d := newDecisions(delegate, 10*time.Second, 5*time.Second)
				for range 2 {
					got, _, err := d.Authorize(t.Context(), question())
					if got != test.decision || !errors.Is(err, test.err) {
						t.Errorf("Authorize() = %v, %v, want %v, %v", got, err, test.decision, test.err)
					}
					time.Sleep(test.after)
				}
				if delegate.asked != test.want {
					t.Errorf("the delegate was asked %d times, want %d", delegate.asked, test.want)
				}
			})
		})
	}
}

func question(changes ...func(*user.DefaultInfo, *authorizer.AttributesRecord)) authorizer.Attributes {
	who := &user.DefaultInfo{Name: "ann", UID: "1", Groups: []string{"a", "b"}, Extra: map[string][]string{"k": {"v"}, "l": {"w"}}}
	what := authorizer.AttributesRecord{User: who, Verb: "get", Namespace: "default", APIGroup: "hyperfleet.io", APIVersion: "v1", Resource: "clusters", ResourceRequest: true}
	for _, change := range changes {
		change(who, &what)
	}
	return what
}

func TestDecisionKey(t *testing.T) {
	key := decisionKey(question())
	for range 10 { // the order of extra fields is random
		if again := decisionKey(question()); again != key {
			t.Errorf("the same question has the keys %q and %q", key, again)
		}
	}
	type who = *user.DefaultInfo
	type what = *authorizer.AttributesRecord
	keys := map[string]string{key: "unchanged"}
	for name, change := range map[string]func(who, what){
		"name":             func(u who, _ what) { u.Name = "ann1" },
		"name, of another": func(u who, _ what) { u.Name, u.UID = "ann1:1", "" },
		"uid":              func(u who, _ what) { u.UID = "2" },
		"no groups":        func(u who, _ what) { u.Groups = nil },
		"one group":        func(u who, _ what) { u.Groups = []string{"a1:b"} },
		"other order":      func(u who, _ what) { u.Groups = []string{"b", "a"} },
		"no extra":         func(u who, _ what) { u.Extra = nil },
		"extra value":      func(u who, _ what) { u.Extra["k"] = []string{"w"} },
		"extra moved":      func(u who, _ what) { u.Extra["k"], u.Extra["l"] = nil, []string{"v", "w"} },
		"verb":             func(_ who, a what) { a.Verb = "list" },
		"namespace":        func(_ who, a what) { a.Namespace = "other" },
		"resource":         func(_ who, a what) { a.Resource = "nodepools" },
		"subresource":      func(_ who, a what) { a.Subresource = "status" },
		"object":           func(_ who, a what) { a.Name = "one" },
	} {
		key := decisionKey(question(change))
		if other, ok := keys[key]; ok {
			t.Errorf("%s and %s have the same key", name, other)
		}
		keys[key] = name
	}
}
