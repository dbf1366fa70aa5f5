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

// Adapter-dns keeps the records of all Clusters in a DNS zone file, which a name server
// such as CoreDNS or BIND serves. A Cluster states its addresses in spec.dns:
//
//	spec:
//	  dns:
//	    api: [192.0.2.1]
//	    ingress: [192.0.2.2, 2001:db8::2]
//
// In the zone example.com, the Cluster my-cluster then has api.my-cluster.example.com and
// *.apps.my-cluster.example.com.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/netip"

	"github.com/miekg/dns"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/adapter"
)

func main() {
	zone := &Zone{}
	flag.StringVar(&zone.Origin, "zone", "example.com", "Name of the zone.")
	flag.StringVar(&zone.File, "zone-file", "zone.db", "File of the zone. The adapter is its only writer.")
	adapter.Main(newAdapter(zone))
}

func newAdapter(zone *Zone) adapter.Adapter {
	return adapter.Adapter{
		Name:  "dns",
		Kinds: []string{hyperfleetv1.ClusterKind},
		Reconcile: func(ctx context.Context, parent hyperfleetv1.Parent) (adapter.Report, error) {
			cluster := parent.(*hyperfleetv1.Cluster)
			records, err := recordsOf(cluster, zone.Origin)
			if err != nil {
				return stalled("InvalidSpec", err), nil
			}
			if adapter.DryRun(ctx) {
				return adapter.Report{Status: metav1.ConditionTrue, Reason: "RecordsWritten"}, nil
			}
			err = zone.Put(owner(cluster), records)
			var taken *TakenError
			if errors.As(err, &taken) {
				return stalled("NameTaken", err), nil
			}
			if err != nil {
				return adapter.Report{}, err
			}
			names := []string{}
			for _, record := range records {
				names = append(names, record.Header().Name)
			}
			return adapter.Report{Status: metav1.ConditionTrue, Reason: "RecordsWritten", Data: map[string]any{"records": names}}, nil
		},
		Finalize: func(ctx context.Context, parent hyperfleetv1.Parent) (adapter.Report, error) {
			if !adapter.DryRun(ctx) {
				if err := zone.Put(owner(parent), nil); err != nil {
					return adapter.Report{}, err
				}
			}
			return adapter.Report{Status: metav1.ConditionTrue, Reason: "RecordsRemoved"}, nil
		},
	}
}

// stalled is the report for a fault that only a change of the spec fixes.
func stalled(reason string, err error) adapter.Report {
	return adapter.Report{
		Status: metav1.ConditionFalse, Reason: reason, Message: err.Error(),
		Conditions: []hyperfleetv1.AdapterCondition{
			{Type: hyperfleetv1.StalledCondition, Status: metav1.ConditionTrue, Reason: reason, Message: err.Error()},
		},
	}
}

func owner(parent hyperfleetv1.Parent) string { return parent.GetNamespace() + "/" + parent.GetName() }

const ttl = 300 // seconds

// recordsOf returns the records that a Cluster needs.
func recordsOf(cluster *hyperfleetv1.Cluster, origin string) ([]dns.RR, error) {
	var spec struct {
		DNS struct {
			API     []netip.Addr `json:"api"`
			Ingress []netip.Addr `json:"ingress"`
		} `json:"dns"`
	}
	if err := json.Unmarshal(cluster.Spec.Raw, &spec); err != nil {
		return nil, fmt.Errorf("spec.dns: %w", err)
	}
	base := cluster.Name + "." + dns.Fqdn(origin)
	var records []dns.RR
	for name, addresses := range map[string][]netip.Addr{"api." + base: spec.DNS.API, "*.apps." + base: spec.DNS.Ingress} {
		for _, address := range addresses {
			if !address.IsValid() || address.Zone() != "" {
				return nil, fmt.Errorf("spec.dns: %q is no address for a record", address)
			}
			header := dns.RR_Header{Name: name, Class: dns.ClassINET, Ttl: ttl}
			if address.Unmap().Is4() {
				header.Rrtype = dns.TypeA
				records = append(records, &dns.A{Hdr: header, A: address.Unmap().AsSlice()})
			} else {
				header.Rrtype = dns.TypeAAAA
				records = append(records, &dns.AAAA{Hdr: header, AAAA: address.AsSlice()})
			}
		}
	}
	return sorted(records), nil
}
