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
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

// Zone is a DNS zone in a file. The file is its only state: a TXT record next to a name's
// other records contains the name's owner. So a restart loses nothing.
type Zone struct {
	Origin string // the zone's name
	File   string

	mu sync.Mutex
}

// TakenError reports that a name belongs to another owner.
type TakenError struct{ Name, Owner string }

func (e *TakenError) Error() string { return fmt.Sprintf("%s belongs to %s", e.Name, e.Owner) }

// ownerMark begins the TXT record with the owner of a name.
const ownerMark = "hyperfleet-owner="

// Put replaces the records of an owner, and removes the owner's names that have no record
// any more. If a name belongs to another owner, Put returns a TakenError and changes
// nothing. If the zone changes, Put increments its serial.
func (z *Zone) Put(owner string, records []dns.RR) error {
	z.mu.Lock()
	defer z.mu.Unlock()
	soa, stored, err := z.read()
	if err != nil {
		return fmt.Errorf("read zone %s: %w", z.File, err)
	}
	owners := ownersOf(stored)
	next := slices.DeleteFunc(slices.Clone(stored), func(r dns.RR) bool { return owners[r.Header().Name] == owner })
	marked := map[string]bool{}
	for _, record := range records {
		name := record.Header().Name
		if other := owners[name]; other != "" && other != owner {
			return &TakenError{Name: name, Owner: other}
		}
		next = append(next, record)
		if !marked[name] {
			marked[name] = true
			next = append(next, &dns.TXT{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: ttl}, Txt: []string{ownerMark + owner}})
		}
	}
	if next = sorted(next); slices.EqualFunc(next, sorted(stored), func(a, b dns.RR) bool { return a.String() == b.String() }) {
		return nil
	}
	soa.Serial++
	if err := z.write(soa, next); err != nil {
		return fmt.Errorf("write zone %s: %w", z.File, err)
	}
	return nil
}

// ownersOf returns the owners of names.
func ownersOf(records []dns.RR) map[string]string {
	owners := map[string]string{}
	for _, record := range records {
		if text, ok := record.(*dns.TXT); ok {
			if owner, ok := strings.CutPrefix(strings.Join(text.Txt, ""), ownerMark); ok {
				owners[text.Hdr.Name] = owner
			}
		}
	}
	return owners
}

// read returns the SOA record and all others. A file that does not exist is a new zone.
func (z *Zone) read() (*dns.SOA, []dns.RR, error) {
	content, err := os.ReadFile(z.File)
	if errors.Is(err, fs.ErrNotExist) {
		content, err = fmt.Appendf(nil, "%[1]s 3600 IN SOA ns.%[1]s hostmaster.%[1]s 0 3600 600 604800 300\n%[1]s 3600 IN NS ns.%[1]s\n", dns.Fqdn(z.Origin)), nil
	}
	if err != nil {
		return nil, nil, err
	}
	var soa *dns.SOA
	var records []dns.RR
	parser := dns.NewZoneParser(bytes.NewReader(content), dns.Fqdn(z.Origin), z.File)
	for record, ok := parser.Next(); ok; record, ok = parser.Next() {
		if start, ok := record.(*dns.SOA); ok {
			soa = start
			continue
		}
		records = append(records, record)
	}
	if err := parser.Err(); err != nil {
		return nil, nil, err
	}
	if soa == nil {
		return nil, nil, errors.New("it has no SOA record")
	}
	return soa, records, nil
}

// write replaces the file in one step: a name server reads either the old or the new
// zone, and a crash leaves one of them.
func (z *Zone) write(soa *dns.SOA, records []dns.RR) (err error) {
	file, err := os.CreateTemp(filepath.Dir(z.File), filepath.Base(z.File)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	text := soa.String() + "\n"
	for _, record := range records {
		text += record.String() + "\n"
	}
	_, incomplete := file.WriteString(text)
	err = errors.Join(incomplete, file.Chmod(0o644), file.Sync(), file.Close())
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), z.File)
}

func sorted(records []dns.RR) []dns.RR {
	return slices.SortedFunc(slices.Values(records), func(a, b dns.RR) int { return strings.Compare(a.String(), b.String()) })
}
