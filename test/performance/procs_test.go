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
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStat(t *testing.T) {
	const rest = " S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0 5 0 100"
	cases := map[string]struct {
		stat    string
		want    int64
		wantErr bool
	}{
		"plain":                     {"42 (etcd)" + rest, 150, false},
		"a name that looks like it": {"42 (a) S 1 (b) )" + rest, 150, false},
		"cut off":                   {"42 (etcd) S 1 2", 0, true},
		"not a number":              {"42 (etcd) S 1 2 3 4 5 6 7 8 9 10 x 30 0", 0, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat([]byte(c.stat))
			if got != c.want || (err != nil) != c.wantErr {
				t.Errorf("parseStat() = %d, %v, want %d, error %t", got, err, c.want, c.wantErr)
			}
		})
	}
}

func TestReadUsage(t *testing.T) {
	u, err := readUsage(os.Getpid())
	if err != nil || u.RSSBytes == 0 {
		t.Errorf("readUsage of this process = %+v, %v", u, err)
	}
}

func TestUsages(t *testing.T) {
	before := usages{"etcd": {CPUSeconds: 3, RSSBytes: 10}}
	after := usages{"etcd": {CPUSeconds: 4.5, RSSBytes: 20}, "bare": {CPUSeconds: 2, RSSBytes: 5}}
	taken := after.since(before)
	if diff := cmp.Diff(usages{"etcd": {1.5, 20}, "bare": {2, 5}}, taken); diff != "" {
		t.Errorf("since (-want +got):\n%s", diff)
	}
	taken.add(usages{"etcd": {1, 30}})
	if diff := cmp.Diff(usages{"etcd": {2.5, 30}, "bare": {2, 5}}, taken); diff != "" {
		t.Errorf("add (-want +got):\n%s", diff)
	}
}
