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

package charts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	authenticationv1 "k8s.io/api/authentication/v1"
)

// arguments returns the arguments of a container for a process that runs like the
// container: as the pod's service account, with the files of its volumes.
func (p *plane) arguments(ctx context.Context, dir, namespace string, spec *corev1.PodSpec, container *corev1.Container) ([]string, error) {
	if len(container.Command) < 2 || container.Command[0] != "/hyperfleet" {
		return nil, fmt.Errorf("the command of %s is %q", container.Name, container.Command)
	}
	folders := map[string]string{} // by the mount path
	for _, mount := range container.VolumeMounts {
		folder := filepath.Join(dir, mount.Name)
		if err := p.mount(ctx, folder, namespace, spec, mount.Name); err != nil {
			return nil, fmt.Errorf("mount %s: %w", mount.Name, err)
		}
		folders[mount.MountPath] = folder
	}
	args := append(slices.Clone(container.Command[1:]), container.Args...)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "$(POD_NAMESPACE)", namespace)
		for _, path := range slices.Backward(slices.Sorted(maps.Keys(folders))) { // longer paths first
			args[i] = strings.Replace(args[i], "="+path, "="+folders[path], 1)
		}
	}
	return args, nil
}

// mount writes the files of a volume into a folder.
func (p *plane) mount(ctx context.Context, folder, namespace string, spec *corev1.PodSpec, name string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	files := map[string][]byte{}
	for _, volume := range spec.Volumes {
		switch {
		case volume.Name != name:
		case volume.ConfigMap != nil:
			config, err := p.kubernetes.CoreV1().ConfigMaps(namespace).Get(ctx, volume.ConfigMap.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			for file, content := range config.Data {
				files[file] = []byte(content)
			}
		case volume.Secret != nil:
			secret, err := p.kubernetes.CoreV1().Secrets(namespace).Get(ctx, volume.Secret.SecretName, metav1.GetOptions{})
			if err != nil {
				return err
			}
			files = secret.Data
		}
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(folder, file), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// kubeconfigOf writes a kubeconfig with a token of a service account.
func (p *plane) kubeconfigOf(ctx context.Context, dir, namespace, account string) (string, error) {
	request, err := p.kubernetes.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("token of %s: %w", account, err)
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["plane"] = &clientcmdapi.Cluster{Server: p.config.Host, CertificateAuthorityData: p.config.CAData}
	config.AuthInfos[account] = &clientcmdapi.AuthInfo{Token: request.Status.Token}
	config.Contexts["plane"] = &clientcmdapi.Context{Cluster: "plane", AuthInfo: account}
	config.CurrentContext = "plane"
	file := filepath.Join(dir, account+".kubeconfig")
	return file, clientcmd.WriteToFile(*config, file)
}

// jobs runs the Jobs of a namespace, like the controller of Jobs and a kubelet.
type jobs struct {
	plane     *plane
	namespace string
	dir       string

	mu  sync.Mutex
	log bytes.Buffer
}

func (p *plane) runJobs(t *testing.T, namespace string) *jobs {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	j := &jobs{plane: p, namespace: namespace, dir: t.TempDir()}
	done := make(chan error, 1)
	go func() {
		done <- wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) { return false, j.run(ctx) })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("run Jobs: %v", err)
		}
	})
	return j
}

// run runs each Job that has not run yet.
func (j *jobs) run(ctx context.Context) error {
	list, err := j.plane.kubernetes.BatchV1().Jobs(j.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		job := &list.Items[i]
		if len(job.Status.Conditions) > 0 || job.DeletionTimestamp != nil {
			continue
		}
		began := metav1.Now()
		spec := &job.Spec.Template.Spec
		succeeded := true
		for _, container := range append(slices.Clone(spec.InitContainers), spec.Containers...) {
			if succeeded, err = j.runContainer(ctx, spec, &container); err != nil {
				return err
			}
			if !succeeded {
				break
			}
		}
		ended := metav1.Now()
		job.Status = batchv1.JobStatus{StartTime: &began, Conditions: conditionsOf(succeeded, ended)}
		if succeeded {
			job.Status.CompletionTime, job.Status.Succeeded = &ended, 1
		}
		if _, err := j.plane.kubernetes.BatchV1().Jobs(j.namespace).UpdateStatus(ctx, job, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func conditionsOf(succeeded bool, at metav1.Time) []batchv1.JobCondition {
	types := []batchv1.JobConditionType{batchv1.JobFailureTarget, batchv1.JobFailed}
	if succeeded {
		types = []batchv1.JobConditionType{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete}
	}
	var conditions []batchv1.JobCondition
	for _, kind := range types {
		conditions = append(conditions, batchv1.JobCondition{Type: kind, Status: corev1.ConditionTrue, LastProbeTime: at, LastTransitionTime: at})
	}
	return conditions
}

// runContainer reports whether the container's process succeeds.
func (j *jobs) runContainer(ctx context.Context, spec *corev1.PodSpec, container *corev1.Container) (bool, error) {
	args, err := j.plane.arguments(ctx, j.dir, j.namespace, spec, container)
	if err != nil {
		return false, err
	}
	kubeconfig, err := j.plane.kubeconfigOf(ctx, j.dir, j.namespace, spec.ServiceAccountName)
	if err != nil {
		return false, err
	}
	command := exec.CommandContext(ctx, program(), args...)
	command.Env = append(os.Environ(), "HOME="+j.dir, "KUBECONFIG="+kubeconfig)
	out, err := command.CombinedOutput()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.log.Write(out)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return false, err
	}
	return err == nil, nil
}

// logged returns the output of all Jobs.
func (j *jobs) logged() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.log.String()
}
