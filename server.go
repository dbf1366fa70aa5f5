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
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-logr/zapr"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/config"
	"github.com/hyperfleet-io/hyperfleet/controllers"
	"github.com/hyperfleet-io/hyperfleet/internal/adapters"
	"github.com/hyperfleet-io/hyperfleet/internal/server"
	"github.com/hyperfleet-io/hyperfleet/internal/serving"
	"github.com/hyperfleet-io/hyperfleet/internal/version"
)

// serverDefaults are the server's own defaults for flags of the manager. By default, the
// server listens on loopback only.
var serverDefaults = map[string]string{
	"facade-bind-address":       "127.0.0.1:8000",
	"health-probe-bind-address": "127.0.0.1:8080",
	"metrics-bind-address":      "127.0.0.1:9090",
	"drain-delay":               "0s", // there is no load balancer to wait for
}

// leaderElectionFlags is the prefix of the flags of leader election. Only the manager has
// these flags.
const leaderElectionFlags = "leader-elect"

// settleTime is how long the reconcilers and Kubernetes' controllers load a large fleet
// after the first answer.
const settleTime = 30 * time.Second

// serverOptions configure the control plane, and the manager in the same process.
type serverOptions struct {
	*options
	plane   *server.Options
	logFile string
}

func newServerCommand() *cobra.Command {
	o := &serverOptions{options: newOptions(), plane: server.NewOptions()}
	command := &cobra.Command{
		Use:   "server",
		Short: "Run HyperFleet with its own API server and etcd",
		Long: "Run HyperFleet in one process: etcd, Kubernetes' API server, the reconcilers and the REST API.\n" +
			"Everything that it needs is created in the data directory on the first start.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			// A closed terminal sends SIGHUP.
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			context.AfterFunc(ctx, stop) // a second signal ends the process at once
			return o.run(ctx, command.OutOrStdout())
		},
	}
	o.bind(command)
	command.AddCommand(newSnapshotCommand(), newRotateCommand())
	return command
}

func (o *serverOptions) bind(command *cobra.Command) {
	flags := flag.NewFlagSet(command.Name(), flag.ContinueOnError)
	o.options.bind(flags)
	o.plane.BindFlags(command.Flags())
	flags.VisitAll(func(f *flag.Flag) {
		if value, ok := serverDefaults[f.Name]; ok {
			f.DefValue = value
			if err := f.Value.Set(value); err != nil {
				panic(err) // a constant above is wrong
			}
		}
	})
	command.Flags().AddGoFlagSet(flags)
	command.SetFlagErrorFunc(explainFlagError)
	command.Flags().StringVar(&o.logFile, "log-file", "", "File to append the log to, instead of standard error.")
}

// explainFlagError explains why the server lacks a flag of the manager.
func explainFlagError(_ *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && strings.HasPrefix(unknown.GetSpecifiedName(), leaderElectionFlags) {
		return fmt.Errorf("--%s is a flag of hyperfleet manager: the server is a single process and elects no leader", unknown.GetSpecifiedName())
	}
	return err
}

func (o *serverOptions) run(ctx context.Context, out io.Writer) error {
	began := time.Now()
	if err := o.complete(); err != nil {
		return err
	}
	closeLog, err := o.openLog()
	if err != nil {
		return err
	}
	defer closeLog()
	raw := zap.NewRaw(zap.UseFlagOptions(&o.log))
	ctrl.SetLogger(zapr.NewLogger(raw))
	klog.SetLogger(zapr.NewLogger(raw))
	memory, err := server.LimitMemory()
	if err != nil {
		ctrl.Log.Error(err, "Failed to limit the memory")
	}
	go server.TrimMemory(ctx)
	progress := func(what string) { fmt.Fprintln(out, what) }
	var required atomic.Pointer[adapters.Source]
	o.plane.InitialStatus = func(cluster *v1.Cluster) *v1.ResourceStatus {
		if source := required.Load(); source != nil {
			return controllers.InitialStatus(cluster, source, o.conditionNames)
		}
		return nil
	}
	err = server.Run(ctx, o.plane, raw, progress, func(ctx context.Context, own server.Connection) error {
		if err := createFile(o.adaptersFile, config.Adapters); err != nil {
			return fmt.Errorf("create the adapters' configuration: %w", err)
		}
		source, err := adapters.NewSource(o.adaptersFile)
		if err != nil {
			return err
		}
		required.Store(source)
		progress("Starting the reconcilers and the REST API")
		return runManager(ctx, own, source, o.options, observer{
			loading: func(loaded string) { progress("Loaded " + loaded) },
			ready: func() {
				own.Loaded()
				time.AfterFunc(settleTime, memory.Relax)
				fmt.Fprintf(out, "Ready after %s\n", time.Since(began).Round(100*time.Millisecond))
				o.welcome(out)
			},
		})
	})
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // stopped while it started
	}
	return err
}

// openLog opens the log file, if one is configured.
func (o *serverOptions) openLog() (closeLog func(), err error) {
	if o.logFile == "" {
		return func() {}, nil
	}
	if err := os.MkdirAll(filepath.Dir(o.logFile), 0o700); err != nil {
		return nil, err
	}
	// Append, because another server that is started with the same data directory may
	// have the file open.
	file, err := os.OpenFile(o.logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	o.log.DestWriter = file
	return func() { _ = file.Close() }, nil
}

// complete sets two options to files in the data directory if no flag sets them: the file
// of the adapters' configuration, and the certificate of listeners that the network can
// reach. It returns an error if the options are unsafe.
func (o *serverOptions) complete() error {
	dir, err := filepath.Abs(o.plane.DataDir)
	if err != nil {
		return err
	}
	o.plane.DataDir, o.plane.Namespace, o.plane.Version = dir, o.namespace, version.Get().Version
	o.plane.MinTLSVersion, o.plane.AdapterIdentity = o.serving.MinVersion, o.facade.AdapterIdentity
	if o.adaptersFile == "" {
		o.adaptersFile = filepath.Join(dir, "adapters.yaml")
	}
	if o.serving.CertFile == "" && !o.serving.PlainHTTP && !serving.IsLoopback(o.facade.BindAddress) {
		o.serving.CertFile, o.serving.KeyFile = o.plane.CertFiles()
	}
	return o.check()
}

// createFile creates a file if it does not exist.
func createFile(name string, content []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}
