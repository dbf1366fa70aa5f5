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

package server_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
)

// An identity is the user that the facade impersonates for a caller.
type identity struct {
	User, UID string
	Groups    []string
	Extra     map[string][]string
}

// impersonate sets the headers of an impersonation.
func (i identity) impersonate(header http.Header) {
	if i.User != "" {
		header.Set("Impersonate-User", i.User)
	}
	if i.UID != "" {
		header.Set("Impersonate-Uid", i.UID)
	}
	for _, group := range i.Groups {
		header.Add("Impersonate-Group", group)
	}
	for _, key := range sorted(i.Extra) {
		for _, value := range i.Extra[key] {
			header.Add("Impersonate-Extra-"+key, value)
		}
	}
}

// identities are the callers of the operations. Some may only read, by their name or
// their group, some have no rights, and the last one is not valid.
var identities = []identity{
	{}, {}, {}, {}, {},
	{User: devUser}, {User: devUser}, {User: devUser}, {User: devUser},
	{User: "admin@example.com", Groups: []string{"team", "system:masters"}, UID: "42", Extra: map[string][]string{"scopes": {"a", "b"}, "example.com%2fdevice": {"x"}}},
	{User: "nobody@example.com"},
	{User: "nobody@example.com", UID: "43", Groups: []string{"viewers"}},
	{User: "viewer@example.com", Extra: map[string][]string{"scopes": {"c"}}},
	{Groups: []string{"viewers"}},
}

// accepted are the requested media types of answers, JSON by default. The API server does
// not serve the last one.
var accepted = []string{
	"", "", "", "", "", "", "", "", "", "", "", "",
	"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "text/html",
}

// events are not of HyperFleet's API, but the reconcilers write them in the process, too.
var events = kind{
	path:   "/apis/events.k8s.io/v1/namespaces/default/",
	plural: "events", names: []string{"c-1.ready", "c-2.failed"},
	fields: []string{"note", "reason", "type", "action", "regarding", "series", "metadata.labels", "metadata.name"},
	fresh: func(name string) object {
		return object{
			"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": object{"name": name, "namespace": "default"},
			"eventTime": "2026-01-15T10:00:00.000000Z", "reportingController": "hyperfleet.io/manager", "reportingInstance": "manager-0",
			"action": "Reconcile", "reason": "Ready", "type": "Normal", "note": "The cluster is ready", "spec": object{},
			"regarding": object{"apiVersion": "hyperfleet.io/v1", "kind": "Cluster", "namespace": "default", "name": "c-1"},
		}
	},
}

// generateReview returns a review as the facade requests it: of a token, or of a caller's
// rights.
func generateReview(r *rand.Rand) operation {
	who := pick(r, identities)
	attributes := object{
		"namespace": pick(r, []string{"", "default"}), "verb": pick(r, []string{"get", "create", "*"}),
		"group": "hyperfleet.io", "resource": pick(r, []string{"clusters", "adapterstatuses"}), "name": pick(r, []string{"", "c-1"}),
	}
	review := pick(r, []struct {
		path string
		body object
	}{
		{"/apis/authentication.k8s.io/v1/tokenreviews", object{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": object{"token": "nobody's"}}},
		{"/apis/authorization.k8s.io/v1/subjectaccessreviews", object{"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": object{
			"user": who.User, "groups": who.Groups, "uid": who.UID, "extra": who.Extra, "resourceAttributes": attributes,
		}}},
		{"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", object{"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": object{"resourceAttributes": attributes}}},
	})
	o := operation{method: http.MethodPost, path: review.path, as: pick(r, identities), contentType: "application/json", accept: pick(r, accepted), body: encode(r, review.body)}
	if q := pick(r, queries); q != "" {
		o.path = fmt.Sprintf("%s?%s", o.path, q)
	}
	return o
}
