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
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hyperfleet-io/hyperfleet/internal/server"
)

func newSnapshotCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "snapshot",
		Short: "Save or restore a snapshot of the server's data",
		Args:  cobra.NoArgs,
	}
	command.AddCommand(newSaveCommand(), newRestoreCommand())
	return command
}

func newSaveCommand() *cobra.Command {
	o := &server.Options{}
	command := &cobra.Command{
		Use:   "save FILE",
		Short: "Save a snapshot of the running server's data to a new file",
		Long:  "Save a snapshot of the running server's data to a new file, as etcdctl snapshot save does.\nThe credentials in the folder pki of the data directory are not part of it.",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if err := o.SaveSnapshot(command.Context(), args[0]); err != nil {
				return err
			}
			fmt.Fprintf(command.OutOrStdout(), "Saved %s\n", args[0])
			return nil
		},
	}
	o.BindDataDir(command.Flags())
	return command
}

func newRestoreCommand() *cobra.Command {
	o := &server.Options{}
	command := &cobra.Command{
		Use:   "restore FILE",
		Short: "Replace the data of a stopped server with a snapshot",
		Long:  "Replace the data of a stopped server with a snapshot. The previous data are moved aside and stay in the data directory.",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			previous, err := o.RestoreSnapshot(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(command.OutOrStdout(), "Restored %s\n", args[0])
			if previous != "" {
				fmt.Fprintf(command.OutOrStdout(), "The previous data are in %s\n", previous)
			}
			return nil
		},
	}
	o.BindDataDir(command.Flags())
	return command
}

func newRotateCommand() *cobra.Command {
	o := &server.Options{}
	command := &cobra.Command{
		Use:   "rotate-admin",
		Short: "Replace the administrator's token of a stopped server",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := o.RotateAdmin(); err != nil {
				return err
			}
			fmt.Fprintf(command.OutOrStdout(), "The next start writes the new token to %s\n", o.KubeconfigFile())
			return nil
		},
	}
	o.BindDataDir(command.Flags())
	return command
}
