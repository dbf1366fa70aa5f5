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

package controllers

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

func TestReported(t *testing.T) {
	report := func(generation int64) *v1.AdapterStatus {
		return &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Name: "one.dns", Generation: generation}}
	}
	cases := map[string]struct{ got, want bool }{
		"a new one":            {reported.Create(event.CreateEvent{Object: report(1)}), true},
		"one that was there":   {reported.Create(event.CreateEvent{Object: report(1), IsInInitialList: true}), false},
		"a replaced one":       {reported.Update(event.UpdateEvent{ObjectOld: report(1), ObjectNew: report(2)}), true},
		"one with a new label": {reported.Update(event.UpdateEvent{ObjectOld: report(2), ObjectNew: report(2)}), false},
		"a deleted one":        {reported.Delete(event.DeleteEvent{Object: report(2)}), true},
	}
	for name, c := range cases {
		if c.got != c.want {
			t.Errorf("%s passes: %t, want %t", name, c.got, c.want)
		}
	}
}
