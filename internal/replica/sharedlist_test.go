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

package replica

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"k8s.io/apimachinery/pkg/types"
)

// A call gets a list that begins after the call, and calls that wait share one.
func TestSharedList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, release := 0, make(chan struct{})
		list := newSharedList(func(context.Context) (map[types.UID]bool, error) {
			began++
			uids := map[types.UID]bool{types.UID(rune('0' + began)): true}
			<-release
			return uids, nil
		})
		results := make(chan map[types.UID]bool, 4)
		get := func() {
			uids, err := list.get(t.Context())
			if err != nil {
				t.Error(err)
			}
			results <- uids
		}
		go get()
		synctest.Wait() // the first list has begun
		for range 3 {
			go get()
		}
		synctest.Wait()
		if began != 1 {
			t.Fatalf("%d lists run at a time, want 1", began)
		}
		release <- struct{}{}
		if got := <-results; !got["1"] {
			t.Errorf("the first call got list %v", got)
		}
		release <- struct{}{}
		for range 3 {
			if got := <-results; !got["2"] {
				t.Errorf("a call during the first list got list %v", got)
			}
		}
		if began != 2 {
			t.Errorf("%d lists were made, want 2", began)
		}
	})
}

// A caller that gives up does not end the list of the others.
func TestSharedListSurvivesItsFirstCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		list := newSharedList(func(ctx context.Context) (map[types.UID]bool, error) {
			select {
			case <-release:
				return map[types.UID]bool{"a": true}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		list.running <- struct{}{} // no list begins before both calls wait
		ctx, cancel := context.WithCancel(t.Context())
		first, second := make(chan error, 1), make(chan map[types.UID]bool, 1)
		go func() {
			_, err := list.get(ctx)
			first <- err
		}()
		synctest.Wait()
		go func() {
			uids, err := list.get(t.Context())
			if err != nil {
				t.Error(err)
			}
			second <- uids
		}()
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the first caller got error %v, want %v", err, context.Canceled)
		}
		<-list.running
		synctest.Wait() // the list has begun
		close(release)
		if got := <-second; !got["a"] {
			t.Errorf("the second caller got %v", got)
		}
	})
}
