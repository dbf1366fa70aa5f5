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

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

func TestSelectors(t *testing.T) {
	tests := map[string]struct {
		schema     Schema
		search     string
		wantLabels string
		wantFields string
	}{
		"Equal":                {schema: Clusters, search: "labels.a = 'x'", wantLabels: "a=x"},
		"Not equal":            {schema: Clusters, search: "not labels.a = 'x'", wantLabels: "a,a!=x"},
		"In":                   {schema: Clusters, search: "labels.a in ('y', 'x')", wantLabels: "a in (x,y)"},
		"Not in":               {schema: NodePools, search: "labels.a not in ('x', 'y')", wantLabels: "a,a notin (x,y)"},
		"Presence":             {schema: Clusters, search: "labels.a is not null and labels.'b.c/d' is null", wantLabels: "a,!b.c/d"},
		"Conjunction":          {schema: Clusters, search: "labels.a = 'x' and not (labels.b = 'y' or name = 'web')", wantLabels: "a=x,b,b!=y", wantFields: "metadata.name!=web"},
		"Id":                   {schema: NodePools, search: "id = '2abc'", wantFields: "status.id=2abc"},
		"Names":                {schema: Clusters, search: "name not in ('a', 'b') and name is not null", wantFields: "metadata.name!=a,metadata.name!=b"},
		"The same name twice":  {schema: Clusters, search: "name in ('a', 'a')", wantFields: "metadata.name=a"},
		"Ready":                {schema: Clusters, search: "status.conditions.Ready = 'True'", wantFields: "status.ready=True"},
		"Not ready":            {schema: Clusters, search: "status.conditions.Ready.status != 'True'", wantFields: "status.ready!=True"},
		"Not available":        {schema: NodePools, search: "status.conditions.Available in ('False')", wantFields: "status.available!=True"},
		"Cluster of a pool":    {schema: NodePools, search: "spec.clusterName = 'web' and labels.a != 'x'", wantLabels: "a,a!=x", wantFields: "spec.clusterName=web"},
		"Adapter":              {schema: AdapterStatuses, search: "adapter = 'dns'", wantFields: "spec.adapter=dns"},
		"Value to be escaped":  {schema: Clusters, search: `name = 'a,b=\'`, wantFields: `metadata.name=a\,b\=\\`},
		"No search":            {schema: Clusters},
		"Ready or not":         {schema: Clusters, search: "status.conditions.Ready in ('True', 'False')"},
		"Any status of Ready":  {schema: Clusters, search: "status.conditions.Ready is not null"},
		"Negations of a group": {schema: Clusters, search: "not (labels.a is null or labels.a = 'x')", wantLabels: "a,a,a!=x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var search tsl.Expr
			if tt.search != "" {
				search = parse(t, tt.search)
			}
			labels, fields, err := Selectors(tt.schema, search)
			if err != nil {
				t.Fatal(err)
			}
			if labels.String() != tt.wantLabels || fields.String() != tt.wantFields {
				t.Errorf("Got labels %q, fields %q, want %q and %q", labels, fields, tt.wantLabels, tt.wantFields)
			}
		})
	}
}

func TestInexpressible(t *testing.T) {
	const ofClusters = "no field selector reaches this; those of this list reach id, name, status.conditions.Ready, status.conditions.Available"
	const ofPools = "no field selector reaches this; those of this list reach id, spec.clusterName, status.conditions.Ready, status.conditions.Available"
	tests := map[string]struct {
		schema Schema
		search string
		want   SelectorError
	}{
		"Or":                   {Clusters, "name = 'a' and (labels.a = 'x' or labels.b = 'y')", SelectorError{"labels.a = 'x' or labels.b = 'y'", 16, `selectors have no "or"`}},
		"Negated and":          {Clusters, "not (labels.a = 'x' and name = 'y')", SelectorError{"labels.a != 'x' or name != 'y'", 5, `selectors have no "or"`}},
		"Pattern of a label":   {Clusters, "labels.a like 'x%'", SelectorError{"labels.a like 'x%'", 0, `label selectors have no "like"`}},
		"Several names":        {Clusters, "name in ('a', 'b')", SelectorError{"name in ('a', 'b')", 0, `field selectors compare with one value, they have no "in"`}},
		"Order of names":       {Clusters, "name > 'a'", SelectorError{"name > 'a'", 0, `field selectors have no ">"`}},
		"Without a name":       {Clusters, "name is null", SelectorError{"name is null", 0, `field selectors have no "is null"`}},
		"Empty name":           {Clusters, "name = ''", SelectorError{"name = ''", 0, "nothing is selected by an empty value"}},
		"Name of a pool":       {NodePools, "name = 'a'", SelectorError{"name = 'a'", 0, ofPools}},
		"Owner":                {NodePools, "labels.a = 'x' and owner_id = '2a'", SelectorError{"owner_id = '2a'", 19, ofPools}},
		"Generation":           {Clusters, "generation = 1", SelectorError{"generation = 1", 0, ofClusters}},
		"Another condition":    {Clusters, "status.conditions.DnsSuccessful = 'True'", SelectorError{"status.conditions.DnsSuccessful = 'True'", 0, ofClusters}},
		"Reason of Ready":      {Clusters, "status.conditions.Ready.reason = 'X'", SelectorError{"status.conditions.Ready.reason = 'X'", 0, ofClusters}},
		"Report's condition":   {AdapterStatuses, "conditions.Ready = 'True'", SelectorError{"conditions.Ready = 'True'", 0, "no field selector reaches this; those of this list reach adapter"}},
		"Without Ready":        {Clusters, "status.conditions.Ready is null", SelectorError{"status.conditions.Ready is null", 0, "Ready is never absent, so nothing is selected"}},
		"Free-form":            {Clusters, "spec.region = 'eu'", SelectorError{"spec.region = 'eu'", 0, "the API server selects by labels and by a few fields, not by free-form ones"}},
		"Not both of a status": {Clusters, "status.conditions.Ready not in ('True', 'False')", SelectorError{"status.conditions.Ready not in ('True', 'False')", 0, "Ready is either True or False, so nothing is selected"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := Selectors(tt.schema, parse(t, tt.search))
			var got *SelectorError
			if !errors.As(err, &got) {
				t.Fatalf("Got error %v, want a SelectorError", err)
			}
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	var fieldError *FieldError
	if _, _, err := Selectors(Clusters, parse(t, "color = 'red'")); !errors.As(err, &fieldError) {
		t.Errorf("Got error %v, want a FieldError", err)
	}
}

// TestSelectorsSelectTheSame compares what the API server returns for selectors with what the
// index returns for the search.
func TestSelectorsSelectTheSame(t *testing.T) {
	const objects, searches = 60, 300
	c, namespace := newNamespace(t)
	seed := rand.Uint64()
	t.Logf("Seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	x := New(Clusters)
	var ids []string
	for n := range objects {
		cluster := randomCluster(r, namespace, n)
		status := cluster.Status
		must(t, c.Create(t.Context(), cluster))
		cluster.Status = status
		cluster.Status.ID = v1.ID(cluster.UID)
		must(t, c.Status().Update(t.Context(), cluster))
		x.Upsert(clusterRow(cluster))
		ids = append(ids, cluster.Status.ID)
	}
	expressible, selected := 0, 0
	for range searches {
		search := randomConjunction(r, ids)
		labels, fields, err := Selectors(Clusters, search)
		if err != nil {
			var selectorError *SelectorError
			if !errors.As(err, &selectorError) {
				t.Fatalf("Selectors(%s): %v", search, err)
			}
			continue
		}
		var list v1.ClusterList
		must(t, c.List(t.Context(), &list, client.InNamespace(namespace),
			client.MatchingLabelsSelector{Selector: labels}, client.MatchingFieldsSelector{Selector: fields}))
		want := []string{}
		for _, cluster := range list.Items {
			want = append(want, cluster.Name)
		}
		slices.Sort(want)
		page, err := x.List(t.Context(), Query{Filter: search, OrderBy: []Order{{Field: "name"}}, Limit: objects})
		must(t, err)
		got := []string{}
		for _, row := range page.Rows {
			got = append(got, row.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s: labels %q, fields %q (-API server +index):\n%s", search, labels, fields, diff)
		}
		expressible++
		selected += len(want)
	}
	if expressible < searches/2 || selected < searches {
		t.Errorf("%d searches of %d were put to the test, with %d objects", expressible, searches, selected)
	}
}

// randomCluster returns a cluster with random labels. Some have the status that a reconciler
// writes; the reconciler has not seen the others.
func randomCluster(r *rand.Rand, namespace string, n int) *v1.Cluster {
	cluster := &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("cluster-%d", n), Labels: map[string]string{}},
		Spec:       runtime.RawExtension{Raw: []byte("{}")},
	}
	for _, key := range []string{"a", "b", "example.com/c"} {
		if r.IntN(3) > 0 {
			cluster.Labels[key] = pick(r, "", "x", "y")
		}
	}
	if r.IntN(4) > 0 {
		cluster.Status.Ready = pick(r, metav1.ConditionTrue, metav1.ConditionFalse)
		cluster.Status.Available = pick(r, metav1.ConditionTrue, metav1.ConditionFalse)
	}
	return cluster
}

// clusterRow returns the row of a cluster that lists show. Without a status, it is not ready.
func clusterRow(c *v1.Cluster) *Row {
	row := &Row{ID: v1.ID(c.UID), Key: client.ObjectKeyFromObject(c), Name: c.Name, Labels: LabelsOf(c.Labels)}
	var conditions []v1.ResourceCondition
	for conditionType, status := range map[string]metav1.ConditionStatus{"Ready": c.Status.Ready, "Available": c.Status.Available} {
		if status == "" {
			status = metav1.ConditionFalse
		}
		conditions = append(conditions, v1.ResourceCondition{Type: conditionType, Status: status})
	}
	row.Conditions = ConditionsOf(conditions)
	return row
}

func randomConjunction(r *rand.Rand, ids []string) tsl.Expr {
	var operands []tsl.Expr
	for range 2 + r.IntN(2) {
		path := pick(r, "id", "name", "labels.a", "labels.b", "labels.example.com/c", "labels.none", "status.conditions.Ready", "status.conditions.Available")
		value := func() tsl.Value {
			switch {
			case path == "id":
				return text(pick(r, ids...))
			case path == "name":
				return text(fmt.Sprintf("cluster-%d", r.IntN(len(ids))))
			case strings.HasPrefix(path, "status."):
				return text(pick(r, "True", "False"))
			}
			return text(pick(r, "", "x", "y", "z"))
		}
		leaf := &tsl.Comparison{Field: tsl.Field{Path: path}}
		leaf.Op = pick(r, tsl.Equal, tsl.NotEqual, tsl.NotEqual, tsl.NotIn, tsl.In, tsl.IsNull, tsl.IsNotNull)
		switch leaf.Op {
		case tsl.IsNull, tsl.IsNotNull:
		case tsl.In, tsl.NotIn:
			leaf.Values = []tsl.Value{value(), value()}
		default:
			leaf.Values = []tsl.Value{value()}
		}
		operands = append(operands, pick[tsl.Expr](r, leaf, leaf, &tsl.Not{Operand: leaf}))
	}
	return &tsl.And{Operands: operands}
}
