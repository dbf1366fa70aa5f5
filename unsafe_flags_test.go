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

package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/hyperfleet-io/hyperfleet/internal/server"
)

// TestUnsafeFlagsOfServer checks that the server refuses unsafe flags and accepts safe
// ones.
func TestUnsafeFlagsOfServer(t *testing.T) {
	for name, test := range map[string]struct {
		flags []string
		want  string // "" for no error
	}{
		"no flags":                             {nil, ""},
		"on the network, with its certificate": {[]string{"--facade-bind-address=:8000"}, ""},
		"plain HTTP, as stated":                {[]string{"--facade-bind-address=:8000", "--insecure-plain-http"}, ""},
		"no authentication on loopback":        {[]string{"--insecure-disable-authentication", "--user=x"}, ""},
		"no authentication on the network":     {[]string{"--insecure-disable-authentication", "--user=x", "--facade-bind-address=:8000"}, "--insecure-unauthenticated-network"},
		"metrics open on the network":          {[]string{"--insecure-disable-authentication", "--user=x", "--metrics-bind-address=:9090"}, "--insecure-unauthenticated-network"},
		"no authentication as nobody":          {[]string{"--insecure-disable-authentication"}, "--user"},
		"authentication as a fixed user":       {[]string{"--user=x"}, "--insecure-disable-authentication"},
		"tokens in the log":                    {[]string{"--zap-log-level=8"}, "--zap-log-level"},
	} {
		t.Run(name, func(t *testing.T) {
			o, command := &serverOptions{options: newOptions(), plane: server.NewOptions()}, &cobra.Command{Use: "server"}
			o.bind(command)
			if err := command.ParseFlags(append(test.flags, "--data-dir="+t.TempDir())); err != nil {
				t.Fatal(err)
			}
			err := o.complete()
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("complete() = %v, want an error that mentions %q", err, test.want)
			}
		})
	}
}
