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
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

func main() {
	ctrllog.SetLogger(logr.Discard()) // failures are returned as errors
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		os.Exit(1)
	}
}

func command(args []string) error {
	if len(args) > 0 && args[0] == bareCommand {
		return serveBare(args[1:])
	}
	if len(args) > 0 && args[0] == flatCommand {
		return reportFlat(args[1:], os.Stdout)
	}
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	// SIGPIPE is included, so that the processes are also stopped when the reader of the
	// output ends. A second signal changes nothing.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	return bench(ctx, o, os.Stdout)
}

// bench makes all runs, each on a control plane of its own, and writes the
// result. A figure outside of its range is printed as such and is no error.
func bench(ctx context.Context, o options, out io.Writer) error {
	expected, err := readRanges(o.ranges)
	if err != nil {
		return err
	}
	result := Result{Machine: describeMachine(), Settings: o.settings()}
	for n := range o.runs {
		fmt.Fprintf(out, "Run %d of %d: %d clusters\n", n+1, o.runs, o.clusters)
		if err := result.add(ctx, o, out); err != nil {
			return fmt.Errorf("run %d: %w", n+1, err)
		}
	}
	result.Summary = summarize(result.Runs)
	result.Findings = expected.find(result.Runs, o.clusters)
	result.Peer = expected.findPeer(result.Runs)
	table := result.markdown()
	fmt.Fprintf(out, "\n%s\n", table)
	if err := os.MkdirAll(filepath.Dir(o.out), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(o.out+".md", []byte(table), 0o644); err != nil {
		return err
	}
	if err := result.writeJSON(o.out + ".json"); err != nil {
		return err
	}
	fmt.Fprintf(out, "Written to %[1]s.json and %[1]s.md\n", o.out)
	return nil
}
