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
	"net"
	"strings"
	"testing"
)

func TestCheckPorts(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	_, port, err := net.SplitHostPort(busy.Addr().String())
	if err != nil {
		t.Fatal(err)
	}

	cases := map[string]struct {
		listeners []listener
		want      []string // parts of the error; none if all ports are free
	}{
		"free": {
			listeners: []listener{{"the REST API", facadeFlag, "127.0.0.1:0"}},
		},
		"taken": {
			listeners: []listener{{"the REST API", facadeFlag, busy.Addr().String()}},
			want:      []string{"port " + port, "the REST API", "-" + facadeFlag},
		},
		"taken on one address, wanted on all": {
			listeners: []listener{{"the metrics", metricsFlag, ":" + port}},
			want:      []string{"port " + port, "-" + metricsFlag},
		},
		"each that is taken is named": {
			listeners: []listener{{"etcd", etcdPortFlag, busy.Addr().String()}, {"the probes", probesFlag, busy.Addr().String()}},
			want:      []string{"-" + etcdPortFlag, "-" + probesFlag},
		},
		"not an address of this machine": {
			listeners: []listener{{"the REST API", facadeFlag, "192.0.2.1:8000"}},
			want:      []string{"the REST API", "-" + facadeFlag},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := checkPorts(c.listeners)
			if (err == nil) != (len(c.want) == 0) {
				t.Fatalf("checkPorts() = %v, want an error: %t", err, len(c.want) > 0)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not mention %q", err, want)
				}
			}
		})
	}
}

func TestLocalURL(t *testing.T) {
	for address, want := range map[string]string{
		":8000":          "http://localhost:8000",
		"0.0.0.0:8000":   "http://localhost:8000",
		"[::]:8000":      "http://localhost:8000",
		"127.0.0.1:8000": "http://localhost:8000",
		"[::1]:8000":     "http://localhost:8000",
		"myhost:8000":    "http://myhost:8000",
	} {
		if got := localURL(address); got != want {
			t.Errorf("localURL(%q) = %q, want %q", address, got, want)
		}
	}
}
