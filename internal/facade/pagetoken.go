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
	"encoding/json"
	"time"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// tokenContent is the content of a page token: the position of the last row of a page.
type tokenContent struct {
	CreatedTime time.Time `json:"t"`
	Sequence    uint64    `json:"s,omitempty"`
	ID          string    `json:"i"`
}

// pageToken returns the token of the page after a position.
func pageToken(p fleet.Position) string {
	content, err := json.Marshal(tokenContent(p))
	if err != nil { // only a time beyond the year 9999 cannot be marshalled
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(content)
}

// parsePageToken returns the position of a token, nil for the empty token, which stands for
// the first page.
func parsePageToken(token string) (*fleet.Position, error) {
	if token == "" {
		return nil, nil
	}
	content, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		var parsed tokenContent
		if err = json.Unmarshal(content, &parsed); err == nil {
			if _, err = v1.UIDFromID(parsed.ID); err == nil {
				return new(fleet.Position(parsed)), nil
			}
		}
	}
	return nil, problem.InvalidParameter.InFields(rest.FieldError{Field: "pageToken", Constraint: "format", Message: "pageToken is not the nextPageToken of a page"}).WithCause(err)
}

// isPageableByToken reports whether positions of the default order are also valid in this
// order.
func isPageableByToken(orders []fleet.Order) bool {
	return len(orders) == 0 || len(orders) == 1 && orders[0].Field == "created_time"
}
