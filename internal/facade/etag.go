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
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// gzipMark distinguishes the entity tag of compressed content from the tag of the same
// content without compression: a strong tag identifies the exact bytes.
const gzipMark = "-gzip"

// entityTag returns the strong entity tag of the content with that digest.
func entityTag(of fleet.Digest, gzipped bool) string {
	var text [2 + 24 + len(gzipMark)]byte
	tag := append(text[:0], '"')
	tag = base64.RawURLEncoding.AppendEncode(tag, of[:])
	if gzipped {
		tag = append(tag, gzipMark...)
	}
	return string(append(tag, '"'))
}

// matches reports whether If-None-Match names an entity tag. If so, the client has that
// content already. RFC 9110 requires the weak comparison: a proxy may have replaced the
// strong tag with a weak one.
func matches(header http.Header, tag string) bool {
	return isListed(header["If-None-Match"], true, tag)
}

// isListed reports whether a header that lists entity tags names any of these tags. Only
// the weak comparison treats a weak tag as equal to a strong one. An asterisk names every
// tag.
func isListed(lists []string, weak bool, tags ...string) bool {
	for _, list := range lists {
		if strings.Trim(list, " \t") == "*" {
			return true
		}
		for rest := list; ; {
			rest = strings.TrimLeft(rest, " \t,")
			candidate, isWeak := strings.CutPrefix(rest, "W/")
			if !strings.HasPrefix(candidate, `"`) {
				break // the end, or not a list of tags
			}
			end := strings.IndexByte(candidate[1:], '"') + 2
			if end < 2 {
				break
			}
			if (weak || !isWeak) && slices.Contains(tags, candidate[:end]) {
				return true
			}
			rest = candidate[end:]
		}
	}
	return false
}
