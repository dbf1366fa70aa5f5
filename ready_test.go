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
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestAnnouncement: a start of 12 seconds reports its progress after 5 seconds, and then
// that it is ready. The API server does not answer the second request for the progress.
func TestAnnouncement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var told []string
		tell := func(what string) {
			told = append(told, fmt.Sprintf("%s after %s", what, time.Since(began).Truncate(time.Second)))
		}
		a := announcement{
			observer: observer{loading: tell, ready: func() { tell("ready") }},
			check: func(*http.Request) error {
				if time.Since(began) < 12*time.Second {
					return errors.New("loading")
				}
				return nil
			},
			progress: func(ctx context.Context) string {
				if time.Since(began) > 9*time.Second {
					<-ctx.Done() // the API server does not answer
				}
				return "some objects"
			},
		}
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		want := []string{"some objects after 5s", "ready after 12s"}
		if !slices.Equal(told, want) {
			t.Errorf("it told %q, want %q", told, want)
		}
	})
}
