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

package plugin

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const forceDeleteExamples = `  # A cluster that is being deleted, and whose adapters no longer exist
  kubectl delete clusters.hyperfleet web --wait=false
  %[1]s force-delete cluster web --reason "the cloud account is closed"

  # One of its nodepools
  %[1]s force-delete nodepool web.workers --reason "the zone is gone"`

type forceDeleteOptions struct {
	streams genericiooptions.IOStreams
	config  *genericclioptions.ConfigFlags
	reason  string
}

func newForceDeleteCommand(streams genericiooptions.IOStreams, program string) *cobra.Command {
	options := forceDeleteOptions{streams: streams, config: genericclioptions.NewConfigFlags(true)}
	command := &cobra.Command{
		Use:     "force-delete cluster|nodepool NAME --reason REASON",
		Short:   "Delete an object without waiting for its adapters",
		Long:    "Remove a cluster or nodepool that is being deleted, without waiting for its adapters.\nThe resources that the adapters have created stay behind. The command needs the ClusterRole hyperfleet-force-deleter, and cannot be undone.",
		Example: fmt.Sprintf(forceDeleteExamples, program),
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return options.run(cmd.Context(), args[0], args[1])
		},
	}
	options.config.CacheDir = nil // the plugin runs no discovery, so it caches nothing
	options.config.AddFlags(command.Flags())
	command.Flags().StringVar(&options.reason, "reason", "", "Reason for the deletion by force, 1 to 1024 characters. The Event and the API server's audit log record it.")
	return command
}

// run sets the annotation that forces the deletion. The API server checks that the user
// may set it, and that the object is being deleted.
func (o *forceDeleteOptions) run(ctx context.Context, resource, name string) error {
	c := findCollection(resource)
	if c == nil || c.resource == "adapterstatuses" {
		return fmt.Errorf("%q cannot be deleted by force, want cluster or nodepool", resource)
	}
	namespace, _, err := o.config.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return err
	}
	client, err := newClient(o.config)
	if err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"annotations": map[string]string{v1.ForceDeleteAnnotation: o.reason},
	}})
	if err != nil {
		return fmt.Errorf("make a patch of %s: %w", name, err)
	}
	if err := client.Patch(types.MergePatchType).Namespace(namespace).Resource(c.resource).Name(name).Body(patch).Do(ctx).Error(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.streams.Out, "%s.%s/%s will not wait for its adapters\n", c.aliases[0], v1.GroupVersion.Group, name)
	return err
}
