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
	"testing"
	"testing/synctest"
	"time"
)

// TestLookupsAreShared lets one caller look up ids as fast as it can. The rate of that
// caller is bounded, and another caller keeps its share.
func TestLookupsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResolver(nil, nil, "default", "ClusterList", time.Second)
		hostile := 0
		for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(10 * time.Millisecond) {
			for r.admits("hostile") {
				hostile++
			}
			if time.Since(begin)%time.Second == 0 && !r.admits("honest") {
				t.Errorf("after %s, the honest caller may not have an id looked up", time.Since(begin))
			}
		}
		if most := lookupPlaces / 2 * int(time.Minute/lookupPeriod); hostile > most+lookupPlaces/2 || hostile < most-lookupPlaces {
			t.Errorf("%d look-ups of one caller in a minute, want about %d", hostile, most)
		}
		time.Sleep(lookupPeriod)
		synctest.Wait()
		alone := 0
		for r.admits("late") {
			alone++
		}
		if alone != lookupPlaces/2 {
			t.Errorf("%d look-ups at once after a pause, want %d", alone, lookupPlaces/2)
		}
		time.Sleep(lookupPeriod) // no timer may outlive the test
	})
}
