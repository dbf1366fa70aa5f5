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

package problem

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

func TestFrom(t *testing.T) {
	clusters := schema.GroupResource{Group: "hyperfleet.io", Resource: "clusters"}
	kind := schema.GroupKind{Group: "hyperfleet.io", Kind: "Cluster"}
	plain := func(code int32, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: code, Message: message}}
	}
	invalid := apierrors.NewInvalid(kind, "a", field.ErrorList{
		field.Required(field.NewPath("metadata", "name"), "no name"),
		field.TypeInvalid(field.NewPath("spec", "conditions").Index(0), "x", "no condition"),
		field.Invalid(field.NewPath("spec", "replicas"), 1, "too few"),
	})
	tests := map[string]struct {
		err        error
		want       Kind
		detail     string
		retryAfter string
	}{
		"a problem":         {fmt.Errorf("find: %w", NoSuchCluster.Because("There is none").RetryAfter(7)), NoSuchCluster, "There is none", "7"},
		"invalid":           {invalid, Refused, "Required value: no name (and 2 more, see errors)", ""},
		"invalid, no field": {plain(422, "no reason"), Refused, "no reason", ""},
		"forbidden":         {apierrors.NewForbidden(clusters, "a", errors.New("not for you")), Forbidden, "not for you", ""},
		"forbidden to impersonate": {apierrors.NewForbidden(schema.GroupResource{Resource: "users"}, "eve", errors.New(`User "facade" cannot impersonate resource "users"`)), Forbidden,
			`The facade may not write as this caller: users "eve" is forbidden: User "facade" cannot impersonate resource "users"`, ""},
		"unauthorized":       {apierrors.NewUnauthorized("who?"), Unavailable, "The API server does not accept the facade's credentials", ""},
		"exists":             {apierrors.NewAlreadyExists(clusters, "a"), NameTaken, "An object with this name already exists", ""},
		"conflict":           {apierrors.NewConflict(clusters, "a", errors.New("changed")), Conflict, "The resource was changed at the same time; try again", ""},
		"too many":           {apierrors.NewTooManyRequests("busy", 0), TooManyRequests, "The API server is busy; try again later", "1"},
		"too many, later":    {apierrors.NewTooManyRequests("busy", 9), TooManyRequests, "The API server is busy; try again later", "9"},
		"too large":          {apierrors.NewRequestEntityTooLargeError("large"), TooLarge, "The resource is larger than the store takes", ""},
		"too large for etcd": {plain(500, "etcdserver: request is too large"), TooLarge, "The resource is larger than the store takes", ""},
		"full":               {plain(500, "etcdserver: mvcc: database space exceeded"), Unavailable, "The store has no space for the change", ""},
		"timeout":            {apierrors.NewTimeoutError("slow", 0), Timeout, "The API server did not answer in time; the change may have been made or not", ""},
		"bad request":        {apierrors.NewBadRequest("odd"), Refused, "odd", ""},
		"unavailable":        {apierrors.NewServiceUnavailable("away"), Unavailable, "The API server cannot serve the request now", ""},
		"cancelled":          {fmt.Errorf("get: %w", context.Canceled), Timeout, "The request was not finished in time; the change may have been made or not", ""},
		"no connection":      {errors.New("connection refused"), Unavailable, "The API server cannot be reached", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := From(test.err)
			if got.Kind != test.want || got.Detail != test.detail || got.Header.Get("Retry-After") != test.retryAfter {
				t.Errorf("got %s %q, Retry-After %q", got.Code, got.Detail, got.Header.Get("Retry-After"))
			}
		})
	}
	fields := []rest.FieldError{
		{Field: "name", Constraint: "required", Message: "Required value: no name"},
		{Field: "conditions[0]", Constraint: "type", Message: `Invalid value: "x": no condition`},
		{Field: "spec.replicas", Constraint: "rule", Message: "Invalid value: 1: too few"},
	}
	if diff := cmp.Diff(fields, From(invalid).Fields); diff != "" {
		t.Errorf("fields of a 422 (-want +got):\n%s", diff)
	}
}
