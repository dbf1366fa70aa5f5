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
	"fmt"
	"net/http"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// BenchmarkReport compares replacing a report that was made over REST with replacing a
// report that a client has applied.
func BenchmarkReport(b *testing.B) {
	for _, applied := range []bool{false, true} {
		b.Run(fmt.Sprintf("applied=%t", applied), func(b *testing.B) {
			r := newReported(b)
			r.post(b, 1, noon, finding("Available", "True", ""), "")
			if applied {
				r.apply(b, "gitops", "", r.spec(noon.Add(time.Minute), finding("Available", "False", ""), ""), client.ForceOwnership)
			}
			observed := noon.Add(time.Hour)
			for b.Loop() {
				observed = observed.Add(time.Second)
				post(b, r.href+"/statuses", reportBody("dns", 1, observed, "True")).want(b, http.StatusCreated)
			}
			key := client.ObjectKey{Namespace: "default", Name: v1.AdapterStatusName(r.name, "dns")}
			if row, ok := suite.replica.Reports.Index.GetByKey(key); !ok || row.Applied != applied {
				b.Errorf("applied: %t", row.Applied)
			}
		})
	}
}
