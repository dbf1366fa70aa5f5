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

package facade

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
)

// resourceTagHeader names the part of a resource that clients change: its spec, its labels,
// and whether it is being deleted. Unlike the ETag, which stands for the whole content, it
// stays the same when adapters report.
const resourceTagHeader = "Resource-Tag"

// resourceTag returns the tag of a resource.
func resourceTag(generation int64, labels fleet.Labels) string {
	digest := sha256.New()
	var text []byte
	for key, value := range labels.All() {
		// Neither a key nor a value of a label has such a character.
		text = append(append(append(append(text[:0], key...), '='), value...), ';')
		digest.Write(text)
	}
	tag := strconv.AppendInt([]byte(`"g`), generation, 10)
	tag = base64.RawURLEncoding.AppendEncode(append(tag, '-'), digest.Sum(nil)[:12])
	return string(append(tag, '"'))
}

// checkPrecondition fails if the request has an If-Match header that names neither the
// ETag nor the Resource-Tag of the resource. readLive must have read the resource.
func (s *Server) checkPrecondition(r *http.Request, on requested) error {
	header, ok := r.Header["If-Match"]
	if !ok {
		return nil
	}
	live, err := s.replica.Renderer.Row(on.object)
	if err != nil {
		return err
	}
	tags := []string{resourceTag(live.Generation, live.Labels)}
	// The index may show newer times than the API server, so clients have seen the ETag of
	// the index.
	if shown, ok := on.resources.Index.Get(on.row.ID); ok && resourceTag(shown.Generation, shown.Labels) == tags[0] {
		tags = append(tags, entityTag(shown.Digest, false), entityTag(shown.Digest, true))
	}
	if isListed(header, false, tags...) {
		return nil
	}
	return problem.PreconditionFailed.Because("The resource has changed since it was read: If-Match names neither its ETag nor its %s", resourceTagHeader).
		WithHeader(resourceTagHeader, tags[0])
}
