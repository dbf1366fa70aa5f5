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

package controlplane

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hyperfleet-io/hyperfleet/internal/server/install"
)

// Install applies a kustomization that contains the custom resources and the admission
// policies, and waits until both are in force.
func (c *ControlPlane) Install(ctx context.Context, kustomization string) error {
	if err := c.kubectl(ctx, "apply", "--server-side", "--force-conflicts",
		"--field-manager=hyperfleet-test", "-k", kustomization); err != nil {
		return fmt.Errorf("apply %s: %w", kustomization, err)
	}
	marker, err := install.Mark(ctx, c.RESTConfig(Admin), metav1.NamespaceDefault)
	if err != nil {
		return fmt.Errorf("mark the admission policies: %w", err)
	}
	if err := install.WaitInForce(ctx, c.RESTConfig(Admin), metav1.NamespaceDefault, marker); err != nil {
		return fmt.Errorf("wait for the custom resources and admission policies: %w", err)
	}
	return nil
}

// kubectl runs kubectl as Admin, in a process group that Ctrl-C does not reach.
func (c *ControlPlane) kubectl(ctx context.Context, args ...string) error {
	args = append([]string{
		"--kubeconfig=" + c.KubeconfigFile(Admin),
		"--cache-dir=" + filepath.Join(c.config.Dir, "kubectl-cache"),
	}, args...)
	cmd := exec.CommandContext(ctx, filepath.Join(c.config.Assets, "kubectl"), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("kubectl: %w:\n%s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return nil
}
