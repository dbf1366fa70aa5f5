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

package testenv

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/client-go/discovery"
)

// Mutations returns the number of evaluations of a mutating admission policy by the
// API server. A write that the policy's match conditions exclude does not count.
func (e *Env) Mutations(ctx context.Context, policy string) (int, error) {
	api, err := discovery.NewDiscoveryClientForConfig(e.Config)
	if err != nil {
		return 0, fmt.Errorf("make a client: %w", err)
	}
	metrics, err := api.RESTClient().Get().AbsPath("/metrics").Do(ctx).Raw()
	if err != nil {
		return 0, fmt.Errorf("read the API server's metrics: %w", err)
	}
	total := 0
	for line := range bytes.Lines(metrics) {
		name, value, _ := strings.Cut(string(line), "} ")
		if !strings.HasPrefix(name, "apiserver_mutating_admission_policy_check_total{") || !strings.Contains(name, fmt.Sprintf("policy=%q", policy)) {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", name, err)
		}
		total += int(n)
	}
	return total, nil
}
