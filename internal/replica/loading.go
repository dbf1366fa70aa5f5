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

package replica

import (
	"context"
	"fmt"
	"strings"
)

// Loading returns how far the indexes are filled, such as "1200 of 20000 clusters, 0 of 0
// nodepools, 90 of 80000 statuses". It leaves out the totals if the API server does not
// answer.
func (r *Replica) Loading(ctx context.Context) string {
	var texts []string
	for _, of := range r.collections() {
		arrived := of.arrived()
		text := fmt.Sprintf("%d %s", arrived, of.Name)
		if stored, err := of.prober.Stored(ctx); err == nil {
			// Objects may have been deleted between their arrival and the count.
			text = fmt.Sprintf("%d of %d %s", arrived, max(arrived, stored), of.Name)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}
