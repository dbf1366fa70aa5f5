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
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// A documentedSearch is a command of docs/search.md.
var documentedSearch = regexp.MustCompile(`(?s)^curl -G http://localhost:8000/api/hyperfleet/v1/(clusters|nodepools|clusters/2abc123/statuses) ` +
	`.*--data-urlencode "search=([^\n]*)"\n(?:# (Returns|Message): ([^\n]*)\n)?$`)

// TestDocumentation runs the examples of docs/search.md on the clusters of that page. A
// search of another list need only be valid.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/search.md")
	if err != nil {
		t.Fatal(err)
	}
	indexes := map[string]*Index{"clusters": New(Clusters), "nodepools": New(NodePools), "clusters/2abc123/statuses": New(AdapterStatuses)}
	for _, row := range documented() {
		indexes["clusters"].Upsert(row)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 {
		t.Fatal("docs/search.md has no examples")
	}
	for _, block := range blocks {
		example := documentedSearch.FindStringSubmatch(block[1])
		if example == nil {
			t.Errorf("not a search that this test understands:\n%s", block[1])
			continue
		}
		list, search, claim, want := example[1], example[2], example[3], example[4]
		if claim == "" && list == "clusters" {
			t.Errorf("the page does not say what this search returns: %s", search)
		}
		got, err := answer(t, indexes[list], search)
		if got != want || (err != nil) != (claim == "Message") {
			t.Errorf("%s\ngot      %s\n%s: %s", search, got, claim, want)
		}
	}
}

// answer returns the names of the rows that a search finds, or the message of its error.
func answer(t *testing.T, x *Index, search string) (string, error) {
	t.Helper()
	filter, err := tsl.Parse(search)
	var result Page
	if err == nil {
		result, err = x.List(t.Context(), Query{Filter: filter, OrderBy: []Order{{Field: "created_time"}}, Limit: 10})
	}
	if fieldError, ok := errors.AsType[*FieldError](err); ok {
		return tsl.Where(search, fieldError.Offset) + ": " + fieldError.Error(), err
	}
	if err != nil {
		return err.Error(), err
	}
	var names []string
	for _, row := range result.Rows {
		names = append(names, row.Name)
	}
	return strings.Join(names, ", "), nil
}

func documented() []*Row {
	row := func(name string, generation int64, created time.Time, labels map[string]string, spec string, conditions ...v1.ResourceCondition) *Row {
		return &Row{
			ID: "2" + name, Key: types.NamespacedName{Name: name}, Name: name, Generation: generation,
			CreatedTime: created, UpdatedTime: created, Labels: LabelsOf(labels), Conditions: ConditionsOf(conditions), JSON: []byte(`{"spec":` + spec + `}`),
		}
	}
	condition := func(conditionType string, status metav1.ConditionStatus, reason string) v1.ResourceCondition {
		return v1.ResourceCondition{Type: conditionType, Status: status, Reason: reason}
	}
	on := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 9, 30, 0, 0, time.UTC) }
	return []*Row{
		row("web", 1, on(1, 10), map[string]string{"environment": "dev", "tier": "gold"},
			`{"region":"eu-west","nodes":3,"private":true,"memory":4294967296}`,
			condition("Ready", "True", "ResourceReady"), condition("DnsSuccessful", "True", "ZoneReady")),
		row("api", 2, on(1, 20), map[string]string{"environment": "staging", "app.kubernetes.io/name": "api"},
			`{"region":"eu-north","nodes":12,"memory":8589934592}`,
			condition("Ready", "False", "AdaptersNotReady"), condition("DnsSuccessful", "False", "ZoneMissing")),
		row("db", 3, on(2, 1), map[string]string{"environment": "production", "tier": "silver"},
			`{"region":"us-east","nodes":"many","private":false,"teams":{"example.com/owner":"data"}}`,
			condition("Ready", "True", "ResourceReady"), condition("DnsSuccessful", "True", "ZoneReady")),
		row("lab", 1, on(2, 10), nil, `{}`, condition("Ready", "False", "AwaitingAdapters")),
	}
}
