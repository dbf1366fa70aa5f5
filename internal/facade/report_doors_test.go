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
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// reportDoors write a report with these statuses by condition type: over REST, and as an
// object.
var reportDoors = map[string]func(t *testing.T, cluster rest.Cluster, adapter string, generation, minute int, said map[string]string){
	"REST": func(t *testing.T, cluster rest.Cluster, adapter string, generation, minute int, said map[string]string) {
		t.Helper()
		conditions := []map[string]string{}
		for conditionType, status := range said {
			conditions = append(conditions, map[string]string{"type": conditionType, "status": status})
		}
		text, err := json.Marshal(conditions)
		if err != nil {
			t.Fatal(err)
		}
		post(t, cluster.Href+"/statuses", fmt.Sprintf(`{"adapter":%q,"observed_generation":%d,"observed_time":%q,"conditions":%s}`,
			adapter, generation, noon.Add(time.Duration(minute)*time.Minute).Format(time.RFC3339), text)).want(t, http.StatusCreated)
	},
	"kubectl": func(t *testing.T, cluster rest.Cluster, adapter string, generation, minute int, said map[string]string) {
		t.Helper()
		report := &v1.AdapterStatus{}
		key := client.ObjectKey{Namespace: "default", Name: v1.AdapterStatusName(cluster.Name, adapter)}
		err := suite.env.Client.Get(t.Context(), key, report)
		report.Spec.ObservedGeneration, report.Spec.ObservedTime = int64(generation), v1.NewTimestamp(noon.Add(time.Duration(minute)*time.Minute))
		report.Spec.Conditions = nil
		for conditionType, status := range said {
			report.Spec.Conditions = append(report.Spec.Conditions, v1.AdapterCondition{Type: conditionType, Status: metav1.ConditionStatus(status)})
		}
		if err == nil {
			err = suite.env.Client.Update(t.Context(), report)
		} else {
			report.Namespace, report.Name, report.Spec.Adapter = key.Namespace, key.Name, adapter
			report.Spec.ResourceRef = v1.ResourceReference{Kind: v1.ClusterKind, Name: cluster.Name}
			err = suite.env.Client.Create(t.Context(), report)
		}
		if err != nil {
			t.Fatal(err)
		}
	},
}

// readySays waits until Ready has a message.
func readySays(t *testing.T, cluster rest.Cluster, message string) {
	t.Helper()
	eventually(t, "Ready: "+message, func() bool {
		return strings.HasPrefix(condition(t, getCluster(t, cluster.ID).Status, v1.ReadyCondition).Message, message)
	})
}

// An adapter starts work on a new generation with Available=Unknown. Its result of the
// previous generation stays known.
func TestNewGenerationIsTakenUp(t *testing.T) {
	for name, report := range reportDoors {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t, "")
			report(t, cluster, "dns", 1, 0, map[string]string{"Available": "False"})
			readySays(t, cluster, "dns: Available=False; validator: not reported")
			raiseGeneration(t, cluster.Name)
			report(t, cluster, "dns", 2, 1, map[string]string{"Available": "Unknown"})
			eventually(t, "REST shows the report", func() bool {
				all := statuses(t, cluster.Href)
				return all[0].ObservedGeneration == 2 && all[0].Conditions[0].Status == "Unknown"
			})
			readySays(t, cluster, "dns: at generation 1, Available=False; validator: not reported")
			if c := condition(t, getCluster(t, cluster.ID).Status, "DnsSuccessful"); c.Status != "False" || c.ObservedGeneration != 1 {
				t.Errorf("DnsSuccessful is %+v", c)
			}
		})
	}
}

// Finalized=True counts together with Available=Unknown, even if a result is known. An
// adapter that no longer reports Finalized has withdrawn it.
func TestFinalizedCounts(t *testing.T) {
	for name, report := range reportDoors {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t, "")
			for _, adapter := range []string{"dns", "validator"} {
				report(t, cluster, adapter, 1, 0, map[string]string{"Available": "True"})
			}
			readySays(t, cluster, "All adapters report ready")
			remove(t, cluster.Href).want(t, http.StatusAccepted)
			readySays(t, cluster, "dns: at generation 1; validator: at generation 1")
			report(t, cluster, "dns", 2, 1, map[string]string{"Available": "Unknown", "Finalized": "True"})
			readySays(t, cluster, "validator: at generation 1")
			report(t, cluster, "validator", 2, 1, map[string]string{"Available": "False"})
			readySays(t, cluster, "validator: no Finalized condition")

			report(t, cluster, "dns", 2, 2, map[string]string{"Available": "False"})
			readySays(t, cluster, "dns: no Finalized condition; validator: no Finalized condition")
			report(t, cluster, "dns", 2, 3, map[string]string{"Available": "Unknown", "Finalized": "True"})
			readySays(t, cluster, "validator: no Finalized condition")
			report(t, cluster, "dns", 2, 4, map[string]string{"Health": "True"})
			readySays(t, cluster, "dns: no Finalized condition; validator: no Finalized condition")

			for _, adapter := range []string{"dns", "validator"} {
				report(t, cluster, adapter, 2, 5, map[string]string{"Available": "Unknown", "Finalized": "True"})
			}
			eventually(t, "cluster is gone", func() bool { return get(t, cluster.Href).status == http.StatusNotFound })
		})
	}
}
