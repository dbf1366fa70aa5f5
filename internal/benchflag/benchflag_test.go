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

package benchflag

import (
	"flag"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFleets(t *testing.T) {
	for name, test := range map[string]struct {
		args    []string
		want    sizes
		wantErr string
	}{
		"default":      {want: sizes{7_000}},
		"one":          {args: []string{"-fleets=1000"}, want: sizes{1_000}},
		"several":      {args: []string{"-fleets=1000,1000000,20000"}, want: sizes{1_000, 1_000_000, 20_000}},
		"too small":    {args: []string{"-fleets=1000,999"}, want: sizes{7_000}, wantErr: `invalid value "1000,999" for flag -fleets: "999" is not a number of at least 1000`},
		"no number":    {args: []string{"-fleets=10k"}, want: sizes{7_000}, wantErr: `invalid value "10k" for flag -fleets: "10k" is not a number of at least 1000`},
		"nothing":      {args: []string{"-fleets="}, want: sizes{7_000}, wantErr: `invalid value "" for flag -fleets: "" is not a number of at least 1000`},
		"empty number": {args: []string{"-fleets=1000,"}, want: sizes{7_000}, wantErr: `invalid value "1000," for flag -fleets: "" is not a number of at least 1000`},
	} {
		t.Run(name, func(t *testing.T) {
			got := sizes{7_000}
			flags := flag.NewFlagSet("test", flag.ContinueOnError)
			flags.SetOutput(io.Discard)
			flags.Var(&got, "fleets", "")
			gotErr := ""
			if err := flags.Parse(test.args); err != nil {
				gotErr = err.Error()
			}
			if diff := cmp.Diff(test.wantErr, gotErr); diff != "" {
				t.Errorf("Parse() error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRegistered: a test binary that imports the package has the flag.
func TestRegistered(t *testing.T) {
	registered := flag.Lookup("fleets")
	if registered == nil {
		t.Fatal("no flag -fleets")
	}
	if diff := cmp.Diff(registered.Value.String(), fleets.String()); diff != "" {
		t.Errorf("The flag's value and that of Fleets() (-flag +Fleets):\n%s", diff)
	}
	if got, want := registered.DefValue, "1000,10000,100000"; got != want {
		t.Errorf("default = %q, want %q", got, want)
	}
}
