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

// Adapter-job runs a Kubernetes Job for each generation of a Cluster. The Job gets the
// Cluster's name, generation and spec in the environment variables CLUSTER, GENERATION
// and SPEC. The Cluster is available at the generation once the Job is complete. For a
// deletion, another Job runs with DELETED set to true; Kubernetes removes that Job a day
// after its end.
//
// The template is a Job in YAML: -job-template. Jobs of earlier generations are deleted.
// The adapter needs the right to get, list, create and delete Jobs in its namespace,
// besides the ClusterRole hyperfleet-adapter.
package main

import (
	"flag"
	"fmt"
	"os"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/hyperfleet-io/hyperfleet/client/adapter"
)

func main() {
	ctrl.SetLogger(klog.NewKlogr())
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run() error {
	var c adapter.Config
	c.BindFlags(flag.CommandLine)
	file := flag.String("job-template", "job.yaml", "File of the Job to run, in YAML.")
	namespace := flag.String("job-namespace", "default", "Namespace of the Jobs.")
	name := flag.String("name", "job", "Name of the adapter. Jobs of different adapters are told apart by it.")
	flag.Parse()

	template := batchv1.Job{}
	content, err := os.ReadFile(*file)
	if err != nil {
		return fmt.Errorf("read the template: %w", err)
	}
	if err := yaml.UnmarshalStrict(content, &template); err != nil {
		return fmt.Errorf("read the template %s: %w", *file, err)
	}
	if c.Kubernetes, err = ctrl.GetConfig(); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := batchv1.AddToScheme(scheme); err != nil {
		return err
	}
	api, err := client.New(c.Kubernetes, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("access the API server: %w", err)
	}
	jobs := &Jobs{Adapter: *name, Namespace: *namespace, Template: template, API: api}
	return adapter.Run(ctrl.SetupSignalHandler(), jobs.NewAdapter(), c)
}
