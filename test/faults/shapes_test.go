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

package faults

import "testing"

// A shape is a way to run HyperFleet.
type shape string

const (
	// oneProcess is hyperfleet server.
	oneProcess shape = "server"
	// besideAPIServer is two hyperfleet managers with a kube-apiserver and an etcd.
	besideAPIServer shape = "manager"
)

// inBothShapes runs a test of a running HyperFleet.
func inBothShapes(t *testing.T, test func(t *testing.T, s *stack)) {
	t.Helper()
	for _, in := range []shape{besideAPIServer, oneProcess} {
		t.Run(string(in), func(t *testing.T) { test(t, newStack(t, in)) })
	}
}

// onlyLong skips a long test unless -long is set.
func onlyLong(t *testing.T) {
	t.Helper()
	if !*long {
		t.Skip("takes long: run it with -long, as make test-faults does")
	}
}
