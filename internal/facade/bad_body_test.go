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

package facade_test

import (
	"net/http"
	"strings"
	"testing"
)

// posts are the paths that accept a body, each with a valid body without its last brace.
var posts = map[string]string{
	api + "/clusters":                                         `{"spec":{},"name":"must-not-exist"`,
	api + "/clusters/{cluster}/nodepools":                     `{"spec":{},"name":"must-not"`,
	api + "/clusters/{cluster}/statuses":                      strings.TrimSuffix(availableReport("must-not", 1, "2025-01-01T10:00:00Z"), "}"),
	api + "/clusters/{cluster}/nodepools/{nodepool}/statuses": strings.TrimSuffix(availableReport("validator", 1, "2025-01-02T10:00:00Z"), "}"),
}

const maxBody = 1 << 20

// TestBadBodies sends faults that any body can have, to every path that accepts a body.
func TestBadBodies(t *testing.T) {
	cases := map[string]badInput{}
	for path, valid := range posts {
		whole := valid + "}"
		for name, c := range map[string]struct{ body, want string }{
			"empty":                  {"", "400 VAL-001"},
			"blank":                  {" \r\n\t ", "400 VAL-001"},
			"null":                   {"null", "400 VAL-001"},
			"array":                  {"[]", "400 VAL-001"},
			"array of one":           {"[" + whole + "]", "400 VAL-001"},
			"number":                 {"1", "400 VAL-001"},
			"string":                 {`"x"`, "400 VAL-001"},
			"boolean":                {"true", "400 VAL-001"},
			"word":                   {"nothing", "400 VAL-001"},
			"YAML":                   {"name: must-not-exist\n", "400 VAL-001"},
			"form":                   {"name=must-not-exist", "400 VAL-001"},
			"truncated":              {valid, "400 VAL-001"},
			"truncated in string":    {valid + `,"x":"y`, "400 VAL-001"},
			"truncated in escape":    {valid + `,"x":"\u00`, "400 VAL-001"},
			"open brace":             {"{", "400 VAL-001"},
			"close brace":            {"}", "400 VAL-001"},
			"trailing text":          {whole + " x", "400 VAL-001"},
			"trailing brace":         {whole + "}", "400 VAL-001"},
			"trailing NUL":           {whole + "\x00", "400 VAL-001"},
			"two values":             {whole + whole, "400 VAL-001"},
			"two lines":              {whole + "\n" + whole, "400 VAL-001"},
			"trailing comma":         {valid + ",}", "400 VAL-001"},
			"trailing comma in list": {valid + `,"x":[1,]}`, "400 VAL-001"},
			"no colon":               {valid + `,"x" 1}`, "400 VAL-001"},
			"no value":               {valid + `,"x":}`, "400 VAL-001"},
			"no comma":               {valid + ` "x":1}`, "400 VAL-001"},
			"key without quotes":     {valid + `,x:1}`, "400 VAL-001"},
			"single quotes":          {`{'name':'must-not-exist'}`, "400 VAL-001"},
			"comment":                {valid + "/* x */}", "400 VAL-001"},
			"byte order mark":        {"\ufeff" + whole, "400 VAL-001"},
			"UTF-16":                 {"{\x00}\x00", "400 VAL-001"},
			"invalid UTF-8":          {valid + ",\"x\":\"\xff\"}", "400 VAL-001"},
			"invalid UTF-8 in key":   {valid + ",\"\xc3\x28\":1}", "400 VAL-001"},
			"overlong UTF-8":         {valid + ",\"x\":\"\xc0\x80\"}", "400 VAL-001"},
			"surrogate in UTF-8":     {valid + ",\"x\":\"\xed\xa0\x80\"}", "400 VAL-001"},
			"NUL":                    {valid + ",\"x\":\"\x00\"}", "400 VAL-001"},
			"control character":      {valid + ",\"x\":\"\x1f\"}", "400 VAL-001"},
			"line break in string":   {valid + ",\"x\":\"\n\"}", "400 VAL-001"},
			"bad escape":             {valid + `,"x":"\x41"}`, "400 VAL-001"},
			"NaN":                    {valid + `,"x":NaN}`, "400 VAL-001"},
			"Infinity":               {valid + `,"x":-Infinity}`, "400 VAL-001"},
			"leading zero":           {valid + `,"x":01}`, "400 VAL-001"},
			"plus sign":              {valid + `,"x":+1}`, "400 VAL-001"},
			"no digit after point":   {valid + `,"x":1.}`, "400 VAL-001"},
			"no digit before point":  {valid + `,"x":.5}`, "400 VAL-001"},
			"hexadecimal":            {valid + `,"x":0x10}`, "400 VAL-001"},
			"True":                   {valid + `,"x":True}`, "400 VAL-001"},

			"lone high surrogate":        {valid + `,"x":"\ud800"}`, "400 VAL-002 x:unicode"},
			"lone low surrogate":         {valid + `,"x":"\uDFFF"}`, "400 VAL-002 x:unicode"},
			"surrogates in wrong order":  {valid + `,"x":["","\ude00\ud83d"]}`, "400 VAL-002 x[1]:unicode"},
			"lone surrogate in key":      {valid + `,"x":{"a\ud800":1}}`, "400 VAL-002 x.a\ufffd:unicode"},
			"duplicate":                  {valid + `,"x":1,"x":1}`, "400 VAL-002 x:unique"},
			"duplicate by escape":        {valid + `,"x":{"y":[{},{"a":1,"\u0061":2}]}}`, "400 VAL-002 x.y[1].a:unique"},
			"nested 34 levels":           {valid + `,"x":` + strings.Repeat("[", 34) + strings.Repeat("]", 34) + "}", "400 VAL-002 x" + strings.Repeat("[0]", 32) + ":maxDepth"},
			"nested 10000 levels":        {valid + `,"x":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + "}", "400 VAL-002 x" + strings.Repeat("[0]", 32) + ":maxDepth"},
			"500000 open brackets":       {valid + `,"x":` + strings.Repeat("[", 500000), "400 VAL-002 x" + strings.Repeat("[0]", 32) + ":maxDepth"},
			"100000 open objects":        {valid + `,` + strings.Repeat(`"x":{`, 100000), "400 VAL-002 x" + strings.Repeat(".x", 32) + ":maxDepth"},
			"integer beyond int64":       {valid + `,"x":9223372036854775808}`, "400 VAL-002 x:number"},
			"integer below int64":        {valid + `,"x":-9223372036854775809}`, "400 VAL-002 x:number"},
			"float beyond range":         {valid + `,"x":1e400}`, "400 VAL-002 x:number"},
			"float below range":          {valid + `,"x":[0,-1e-400]}`, "400 VAL-002 x[1]:number"},
			"float beyond precision":     {valid + `,"x":0.1000000000000000055511151231257827}`, "400 VAL-002 x:number"},
			"integer by exponent":        {valid + `,"x":9007199254740993e0}`, "400 VAL-002 x:number"},
			"huge exponent":              {valid + `,"x":1e99999999999999999999}`, "400 VAL-002 x:number"},
			"unknown field":              {valid + `,"x":1}`, "400 VAL-002 x:unknown"},
			"unknown fields":             {valid + `,"y.z":1,"x\"":null,"":2}`, "400 VAL-002 :unknown x\":unknown y.z:unknown"},
			"unknown number":             {valid + `,"12":1}`, "400 VAL-002 12:unknown"},
			"known field in other case":  {valid + `,"Name":"x","SPEC":{}}`, "400 VAL-002 Name:unknown SPEC:unknown"},
			"apiVersion":                 {valid + `,"apiVersion":"hyperfleet.io/v1"}`, "400 VAL-002 apiVersion:unknown"},
			"one byte beyond 1 MiB":      {whole + strings.Repeat(" ", maxBody+1-len(whole)), "413 LMT-001"},
			"one byte beyond 1 MiB, bad": {strings.Repeat("x", maxBody+1), "413 LMT-001"},
			"4 MiB":                      {whole + strings.Repeat(" ", 4<<20), "413 LMT-001"},
			"1 MiB of nothing":           {strings.Repeat(" ", maxBody), "400 VAL-001"},
		} {
			cases[path+": "+name] = badInput{path: path, body: c.body, want: c.want}
		}
		for name, header := range map[string]map[string]string{
			"text":              {"Content-Type": "text/plain"},
			"form":              {"Content-Type": "application/x-www-form-urlencoded"},
			"multipart":         {"Content-Type": "multipart/form-data; boundary=x"},
			"YAML":              {"Content-Type": "application/yaml"},
			"patch":             {"Content-Type": "application/merge-patch+json"},
			"any":               {"Content-Type": "*/*"},
			"no type":           {"Content-Type": ";;"},
			"nothing":           {"Content-Type": ""},
			"two types":         {"Content-Type": "application/json, text/plain"},
			"JSON as text":      {"Content-Type": "text/json"},
			"Latin-1":           {"Content-Type": "application/json; charset=iso-8859-1"},
			"UTF-16":            {"Content-Type": "application/json; charset=utf-16"},
			"gzip":              {"Content-Encoding": "gzip"},
			"unknown encoding":  {"Content-Encoding": "x"},
			"identity and gzip": {"Content-Encoding": "identity, gzip"},
		} {
			cases[path+": as "+name] = badInput{path: path, body: whole, header: header, want: "415 VAL-005"}
		}
	}
	newFixture(t).refuse(t, cases)
}

// TestBadResources sends faults that a cluster and a nodepool can have.
func TestBadResources(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	cases := map[string]badInput{}
	for _, r := range []struct {
		path, kind, other string
		maxName           int
	}{
		{api + "/clusters", "Cluster", "NodePool", 53},
		{api + "/clusters/{cluster}/nodepools", "NodePool", "Cluster", 15},
	} {
		add := func(name, body, want string) {
			cases[r.kind+": "+name] = badInput{path: r.path, body: body, want: "400 VAL-002 " + want}
		}
		add("nothing", `{}`, "name:required spec:required")
		add("no spec", `{"name":"must-not"}`, "spec:required")
		add("only spec", `{"kind":"`+r.kind+`","spec":{}}`, "name:required")
		for name, value := range map[string]string{
			"null": `null`, "number": `123`, "float": `1.5`, "boolean": `true`, "array": `["abc"]`, "object": `{"a":"abc"}`,
		} {
			constraint := "type"
			if value == "null" {
				constraint = "nullable"
			}
			add("name is "+name, `{"spec":{},"name":`+value+`}`, "name:"+constraint)
			add("kind is "+name, `{"spec":{},"kind":`+value+`,"name":"must-not"}`, "kind:enum")
			if name != "object" {
				add("spec is "+name, `{"name":"must-not","spec":`+value+`}`, "spec:"+constraint)
				if value != "null" {
					add("labels is "+name, `{"spec":{},"name":"must-not","labels":`+value+`}`, "labels:type")
				}
			}
			add("label is "+name, `{"spec":{},"name":"must-not","labels":{"a":"x","b":`+value+`}}`, "labels.b:"+constraint)
		}
		add("spec is string", `{"name":"must-not","spec":"{}"}`, "spec:type")
		add("empty name", `{"spec":{},"name":""}`, "name:minLength name:pattern")
		add("short name", `{"spec":{},"name":"ab"}`, "name:minLength")
		add("long name", `{"spec":{},"name":"`+long(r.maxName+1)+`"}`, "name:maxLength")
		add("very long name", `{"spec":{},"name":"`+long(500000)+`"}`, "name:maxLength")
		add("long bad name", `{"spec":{},"name":"A`+long(r.maxName)+`"}`, "name:maxLength name:pattern")
		for _, name := range []string{
			"Abc", "ABC", "a_b", "a.b", "abc.", ".abc", "-abc", "abc-", "---", "...", "äbc", "日本語", "a b c", " abc", "abc ", "a/bc", "../a", "a%20b",
			`abc\n`, `abc\u0000`, `a\"bc`, "a;drop", "<b>abc", "a'or'b", "${abc}", "a\u200bbc", "ａｂｃ", "a:b", "a@b", "a+b", "a,b", "a*c", "~abc",
		} {
			add("name "+name, `{"spec":{},"name":"`+name+`"}`, "name:pattern")
		}
		add("kind of another", `{"spec":{},"kind":"`+r.other+`","name":"must-not"}`, "kind:enum")
		add("kind of a list", `{"spec":{},"kind":"`+r.kind+`List","name":"must-not"}`, "kind:enum")
		add("lower-case kind", `{"spec":{},"kind":"`+strings.ToLower(r.kind)+`","name":"must-not"}`, "kind:enum")
		add("padded kind", `{"spec":{},"kind":"`+r.kind+` ","name":"must-not"}`, "kind:enum")
		add("empty kind", `{"spec":{},"kind":"","name":"must-not"}`, "kind:required")

		for name, label := range map[string]struct{ label, want string }{
			"empty key":           {`"":"x"`, "labels.:labelKey labels.:labelKey"},
			"blank key":           {`" ":"x"`, "labels. :labelKey"},
			"key with space":      {`"a b":"x"`, "labels.a b:labelKey"},
			"key ends in dash":    {`"a-":"x"`, "labels.a-:labelKey"},
			"two slashes":         {`"a/b/c":"x"`, "labels.a/b/c:labelKey"},
			"no prefix":           {`"/a":"x"`, "labels./a:labelKey"},
			"no name":             {`"a/":"x"`, "labels.a/:labelKey labels.a/:labelKey"},
			"upper-case prefix":   {`"A.io/b":"x"`, "labels.A.io/b:labelKey"},
			"64 characters":       {`"` + long(64) + `":"x"`, "labels." + long(64) + ":labelKey"},
			"unicode key":         {`"ä":"x"`, "labels.ä:labelKey"},
			"dollar":              {`"$a":"x"`, "labels.$a:labelKey"},
			"bad number as key":   {`"1!":"x"`, "labels.1!:labelKey"},
			"long value":          {`"a":"` + long(64) + `"`, "labels.a:labelValue"},
			"value with space":    {`"a":"x y"`, "labels.a:labelValue"},
			"value ends in dash":  {`"a":"x-"`, "labels.a:labelValue"},
			"value with slash":    {`"a":"x/y"`, "labels.a:labelValue"},
			"unicode value":       {`"a":"ä"`, "labels.a:labelValue"},
			"value with newline":  {`"a":"x\n"`, "labels.a:labelValue"},
			"reserved":            {`"hyperfleet.io/cluster":"x"`, "labels.hyperfleet.io/cluster:reserved"},
			"reserved and no key": {`"hyperfleet.io/":"x"`, "labels.hyperfleet.io/:reserved"},
			"two bad ones":        {`"z":"?","a":"?","b":"ok"`, "labels.a:labelValue labels.z:labelValue"},
			"number as value":     {`"12":1`, "labels.12:type"},
		} {
			add("label: "+name, `{"spec":{},"name":"must-not","labels":{`+label.label+`}}`, label.want)
		}
		add("many faults", `{"kind":"x","name":"A","spec":[],"labels":{"a":1},"extra":1}`, "extra:unknown kind:enum labels.a:type name:minLength name:pattern spec:type")
		add("too many members", `{"name":"must-not","spec":{`+numbered(9999, `"k%d":{}`)+`}}`, "spec.k9998:maxMembers")
		add("too many elements", `{"name":"must-not","spec":{"a":[`+strings.Repeat("0,", 9_997)+`0]}}`, "spec.a[9997]:maxMembers")
		add("spec nested too deep", `{"name":"must-not","spec":`+strings.Repeat(`{"a":`, 33)+"1"+strings.Repeat("}", 34), "spec"+strings.Repeat(".a", 32)+":maxDepth")
		add("duplicate in spec", `{"name":"must-not","spec":{"a":{"b":1,"b":1}}}`, "spec.a.b:unique")
		add("duplicate label", `{"spec":{},"name":"must-not","labels":{"a":"x","a":"x"}}`, "labels.a:unique")
		add("integer in spec beyond int64", `{"name":"must-not","spec":{"a":[1,12345678901234567890]}}`, "spec.a[1]:number")
		add("duplicate in what is ignored", `{"spec":{},"name":"must-not","status":{"a":1,"a":1}}`, "status.a:unique")
	}
	cases["Cluster: owner"] = badInput{path: api + "/clusters", body: `{"spec":{},"name":"must-not","owner_references":{}}`, want: "400 VAL-002 owner_references:unknown"}
	for name, spec := range map[string]string{
		"own": `{"clusterName":"must-not"}`, "null": `{"clusterName":null}`, "escaped": `{"cluster\u004eame":"x"}`, "last": `{"a":{"clusterName":1},"clusterName":{}}`,
	} {
		cases["NodePool: clusterName "+name] = badInput{path: api + "/clusters/{cluster}/nodepools", body: `{"name":"must-not","spec":` + spec + `}`, want: "400 VAL-002 spec.clusterName:reserved"}
	}
	f := newFixture(t)
	name := getCluster(t, f.cluster).Name
	cases["Cluster: name is taken"] = badInput{path: api + "/clusters", body: `{"name":"` + name + `","spec":{"other":1}}`, want: "409 CNF-001 name:unique"}
	cases["NodePool: name is taken"] = badInput{path: api + "/clusters/{cluster}/nodepools", body: `{"spec":{},"name":"pool-one"}`, want: "409 CNF-001 name:unique"}
	f.refuse(t, cases)
}

// The answer to a hostile body has a limited size, and still names the fault.
func TestBoundedAnswers(t *testing.T) {
	many := func(format string) string {
		var b strings.Builder
		for range 50000 {
			b.WriteString(strings.ReplaceAll(format, "#", uniqueName(t)))
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	longKey := strings.Repeat("k", 500000)
	for name, body := range map[string]string{
		"unknown fields":     `{"spec":{},"name":"must-not",` + many(`"#":1,`) + `}`,
		"bad labels":         `{"spec":{},"name":"must-not","labels":{` + many(`"#!":"x",`) + `}}`,
		"wrong labels":       `{"spec":{},"name":"must-not","labels":{` + many(`"#":1,`) + `}}`,
		"long unknown field": `{"spec":{},"name":"must-not","` + longKey + `":1}`,
		"long label":         `{"spec":{},"name":"must-not","labels":{"` + longKey + `":"x"}}`,
		"long path":          `{"name":"must-not","spec":{"` + longKey + `":1e400}}`,
	} {
		t.Run(name, func(t *testing.T) {
			a := post(t, api+"/clusters", body).want(t, http.StatusBadRequest)
			if problem := a.problem(t); len(a.body) > 400<<10 || len(problem.Errors) == 0 || problem.Errors[0].Field == "" {
				t.Errorf("%d bytes, %d errors", len(a.body), len(problem.Errors))
			}
		})
	}
}
