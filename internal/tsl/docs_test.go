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

package tsl

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documented is the fleet that the examples of docs/search.md search.
var documented = []struct {
	name   string
	fields object
}{
	{"web", object{
		"labels.environment": str("dev"), "labels.tier": str("gold"), "generation": num("1", 1), "created_time": at("2026-01-10T09:30:00Z"),
		"status.conditions.Ready": str("True"), "status.conditions.DnsSuccessful": str("True"),
		"status.conditions.Ready.reason": str("ResourceReady"), "status.conditions.DnsSuccessful.reason": str("ZoneReady"),
		"spec.region": str("eu-west"), "spec.nodes": num("3", 3), "spec.private": boolean("true"), "spec.memory": num("4294967296", 4<<30),
	}},
	{"api", object{
		"labels.environment": str("staging"), "labels.app.kubernetes.io/name": str("api"), "generation": num("2", 2), "created_time": at("2026-01-20T09:30:00Z"),
		"status.conditions.Ready": str("False"), "status.conditions.DnsSuccessful": str("False"),
		"status.conditions.Ready.reason": str("AdaptersNotReady"), "status.conditions.DnsSuccessful.reason": str("ZoneMissing"),
		"spec.region": str("eu-north"), "spec.nodes": num("12", 12), "spec.memory": num("8589934592", 8<<30),
	}},
	{"db", object{
		"labels.environment": str("production"), "labels.tier": str("silver"), "generation": num("3", 3), "created_time": at("2026-02-01T09:30:00Z"),
		"status.conditions.Ready": str("True"), "status.conditions.DnsSuccessful": str("True"),
		"status.conditions.Ready.reason": str("ResourceReady"), "status.conditions.DnsSuccessful.reason": str("ZoneReady"),
		"spec.region": str("us-east"), "spec.nodes": str("many"), "spec.private": boolean("false"), "spec.teams.'example.com/owner'": str("data"),
	}},
	{"lab", object{
		"generation": num("1", 1), "created_time": at("2026-02-10T09:30:00Z"),
		"status.conditions.Ready": str("False"), "status.conditions.Ready.reason": str("AwaitingAdapters"),
	}},
}

// TestDocumentation holds what docs/search.md says about its examples against
// what is so.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/search.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile(`"search=(.*)"\n(?:# (Returns|Message): (.*)\n)?`)
	examples := example.FindAllStringSubmatch(string(page), -1)
	if len(examples) == 0 {
		t.Fatal("docs/search.md has no examples")
	}
	for _, match := range examples {
		text, claim, want := match[1], match[2], match[3]
		t.Run(text, func(t *testing.T) {
			e, err := Parse(text)
			if claim == "Message" && strings.HasPrefix(want, "search: ") { // else it is the index that refuses the search
				if err == nil {
					t.Fatalf("Parse(%q) = %v, want the error %s", text, e, want)
				}
				if diff := cmp.Diff(want, err.Error()); diff != "" {
					t.Errorf("message (-documented +actual):\n%s", diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if claim != "Returns" {
				return
			}
			var got []string
			for _, cluster := range documented {
				cluster.fields["name"] = str(cluster.name)
				if evaluate(e, cluster.fields) == isTrue {
					got = append(got, cluster.name)
				}
			}
			if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("clusters returned (-documented +actual):\n%s", diff)
			}
		})
	}
}
