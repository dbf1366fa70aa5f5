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
	"maps"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/adapter"
)

// Jobs runs a Job for each generation of each Cluster.
type Jobs struct {
	Adapter   string // its name
	Namespace string // of the Jobs
	Template  batchv1.Job
	API       client.Client
}

// Labels of a Job. Unlike a Cluster's name, the id is never reused.
const (
	adapterLabel    = "adapter-job.hyperfleet.io/adapter"
	idLabel         = "adapter-job.hyperfleet.io/id"
	generationLabel = "adapter-job.hyperfleet.io/generation"
)

// keepLast is how long Kubernetes keeps the Job of a deletion after its end. The adapter
// cannot delete it: the kit calls it for the deletion until the Cluster no longer exists,
// which other adapters may delay, and each call looks for the Job.
const keepLast = 24 * time.Hour

// NewAdapter returns the adapter. A deletion is one more generation, with its own Job.
func (j *Jobs) NewAdapter() adapter.Adapter {
	return adapter.Adapter{Name: j.Adapter, Kinds: []string{hyperfleetv1.ClusterKind}, Reconcile: j.run, Finalize: j.run}
}

// run starts the Job of the generation, unless it exists, and reports the Job's state.
// The Job's name depends on nothing but the Cluster and its generation: after a crash, a
// call finds the Job that the previous call created.
func (j *Jobs) run(ctx context.Context, parent hyperfleetv1.Parent) (adapter.Report, error) {
	if err := j.deleteOthers(ctx, parent); err != nil {
		return adapter.Report{}, err
	}
	wanted, err := j.job(parent)
	if err != nil {
		return adapter.Report{}, err
	}
	job := &batchv1.Job{}
	err = j.API.Get(ctx, client.ObjectKeyFromObject(wanted), job)
	if apierrors.IsNotFound(err) {
		if adapter.DryRun(ctx) {
			return adapter.Report{Reason: "JobCreated"}, nil
		}
		job, err = wanted, j.API.Create(ctx, wanted)
	}
	if err != nil {
		return adapter.Report{}, fmt.Errorf("run Job %s: %w", wanted.Name, err)
	}
	return reportOn(job), nil
}

// reportOn returns the report for the state of a Job.
func reportOn(job *batchv1.Job) adapter.Report {
	data := map[string]string{"job": job.Namespace + "/" + job.Name}
	for _, c := range job.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == batchv1.JobComplete:
			return adapter.Report{Status: metav1.ConditionTrue, Reason: "JobComplete", Data: data}
		case c.Type == batchv1.JobFailed:
			return adapter.Report{
				Status: metav1.ConditionFalse, Reason: "JobFailed", Message: c.Reason + ": " + c.Message, Data: data,
				Conditions: []hyperfleetv1.AdapterCondition{ // the Job itself retries
					{Type: hyperfleetv1.StalledCondition, Status: metav1.ConditionTrue, Reason: "JobFailed", Message: "Job " + job.Name + " failed. Delete it to run it again"},
				},
			}
		}
	}
	return adapter.Report{Reason: "JobRunning", Data: data}
}

// job returns the Job for the current generation of a parent.
func (j *Jobs) job(parent hyperfleetv1.Parent) (*batchv1.Job, error) {
	cluster, ok := parent.(*hyperfleetv1.Cluster)
	if !ok {
		return nil, fmt.Errorf("%T is no Cluster", parent)
	}
	job := j.Template.DeepCopy()
	job.Namespace = j.Namespace
	id, generation := hyperfleetv1.ID(parent.GetUID()), strconv.FormatInt(parent.GetGeneration(), 10)
	job.Name = fmt.Sprintf("%s-%s-%s", j.Adapter, id, generation)
	own := map[string]string{adapterLabel: j.Adapter, idLabel: id, generationLabel: generation}
	if job.Labels == nil {
		job.Labels = map[string]string{}
	}
	maps.Copy(job.Labels, own)
	environment := []corev1.EnvVar{
		{Name: "CLUSTER", Value: parent.GetName()},
		{Name: "GENERATION", Value: generation},
		{Name: "SPEC", Value: string(cluster.Spec.Raw)},
		{Name: "DELETED", Value: strconv.FormatBool(parent.GetDeletionTimestamp() != nil)},
	}
	if parent.GetDeletionTimestamp() != nil {
		job.Spec.TTLSecondsAfterFinished = new(int32(keepLast.Seconds()))
	}
	containers := job.Spec.Template.Spec.Containers
	for i := range containers {
		containers[i].Env = append(containers[i].Env, environment...)
	}
	return job, nil
}

// deleteOthers deletes the Jobs of a parent except that of the current generation. Their
// Pods end with them.
func (j *Jobs) deleteOthers(ctx context.Context, parent hyperfleetv1.Parent) error {
	if adapter.DryRun(ctx) {
		return nil
	}
	jobs := &batchv1.JobList{}
	own := client.MatchingLabels{adapterLabel: j.Adapter, idLabel: hyperfleetv1.ID(parent.GetUID())}
	if err := j.API.List(ctx, jobs, client.InNamespace(j.Namespace), own); err != nil {
		return fmt.Errorf("list Jobs: %w", err)
	}
	for i := range jobs.Items {
		job := &jobs.Items[i]
		if job.Labels[generationLabel] == strconv.FormatInt(parent.GetGeneration(), 10) {
			continue
		}
		err := client.IgnoreNotFound(j.API.Delete(ctx, job, client.PropagationPolicy(metav1.DeletePropagationBackground)))
		if err != nil {
			return fmt.Errorf("delete Job %s: %w", job.Name, err)
		}
	}
	return nil
}
