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
	"net/http"
	"path/filepath"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

func (c *ControlPlane) etcdSpec() process.Spec {
	return process.Spec{
		Name: EtcdName,
		Dir:  c.config.LogDir(),
		Path: filepath.Join(c.config.Assets, EtcdName),
		Args: append([]string{
			"--name=local",
			"--data-dir=" + filepath.Join(c.config.Dir, EtcdName),
			"--listen-client-urls=" + c.etcdURL(),
			"--advertise-client-urls=" + c.etcdURL(),
			// A single member has no peers, so any free port will do.
			"--listen-peer-urls=http://" + hostPort(0),
			"--log-level=warn",
		}, c.config.EtcdArgs...),
	}
}

func (c *ControlPlane) etcdURL() string { return "http://" + hostPort(c.config.EtcdPort) }

func (c *ControlPlane) etcdHealth() process.Probe {
	return process.HTTPProbe(http.DefaultClient, c.etcdURL()+"/health")
}
