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
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"
	"k8s.io/apiserver/pkg/authentication/user"
)

// CheckUser returns an error that names the rule if a user cannot be impersonated exactly.
// Impersonation puts the parts of a user into HTTP headers. Headers cannot contain
// control characters such as line breaks, and HTTP removes spaces at their ends: "admin "
// would arrive as "admin", which is another user.
func CheckUser(u user.Info) error {
	if u.GetName() == "" {
		return fmt.Errorf("the user has no name")
	}
	if err := checkHeaderValue("name", u.GetName()); err != nil {
		return err
	}
	if err := checkHeaderValue("UID", u.GetUID()); err != nil {
		return err
	}
	for _, group := range u.GetGroups() {
		if err := checkHeaderValue("group", group); err != nil {
			return err
		}
	}
	for key, values := range u.GetExtra() {
		for _, value := range values {
			if err := checkHeaderValue("extra field "+key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkHeaderValue(part, value string) error {
	switch {
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("the user's %s %q has a control character", part, value)
	case strings.Trim(value, " \t") != value:
		return fmt.Errorf("the user's %s %q begins or ends with a space", part, value)
	}
	return nil
}
