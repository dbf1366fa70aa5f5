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

package server_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// devUser may do everything with HyperFleet's resources.
const devUser = "dev@hyperfleet.local"

// BenchmarkReports creates reports as the facade does, in the process and on the
// network. CPU time is of the whole process: client, API server and etcd.
func BenchmarkReports(b *testing.B) {
	withPlane(b, func(ctx context.Context, p plane) {
		var created atomic.Int64
		for _, way := range []struct {
			name   string
			config *rest.Config
		}{{"network", p.wire}, {"in process", p.manager}} {
			c := newClient(b, way.config)
			b.Run(way.name, func(b *testing.B) {
				b.SetParallelism(4)
				before := cpuTime(b)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := c.Create(ctx, newReport(created.Add(1))); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
			})
		}
	})
}

// newClient returns a client that acts as devUser.
func newClient(tb testing.TB, config *rest.Config) client.Client {
	tb.Helper()
	scheme := newScheme(tb)
	plain, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		tb.Fatal(err)
	}
	config = rest.CopyConfig(config)
	config.Impersonate = rest.ImpersonationConfig{UserName: devUser}
	c, err := client.New(config, client.Options{Scheme: scheme, Mapper: plain.RESTMapper()}) // the user may not discover
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func newScheme(tb testing.TB) *runtime.Scheme {
	tb.Helper()
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		tb.Fatal(err)
	}
	return scheme
}

// newReport returns a report with the times that the admission policies would set.
func newReport(number int64) *v1.AdapterStatus {
	observed := v1.NewTimestamp(time.Now())
	report := &v1.AdapterStatus{Spec: v1.AdapterStatusSpec{
		ResourceRef:        v1.ResourceReference{Kind: v1.ClusterKind, Name: fmt.Sprintf("bench-%d", number), UID: "4f3e2d1c-0000-4000-8000-000000000000"},
		Adapter:            "dns",
		ObservedGeneration: 1,
		ObservedTime:       observed,
	}}
	report.Namespace, report.Name = "default", v1.AdapterStatusName(report.Spec.ResourceRef.Name, "dns")
	report.Annotations = map[string]string{v1.FirstObservedAnnotation: observed.UTC().Format(time.RFC3339Nano)}
	for _, kind := range []string{"Applied", "Available", "Health"} {
		report.Spec.Conditions = append(report.Spec.Conditions, v1.AdapterCondition{
			Type: kind, Status: metav1.ConditionTrue, Reason: "Done", Message: "All records exist", LastTransitionTime: observed,
		})
	}
	return report
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
