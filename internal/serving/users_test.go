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
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authentication/user"
)

func TestCheckUser(t *testing.T) {
	for name, c := range map[string]struct {
		user user.DefaultInfo
		want string // part of the error, "" for none
	}{
		"service account":       {user.DefaultInfo{Name: "system:serviceaccount:a:b", UID: "1", Groups: []string{"x"}, Extra: map[string][]string{"a/b": {"c", ""}}}, ""},
		"e-mail address":        {user.DefaultInfo{Name: "alice@example.com"}, ""},
		"letters and spaces":    {user.DefaultInfo{Name: "Ångström, 李 (ops)", Groups: []string{"fleet owners"}}, ""},
		"tab within":            {user.DefaultInfo{Name: "a\tb"}, ""},
		"no name":               {user.DefaultInfo{}, "no name"},
		"line break":            {user.DefaultInfo{Name: "a\nb"}, `name "a\nb" has a control character`},
		"carriage return":       {user.DefaultInfo{Name: "a\rb"}, "control character"},
		"NUL":                   {user.DefaultInfo{Name: "a\x00"}, "control character"},
		"DEL":                   {user.DefaultInfo{Name: "a\x7f"}, "control character"},
		"space before":          {user.DefaultInfo{Name: " admin"}, "begins or ends with a space"},
		"space after":           {user.DefaultInfo{Name: "admin "}, "begins or ends with a space"},
		"tab after":             {user.DefaultInfo{Name: "admin\t"}, "begins or ends with a space"},
		"line break in group":   {user.DefaultInfo{Name: "a", Groups: []string{"ok", "b\n"}}, `group "b\n"`},
		"space after group":     {user.DefaultInfo{Name: "a", Groups: []string{"system:masters "}}, "group"},
		"line break in UID":     {user.DefaultInfo{Name: "a", UID: "\n"}, "UID"},
		"line break in a field": {user.DefaultInfo{Name: "a", Extra: map[string][]string{"x": {"ok"}, "y": {"\n"}}}, "extra field y"},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckUser(&c.user)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("CheckUser() = %v, want %q", err, c.want)
			}
		})
	}
}
