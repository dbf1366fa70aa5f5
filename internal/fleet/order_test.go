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

package fleet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseOrders(t *testing.T) {
	tests := map[string]struct {
		text, direction string
		want            []Order
		wantErr         string
	}{
		"none":                          {text: " ", direction: "desc"},
		"one":                           {text: "name", want: []Order{{Field: "name"}}},
		"one, in the direction given":   {text: "name", direction: "desc", want: []Order{{Field: "name", Descending: true}}},
		"its own direction goes first":  {text: "name asc,id", direction: "desc", want: []Order{{Field: "name"}, {Field: "id", Descending: true}}},
		"several":                       {text: "name asc, created_time desc", want: []Order{{Field: "name"}, {Field: "created_time", Descending: true}}},
		"any white space":               {text: "  generation   desc,id", want: []Order{{Field: "generation", Descending: true}, {Field: "id"}}},
		"a direction that is none":      {text: "name, id up", wantErr: `"id up" is not a field with an optional asc or desc`},
		"directions in lower case only": {text: "name DESC", wantErr: `"name DESC" is not a field with an optional asc or desc`},
		"three words":                   {text: "name asc id", wantErr: `"name asc id" is not a field with an optional asc or desc`},
		"nothing after a comma":         {text: "name,", wantErr: `"" is not a field with an optional asc or desc`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseOrders(test.text, test.direction)
			if err != nil && err.Error() != test.wantErr || err == nil && test.wantErr != "" {
				t.Fatalf("error %v, want %q", err, test.wantErr)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("orders (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParseOrders formats parsed orders and parses the result.
func FuzzParseOrders(f *testing.F) {
	for _, s := range []string{"", "name", "name asc,created_time desc", " id  desc , name", "name up", ",", "a b c", "é,\u00a0b desc"} {
		f.Add(s, "desc")
	}
	f.Fuzz(func(t *testing.T, s, direction string) {
		orders, err := ParseOrders(s, direction)
		if err != nil {
			if orders != nil {
				t.Errorf("ParseOrders(%q, %q) returns orders and the error %v", s, direction, err)
			}
			return
		}
		var written []string
		for _, order := range orders {
			written = append(written, order.Field+map[bool]string{true: " desc", false: " asc"}[order.Descending])
		}
		again, err := ParseOrders(strings.Join(written, ","), "")
		if diff := cmp.Diff(orders, again); err != nil || diff != "" {
			t.Errorf("ParseOrders(%q, %q), written out: error %v, (-want +got):\n%s", s, direction, err, diff)
		}
	})
}
