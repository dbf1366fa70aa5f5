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

package server

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestPartsStopInReverseOrder(t *testing.T) {
	p, failed := newParts(t.Context())
	var stopped []string
	for _, name := range []string{"etcd", "API server", "controllers"} {
		p.start(name, func(ctx context.Context) error {
			<-ctx.Done()
			stopped = append(stopped, name) // stop waits for each one
			return ctx.Err()
		})
	}
	p.stop()
	if want := []string{"controllers", "API server", "etcd"}; !slices.Equal(stopped, want) {
		t.Errorf("stopped %q, want %q", stopped, want)
	}
	select {
	case err := <-failed:
		t.Errorf("a part that was stopped failed: %v", err)
	default:
	}
}

func TestPartFails(t *testing.T) {
	broken := errors.New("broken")
	for name, err := range map[string]error{"with an error": broken, "without an error": nil} {
		t.Run(name, func(t *testing.T) {
			p, failed := newParts(t.Context())
			p.start("part", func(context.Context) error { return err })
			got := <-failed
			if err != nil && !errors.Is(got, err) || !strings.Contains(got.Error(), "part: ") {
				t.Errorf("failed with %v, want the part's name and %v", got, err)
			}
			p.stop()
		})
	}
}
