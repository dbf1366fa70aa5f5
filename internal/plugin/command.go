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
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// Commands returns the commands of the program, which their examples name.
func Commands(streams genericiooptions.IOStreams, program string) []*cobra.Command {
	return []*cobra.Command{newSearchCommand(streams, program), newForceDeleteCommand(streams, program), newVersionCommand(streams)}
}

const searchExamples = `  # Clusters that are not ready, those that changed last first
  %[1]s search "status.conditions.Ready='False'" --order-by "updated_time desc"

  # NodePools of a cluster whose spec asks for more than 10 replicas, with all columns
  %[1]s search nodepools "spec.clusterName='web' and spec.replicas > 10" -o wide

  # What the adapter dns reported, in all namespaces, as YAML
  %[1]s search adapterstatuses "adapter='dns'" -A -o yaml

  # The selectors that a search becomes
  %[1]s search "labels.environment='dev' and status.conditions.Ready='True'" --explain`

func newSearchCommand(streams genericiooptions.IOStreams, program string) *cobra.Command {
	options := searchOptions{
		streams: streams,
		config:  genericclioptions.NewConfigFlags(true),
		print:   genericclioptions.NewPrintFlags(""),
	}
	command := &cobra.Command{
		Use:     "search [clusters|nodepools|adapterstatuses] [SEARCH]",
		Short:   "Print the objects that a search in TSL returns",
		Long:    "Print the clusters, nodepools or adapterstatuses that a search in TSL, the language of the REST API, returns.\nWithout a search, the command prints all objects. The newest object is first, as in the REST API, unless --order-by sets another order.",
		Example: fmt.Sprintf(searchExamples, program),
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			query, err := parseQuery(args, options.orderBy, options.limit)
			if err != nil {
				return err
			}
			if options.explain {
				return options.printExplanation(query)
			}
			return options.search(cmd.Context(), query)
		},
	}
	flags := command.Flags()
	options.config.CacheDir = nil // the plugin runs no discovery, so it caches nothing
	options.config.AddFlags(flags)
	options.print.AddFlags(command)
	flags.Lookup("output").Usage = fmt.Sprintf("Output format. One of: (%s).", strings.Join(append(options.print.AllowedFormats(), "wide"), ", "))
	flags.BoolVarP(&options.allNamespaces, "all-namespaces", "A", false, "Search the objects of all namespaces.")
	flags.BoolVar(&options.table.NoHeaders, "no-headers", false, "Do not print the headers of the table.")
	flags.BoolVar(&options.table.ShowLabels, "show-labels", false, "Print all labels as the last column of the table.")
	flags.StringSliceVarP(&options.table.ColumnLabels, "label-columns", "L", nil, "Keys of labels to print as columns of the table, separated by commas.")
	flags.StringVar(&options.orderBy, "order-by", "", `Fields to order by, the most significant first, as in "name asc,created_time desc".`)
	flags.IntVar(&options.limit, "limit", 0, "Maximum number of objects to print, 0 for all.")
	flags.BoolVar(&options.explain, "explain", false, "Print the label and field selectors of the search, or why selectors cannot express it, instead of searching.")
	return command
}
