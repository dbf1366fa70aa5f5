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

// Hyperfleet is the API of a fleet of managed Kubernetes clusters, in one program:
// hyperfleet server runs it with its own API server and etcd, and hyperfleet manager runs
// it with the API server of an existing cluster.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"

	"github.com/hyperfleet-io/hyperfleet/internal/plugin"
	"github.com/hyperfleet-io/hyperfleet/internal/version"
)

func main() {
	// Kubernetes' packages register the flags of Kubernetes' own programs here, and cobra
	// would add those flags to every command.
	pflag.CommandLine = pflag.NewFlagSet(os.Args[0], pflag.ExitOnError)
	if filepath.Base(os.Args[0]) == "kubectl" { // a link with that name
		runKubectl(os.Args[1:])
		return
	}
	if err := newCommand().Execute(); err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	command := &cobra.Command{
		Use:           "hyperfleet",
		Short:         "The API of a fleet of managed Kubernetes clusters",
		Version:       version.Get().Version,
		SilenceErrors: true, // main prints them
		SilenceUsage:  true,
	}
	command.AddCommand(newServerCommand(), newManagerCommand(), newKubectlCommand())
	command.AddCommand(plugin.Commands(streams, command.Name())...)
	return command
}

func newKubectlCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "kubectl",
		Short:              "Run kubectl, which is built in",
		DisableFlagParsing: true,
		Run:                func(_ *cobra.Command, args []string) { runKubectl(args) },
	}
}

// runKubectl is the main function of Kubernetes' kubectl, which reads its arguments from
// os.Args.
func runKubectl(args []string) {
	os.Args = append([]string{"kubectl"}, args...)
	logs.GlogSetter(kubectl.GetLogVerbosity(os.Args)) //nolint:errcheck // as in kubectl: a wrong level is reported with the flags
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err)
	}
}
