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
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/adapter"
	"github.com/hyperfleet-io/hyperfleet/client/testenv"
)

// suite is a control plane in which the adapter runs. No Job controller runs there: the
// test ends each Job.
type suite struct {
	env     *testenv.Env
	cluster *hyperfleetv1.Cluster
}

// TestLife runs a Job for each generation of a Cluster, including that of its deletion.
func TestLife(t *testing.T) {
	ctrl.SetLogger(klog.NewKlogr())
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	env, err := testenv.Start(ctx)
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{env: env, cluster: &hyperfleetv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "my-cluster"}}}
	s.cluster.Spec.Raw = []byte(`{"region":"us-east"}`)
	defer s.run(ctx, t)()
	if err := env.Client.Create(ctx, s.cluster); err != nil {
		t.Fatal(err)
	}

	s.waitForReport(ctx, t, 1, hyperfleetv1.AvailableCondition, metav1.ConditionUnknown, "JobRunning")
	first := s.job(ctx, t, 1)
	want := "CLUSTER=my-cluster GENERATION=1 SPEC={\"region\":\"us-east\"} DELETED=false"
	if got := environment(first); got != want {
		t.Errorf("the Job has the environment %s, want %s", got, want)
	}
	s.end(ctx, t, first, batchv1.JobComplete)
	s.waitForReport(ctx, t, 1, hyperfleetv1.AvailableCondition, metav1.ConditionTrue, "JobComplete")

	s.cluster.Spec.Raw = []byte(`{"region":"eu-west"}`)
	if err := env.Client.Update(ctx, s.cluster); err != nil {
		t.Fatal(err)
	}
	s.waitForReport(ctx, t, 2, hyperfleetv1.AvailableCondition, metav1.ConditionUnknown, "JobRunning")
	s.end(ctx, t, s.job(ctx, t, 2), batchv1.JobFailed)
	s.waitForReport(ctx, t, 2, hyperfleetv1.StalledCondition, metav1.ConditionTrue, "JobFailed")

	if err := env.Client.Delete(ctx, s.cluster); err != nil {
		t.Fatal(err)
	}
	s.waitForReport(ctx, t, 3, hyperfleetv1.FinalizedCondition, metav1.ConditionFalse, "JobRunning")
	s.end(ctx, t, s.job(ctx, t, 3), batchv1.JobComplete)
	s.waitForReport(ctx, t, 3, hyperfleetv1.FinalizedCondition, metav1.ConditionTrue, "JobComplete")
	// While another adapter still works, the kit calls this adapter again.
	if last := s.job(ctx, t, 3); last.Spec.TTLSecondsAfterFinished == nil {
		t.Error("the Job of the deletion stays for ever")
	}
}

// run starts the adapter and returns the function that stops it.
func (s *suite) run(ctx context.Context, t *testing.T) (stop func()) {
	t.Helper()
	content, err := os.ReadFile("job.yaml")
	if err != nil {
		t.Fatal(err)
	}
	jobs := &Jobs{Adapter: "job", Namespace: "default", API: s.env.Client}
	if err := yaml.UnmarshalStrict(content, &jobs.Template); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		done <- adapter.Run(ctx, jobs.NewAdapter(), adapter.Config{Kubernetes: s.env.Config, Options: adapter.Options{Working: 50 * time.Millisecond}})
	}()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func (s *suite) jobs(ctx context.Context, t *testing.T) []batchv1.Job {
	t.Helper()
	jobs := &batchv1.JobList{}
	if err := s.env.Client.List(ctx, jobs, client.InNamespace("default")); err != nil {
		t.Fatal(err)
	}
	live := jobs.Items[:0]
	for _, job := range jobs.Items {
		if job.DeletionTimestamp == nil { // no garbage collector ends a deletion in the foreground
			live = append(live, job)
		}
	}
	return live
}

// job returns the Job of a generation, which must be the only one.
func (s *suite) job(ctx context.Context, t *testing.T, generation int) *batchv1.Job {
	t.Helper()
	jobs := s.jobs(ctx, t)
	if len(jobs) != 1 || jobs[0].Labels[generationLabel] != fmt.Sprint(generation) {
		t.Fatalf("there are %d Jobs, want one of generation %d: %+v", len(jobs), generation, jobs)
	}
	return &jobs[0]
}

// end ends a Job as the Job controller does.
func (s *suite) end(ctx context.Context, t *testing.T, job *batchv1.Job, how batchv1.JobConditionType) {
	t.Helper()
	now := metav1.Now()
	before := batchv1.JobSuccessCriteriaMet
	job.Status.StartTime = &now
	if how == batchv1.JobFailed {
		before = batchv1.JobFailureTarget
	} else {
		job.Status.CompletionTime = &now
	}
	for _, condition := range []batchv1.JobConditionType{before, how} {
		job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{Type: condition, Status: corev1.ConditionTrue, Reason: "Test", LastTransitionTime: now})
	}
	if err := s.env.Client.Status().Update(ctx, job); err != nil {
		t.Fatal(err)
	}
}

func environment(job *batchv1.Job) string {
	text := ""
	for _, variable := range job.Spec.Template.Spec.Containers[0].Env {
		if text != "" {
			text += " "
		}
		text += variable.Name + "=" + variable.Value
	}
	return text
}

// waitForReport waits until the adapter reports a condition at a generation.
func (s *suite) waitForReport(ctx context.Context, t *testing.T, generation int64, condition string, status metav1.ConditionStatus, reason string) {
	t.Helper()
	report := &hyperfleetv1.AdapterStatus{}
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
		if err := s.env.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: "my-cluster.job"}, report); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		for _, c := range report.Spec.Conditions {
			if c.Type == condition && c.Status == status && c.Reason == reason && report.Spec.ObservedGeneration == generation {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		t.Fatalf("wait for %s=%s (%s) at generation %d: %v; the last report is %+v", condition, status, reason, generation, err, report.Spec)
	}
}
