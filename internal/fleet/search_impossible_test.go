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
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// TestImpossible searches for values that no object can have.
func TestImpossible(t *testing.T) {
	const (
		twoStatuses   = "the status of a condition is one of 'True', 'False', in this case and in single quotes"
		threeStatuses = "the status of a condition is one of 'True', 'False', 'Unknown', in this case and in single quotes"
		ownLabel      = "labels of hyperfleet.io/ are HyperFleet's own, and lists do not have them"
		resourceType  = "types are written in PascalCase, such as Ready, and may end in _ and the name of an adapter"
		wholeNumber   = "takes a whole number, as in generation = 3"
	)
	noType := func(conditionType, rule string) string {
		return "no condition can have the type \"" + conditionType + "\"; " + rule
	}
	tests := map[string]struct {
		schema Schema
		search string
		want   FieldError
	}{
		"Unknown":               {Clusters, "status.conditions.Ready = 'Unknown'", FieldError{"status.conditions.Ready", 26, twoStatuses}},
		"Unknown of a pool":     {NodePools, "not status.conditions.DnsSuccessful.status in ('True', 'Unknown')", FieldError{"status.conditions.DnsSuccessful.status", 55, twoStatuses}},
		"Anything but Unknown":  {Clusters, "status.conditions.Ready != 'Unknown'", FieldError{"status.conditions.Ready", 27, twoStatuses}},
		"Status of a report's":  {AdapterStatuses, "conditions.Available = 'Maybe'", FieldError{"conditions.Available", 23, threeStatuses}},
		"Dash in a type":        {Clusters, "status.conditions.Dns-Successful = 'True'", FieldError{"status.conditions.Dns-Successful", 0, noType("Dns-Successful", resourceType)}},
		"Underscore at the end": {NodePools, "status.conditions.Ready_ is null", FieldError{"status.conditions.Ready_", 0, noType("Ready_", resourceType)}},
		"Space in a type":       {Clusters, "status.conditions.'Re ady'.reason = 'x'", FieldError{"status.conditions.'Re ady'.reason", 0, noType("Re ady", resourceType)}},
		"Dot in a type":         {Clusters, "status.conditions.'Zone.Ready' = 'True'", FieldError{"status.conditions.'Zone.Ready'", 0, noType("Zone.Ready", resourceType)}},
		"Slash in a type":       {Clusters, "status.conditions.Zone/Ready = 'True'", FieldError{"status.conditions.Zone/Ready", 0, noType("Zone/Ready", resourceType)}},
		"No adapter":            {Clusters, "status.conditions.DnsSuccessful_Dns = 'True'", FieldError{"status.conditions.DnsSuccessful_Dns", 0, noType("DnsSuccessful_Dns", resourceType)}},
		"Line break in a type":  {Clusters, "status.conditions.'Ready\n' = 'True'", FieldError{"status.conditions.'Ready\n'", 0, noType(`Ready\n`, resourceType)}},
		"Type too long":         {AdapterStatuses, "conditions.'" + strings.Repeat("é", 317) + "' = 'True'", FieldError{"conditions.'" + strings.Repeat("é", 317) + "'", 0, noType(strings.Repeat("é", 317), "types have 1 to 316 characters")}},

		"Own label":              {NodePools, "labels.hyperfleet.io/cluster = 'x'", FieldError{"labels.hyperfleet.io/cluster", 0, ownLabel}},
		"Own label is null":      {Clusters, "labels.'hyperfleet.io/x' is null", FieldError{"labels.'hyperfleet.io/x'", 0, ownLabel}},
		"Two slashes":            {Clusters, "labels.a/b/c = 'x'", FieldError{"labels.a/b/c", 0, "no label can have the key \"a/b/c\": a valid label key must consist of"}},
		"Dash at the end":        {Clusters, "labels.a- like 'x%'", FieldError{"labels.a-", 0, "no label can have the key \"a-\": name part must consist of"}},
		"Space in a key":         {Clusters, "labels.'a b' is null", FieldError{"labels.'a b'", 0, "no label can have the key \"a b\": name part must consist of"}},
		"Key too long":           {Clusters, "labels." + strings.Repeat("a", 64) + " = 'x'", FieldError{"labels." + strings.Repeat("a", 64), 0, "no label can have the key \"" + strings.Repeat("a", 64) + "\": name part must be no more than 63"}},
		"Space in a value":       {Clusters, "labels.a = 'x y'", FieldError{"labels.a", 11, "no label can have the value \"x y\": a valid label must be an empty string or consist of"}},
		"Value in a list":        {Clusters, "labels.a not in ('x', '-')", FieldError{"labels.a", 22, "no label can have the value \"-\": a valid label must be"}},
		"Value too long":         {Clusters, "labels.a != '" + strings.Repeat("a", 64) + "'", FieldError{"labels.a", 12, "no label can have the value \"" + strings.Repeat("a", 64) + "\": must be no more than 63"}},
		"Sign of a number":       {Clusters, "generation = '+1'", FieldError{"generation", 13, wholeNumber}},
		"Sign of a large number": {AdapterStatuses, "observed_generation in (1, '+9223372036854775807')", FieldError{"observed_generation", 27, "takes a whole number, as in observed_generation = 3"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(tt.schema).List(t.Context(), Query{Filter: parse(t, tt.search), Limit: 1})
			var got *FieldError
			if !errors.As(err, &got) {
				t.Fatalf("Got error %v, want a FieldError", err)
			}
			// Kubernetes' own rules follow the words of this package.
			if strings.HasPrefix(got.Message, tt.want.Message) {
				got.Message = tt.want.Message
			}
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPossible searches for values that look odd, but may exist.
func TestPossible(t *testing.T) {
	adapters := []string{"dns", "dns-2", "dns2", "3scale", "a--b", "x-"}
	reports := make([]aggregate.Report, len(adapters))
	for i, name := range adapters {
		reports[i] = aggregate.Report{Adapter: name, Generation: 1, Observed: epoch, Available: metav1.ConditionTrue}
	}
	conditions := aggregate.Conditions(aggregate.Input{
		Kind: v1.ClusterKind, Generation: 1, Required: adapters, Reports: reports,
		Mapped: []aggregate.Mapped{{Type: "DNSHealthy2", Status: metav1.ConditionFalse}}, Now: epoch,
	})
	for _, odd := range []string{"3scaleSuccessful", "ABSuccessful", "Dns2Successful", "Dns2Successful_dns2", "DNSHealthy2"} {
		if !slices.ContainsFunc(conditions, func(c v1.ResourceCondition) bool { return c.Type == odd }) {
			t.Fatalf("no condition has the type %s: %+v", odd, conditions)
		}
	}
	x := New(Clusters)
	x.Upsert(&Row{ID: "2a", Conditions: ConditionsOf(conditions), Labels: LabelsOf(map[string]string{"a": "", "b.c/d_e": "F_g.h"})})
	var searches []string
	for _, c := range conditions {
		searches = append(searches, fmt.Sprintf("status.conditions.%s = '%s'", c.Type, c.Status))
	}
	searches = append(searches,
		"labels.a = ''", "labels.b.c/d_e in ('F_g.h', 'x')", "labels.b.c/d_e not like 'x y%'", "labels.b.c/d_e between '-' and '~'", "labels.b.c/d_e ~= '_|é'",
		"name != 'No name' or id = '2a'", "id = '2a' or id = 'no id'", "generation > '-1'", "generation < '007'",
	)
	for _, search := range searches {
		page, err := x.List(t.Context(), Query{Filter: parse(t, search), Limit: 1})
		if err != nil || page.Total != 1 {
			t.Errorf("%s: found %d: %v", search, page.Total, err)
		}
	}
	for _, search := range []string{"conditions.'any thing\n' = 'Unknown'", "conditions.ready.reason = 'x'", "conditions.Ready_ is null"} {
		if _, err := New(AdapterStatuses).List(t.Context(), Query{Filter: parse(t, search), Limit: 1}); err != nil {
			t.Errorf("%s: %v", search, err)
		}
	}
}

// TestImpossibleProperty puts odd types, statuses, keys and values into random searches.
// A search is refused exactly if it names something that no object can have.
func TestImpossibleProperty(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for name, c := range collections {
		x, refused := New(c.schema), 0
		for range 3000 {
			filter := c.randomExpr(r, 60, r.IntN(3))
			eachComparison(filter, func(leaf *tsl.Comparison) { makeOdd(r, leaf) })
			_, err := x.List(t.Context(), Query{Filter: filter, Limit: 1})
			var field *FieldError
			if possible := naivePossible(filter); possible != (err == nil) || !possible && !errors.As(err, &field) {
				t.Fatalf("%s: %s: possible %t, error %v", name, filter, possible, err)
			}
			if err != nil {
				refused++
			}
		}
		if refused < 100 || refused > 2900 {
			t.Errorf("%s: %d of 3000 searches refused, so one side is hardly tested", name, refused)
		}
	}
}

func eachComparison(e tsl.Expr, do func(*tsl.Comparison)) {
	switch e := e.(type) {
	case *tsl.And:
		for _, operand := range e.Operands {
			eachComparison(operand, do)
		}
	case *tsl.Or:
		for _, operand := range e.Operands {
			eachComparison(operand, do)
		}
	case *tsl.Not:
		eachComparison(e.Operand, do)
	case *tsl.Comparison:
		do(e)
	}
}

// makeOdd changes a comparison now and then. Some of the odd values can exist.
func makeOdd(r *rand.Rand, c *tsl.Comparison) {
	if r.IntN(4) > 0 {
		return
	}
	prefix, rest, isCondition := strings.Cut(c.Field.Path, "conditions.")
	conditionType, detail, hasDetail := strings.Cut(rest, ".")
	isStatus := isCondition && (!hasDetail || detail == "status")
	switch {
	case isStatus && len(c.Values) > 0 && r.IntN(2) == 0:
		c.Values[r.IntN(len(c.Values))] = text(pick(r, "Unknown", "True", "False", "true", "", "Maybe"))
	case isCondition:
		odd := pick(r, conditionType+"_", conditionType+"_dns-2", conditionType+"-x", "ready", "'Re ady'", "'Zone.Ready'", "3Scale", "Éclair", "R", "_", "A_b_c", "A_-", "A_x-", "'"+strings.Repeat("é", 316)+"'")
		c.Field.Path = prefix + "conditions." + strings.TrimSuffix(odd+"."+detail, ".")
	case strings.HasPrefix(c.Field.Path, "labels.") && len(c.Values) > 0 && isEquality(c.Op) && r.IntN(2) == 0:
		c.Values[r.IntN(len(c.Values))] = text(pick(r, "", "x y", "-", "x-y", "é", "X", strings.Repeat("v", 63), strings.Repeat("v", 64), "a\n"))
	case strings.HasPrefix(c.Field.Path, "labels."):
		c.Field.Path = "labels." + pick(r, "hyperfleet.io/cluster", "hyperfleet.io", "a/b", "a/b/c", "'a b'", "a-", "x.hyperfleet.io/a", "UPPER/a", strings.Repeat("k", 63), strings.Repeat("k", 64), strings.Repeat("d.", 126)+"d/k", strings.Repeat("d.", 127)+"d/k")
	case strings.HasSuffix(c.Field.Path, "generation") && len(c.Values) > 0:
		c.Values[0] = text(pick(r, "+1", "-1", "01", "-0", "+0"))
	}
}

// naivePossible reports whether objects may have all that a search names. It shares no rule
// with compile.
func naivePossible(e tsl.Expr) bool {
	possible := true
	eachComparison(e, func(c *tsl.Comparison) {
		isPart := map[tsl.Op]bool{tsl.Equal: true, tsl.NotEqual: true, tsl.In: true, tsl.NotIn: true}[c.Op]
		elements := c.Field.Elements()
		path := strings.Join(elements, ".")
		key, isLabel := strings.CutPrefix(path, "labels.")
		at := slices.Index(elements[:len(elements)-1], "conditions") + 1
		switch {
		case isLabel:
			values := []tsl.Value{{}}
			if isPart {
				values = c.Values
			}
			for _, v := range values {
				if len(metav1validation.ValidateLabels(map[string]string{key: v.Text}, nil)) > 0 || strings.HasPrefix(key, "hyperfleet.io/") {
					possible = false
				}
			}
		case at == 2 && elements[0] == "status" || at == 1:
			ofReport := at == 1
			if ofReport && utf8.RuneCountInString(elements[at]) > 316 || elements[at] == "" || !ofReport && !naiveType(elements[at]) {
				possible = false
			}
			if last := elements[len(elements)-1]; len(elements) == at+1 || last == "status" {
				for _, v := range c.Values {
					if v.Kind != tsl.StringValue || v.Text != "True" && v.Text != "False" && (v.Text != "Unknown" || !ofReport) {
						possible = false
					}
				}
			}
		}
		isGeneration := slices.Contains([]string{"generation", "observed_generation"}, path) || at > 0 && !isLabel && elements[len(elements)-1] == "observed_generation"
		if isGeneration && slices.ContainsFunc(c.Values, func(v tsl.Value) bool { return strings.HasPrefix(v.Text, "+") }) {
			possible = false
		}
	})
	return possible
}

// naiveType reports whether a condition of a resource can have a type.
func naiveType(conditionType string) bool {
	pascal, adapter, qualified := strings.Cut(conditionType, "_")
	for i, c := range pascal {
		if c >= 'a' && c <= 'z' && i == 0 || c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return pascal != "" && (!qualified || len(validation.IsDNS1123Label(adapter)) == 0)
}
