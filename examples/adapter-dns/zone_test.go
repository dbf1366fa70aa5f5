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
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/miekg/dns"
)

func record(name string, last byte) dns.RR {
	return &dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: ttl}, A: net.IPv4(192, 0, 2, last)}
}

// TestZoneLikeModel puts random records of a few owners, whose names overlap, and
// compares the file with a naive model after each step. Occasionally it reopens the zone.
func TestZoneLikeModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	file := filepath.Join(t.TempDir(), "zone.db")
	zone := &Zone{Origin: "example.com", File: file}
	model := map[string]map[string]dns.RR{} // owner → record → itself
	serial := uint32(0)
	for step := range 500 {
		if random.IntN(10) == 0 {
			zone = &Zone{Origin: "example.com", File: file}
		}
		owner := fmt.Sprintf("default/cluster-%d", random.IntN(3))
		wanted := map[string]dns.RR{}
		for range random.IntN(4) {
			r := record(fmt.Sprintf("%c.example.com.", 'a'+rune(random.IntN(6))), byte(random.IntN(3)))
			wanted[r.String()] = r
		}
		var taken *TakenError
		err := zone.Put(owner, slices.Collect(maps.Values(wanted)))
		conflict := false
		for other, records := range model {
			for _, r := range records {
				conflict = conflict || other != owner && slices.ContainsFunc(slices.Collect(maps.Values(wanted)), func(w dns.RR) bool { return w.Header().Name == r.Header().Name })
			}
		}
		if errors.As(err, &taken) != conflict || !conflict && err != nil {
			t.Fatalf("step %d: put %v for %s: %v, want a conflict: %t", step, wanted, owner, err, conflict)
		}
		changes := !conflict && !maps.EqualFunc(wanted, model[owner], func(a, b dns.RR) bool { return a.String() == b.String() })
		if !conflict {
			model[owner] = wanted
		}
		if _, err := os.Stat(file); err != nil {
			continue // nothing has been put yet
		}
		soa, stored, err := zone.read()
		if err != nil {
			t.Fatal(err)
		}
		if changes {
			serial++
		}
		if soa.Serial != serial {
			t.Fatalf("step %d: the serial is %d, want %d", step, soa.Serial, serial)
		}
		var got, want []string
		for _, r := range stored {
			if r.Header().Rrtype == dns.TypeA {
				got = append(got, r.String())
			}
		}
		for _, records := range model {
			want = slices.AppendSeq(want, maps.Keys(records))
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("step %d: the zone has\n%q, want\n%q", step, got, want)
		}
	}
}

func TestZoneRefusesABrokenFile(t *testing.T) {
	for name, content := range map[string]string{
		"no SOA":    "a.example.com. 300 IN A 192.0.2.1\n",
		"no record": "a.example.com. 300 IN A far away\n",
	} {
		file := filepath.Join(t.TempDir(), "zone.db")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		zone := &Zone{Origin: "example.com", File: file}
		if err := zone.Put("default/my-cluster", []dns.RR{record("b.example.com.", 1)}); err == nil {
			t.Errorf("%s: the zone takes a record", name)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != content {
			t.Errorf("%s: the file is %q, %v after a refusal, want it unchanged", name, got, err)
		}
	}
}

// TestZoneKeepsOthersRecords starts with a record that no adapter made.
func TestZoneKeepsOthersRecords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "zone.db")
	mail := "example.com.\t300\tIN\tMX\t10 mail.example.com."
	content := "example.com. 3600 IN SOA ns.example.com. hostmaster.example.com. 7 3600 600 604800 300\n" + mail + "\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	zone := &Zone{Origin: "example.com", File: file}
	if err := zone.Put("default/my-cluster", []dns.RR{record("a.example.com.", 1)}); err != nil {
		t.Fatal(err)
	}
	if err := zone.Put("default/my-cluster", nil); err != nil {
		t.Fatal(err)
	}
	soa, records, err := zone.read()
	if err != nil || soa.Serial != 9 || len(records) != 1 || records[0].String() != mail {
		t.Errorf("the zone has %v at serial %d, %v, want the MX record at serial 9", records, soa.Serial, err)
	}
}
