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

package rest

import (
	"net/mail"
	"testing"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

func mustIdentities(t testing.TB, domain string) Identities {
	t.Helper()
	i, err := NewIdentities(domain)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestAddresses(t *testing.T) {
	ids := mustIdentities(t, "example.org")
	for user, want := range map[string]string{
		"jo@example.com":                  "jo@example.com",
		"jo+tag@Mail.Example.com":         "jo+tag@Mail.Example.com",
		"alice":                           "alice@example.org",
		"system:admin":                    "system=3Aadmin@example.org",
		"system:serviceaccount:ci:deploy": "deploy@ci.serviceaccount.example.org",
		"system:serviceaccount:1:a.b-c":   "a.b-c@1.serviceaccount.example.org",

		"alice@example.org":                     "alice=40example.org@example.org",
		"deploy@ci.serviceaccount.example.org":  "deploy=40ci.serviceaccount.example.org@example.org",
		"alice@EXAMPLE.org":                     "alice@EXAMPLE.org",
		"alice@localhost":                       "alice=40localhost@example.org",
		"a@b@c.de":                              "a=40b=40c.de@example.org",
		"system:serviceaccount:ci":              "system=3Aserviceaccount=3Aci@example.org",
		"system:serviceaccount:CI:deploy":       "system=3Aserviceaccount=3ACI=3Adeploy@example.org",
		"system:serviceaccount:a:b:c":           "system=3Aserviceaccount=3Aa=3Ab=3Ac@example.org",
		"first.last":                            "first.last@example.org",
		".a..b.":                                "=2Ea.=2Eb=2E@example.org",
		"a=3Ab":                                 "a=3D3Ab@example.org",
		"unknown":                               "unknown@example.org",
		"unknown=":                              "unknown=3D@example.org",
		"https://issuer.example#Jörg <j@e.com>": "https=3A//issuer.example#J=C3=B6rg=20=3Cj=40e.com=3E@example.org",
		"":                                      "",
	} {
		if got := ids.Address(user); got != want {
			t.Errorf("address of %q is %q, want %q", user, got, want)
		}
		if got, ok := ids.User(want); want != "" && (!ok || got != user) {
			t.Errorf("user of %q is %q, %t, want %q", want, got, ok, user)
		}
	}
	for _, nobody := range []string{"", "alice", "=3aadmin@example.org", "=41@example.org", "=4@example.org", "deploy@CI.serviceaccount.example.org", "@example.org"} {
		if user, ok := ids.User(nobody); ok {
			t.Errorf("%q is the address of %q, want of nobody", nobody, user)
		}
	}
	if got := ids.Shown(""); got != "unknown=@example.org" {
		t.Errorf("an unknown user is shown as %q", got)
	}
	if user, ok := ids.User("unknown=@example.org"); !ok || user != "" {
		t.Errorf("the address of an unknown user is that of %q, %t", user, ok)
	}
	var none Identities
	if got := none.Shown(none.Address("system:admin")); got != "system:admin" {
		t.Errorf("without a domain, a user is shown as %q", got)
	}
}

func TestIdentityDomains(t *testing.T) {
	for domain, valid := range map[string]bool{
		DefaultIdentityDomain: true, "example.org": true, "a-b.c1.example": true,
		"": false, "local": false, ".example.org": false, "example.org.": false, "a b.org": false, "a@b.org": false, "10.0.0.1": false, "-a.org": false,
	} {
		if _, err := NewIdentities(domain); (err == nil) != valid {
			t.Errorf("domain %q: %v", domain, err)
		}
	}
}

func TestIdentitySearches(t *testing.T) {
	ids := mustIdentities(t, "example.org")
	for search, want := range map[string]string{
		"created_by = 'alice'":                                    "created_by = 'alice@example.org'",
		"created_by = 'alice@example.org'":                        "created_by = 'alice@example.org'",
		"updated_by != 'system:serviceaccount:ci:deploy'":         "updated_by != 'deploy@ci.serviceaccount.example.org'",
		"not (deleted_by in ('a', 'b@c.de') or name = 'alice')":   "not (deleted_by in ('a@example.org', 'b@c.de') or name = 'alice')",
		"created_by not in ('a') and labels.created_by = 'alice'": "created_by not in ('a@example.org') and labels.created_by = 'alice'",
		"created_by like 'alice%' and updated_by is null":         "created_by like 'alice%' and updated_by is null",
		"created_by < 'b'":                                        "created_by < 'b'",
	} {
		filter, err := tsl.Parse(search)
		if err != nil {
			t.Fatal(err)
		}
		if got := ids.Search(filter).String(); got != want {
			t.Errorf("search %s became %s, want %s", search, got, want)
		}
	}
	if got := ids.Search(nil); got != nil {
		t.Errorf("no search became %v", got)
	}
}

func FuzzAddresses(f *testing.F) {
	for _, user := range []string{"alice", "a@b.de", "a@example.org", "system:serviceaccount:ns:name", "unknown=", "a=40example.org", "..", "\x00\xff"} {
		f.Add(user, user+"x")
	}
	ids := mustIdentities(f, "example.org")
	f.Fuzz(func(t *testing.T, user, other string) {
		address := ids.Address(user)
		if user == "" {
			return
		}
		if !emailAddress.MatchString(address) {
			t.Errorf("address of %q is %q", user, address)
		}
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			t.Errorf("net/mail reads the address %q of %q as %v, %v", address, user, parsed, err)
		}
		if got, ok := ids.User(address); !ok || got != user {
			t.Errorf("user of %q is %q, %t, want %q", address, got, ok, user)
		}
		if user != other && ids.Address(other) == address {
			t.Errorf("users %q and %q have the address %q", user, other, address)
		}
	})
}
