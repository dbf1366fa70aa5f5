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

// The program dashboard draws the Grafana dashboard as it shows a running HyperFleet: it
// starts hyperfleet server, creates a fleet there, scrapes its metrics with Prometheus'
// own library, evaluates every query of the dashboard with Prometheus' engine, and draws
// the panels where Grafana places them. It fails if a panel shows nothing.
//
// With -samples, it keeps the scraped samples in a folder. A run with a folder that has
// samples draws them again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

type options struct {
	program, dashboard, output, samples, adapter string
	duration                                     time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.program, "program", "bin/hyperfleet", "The program hyperfleet.")
	flag.StringVar(&o.dashboard, "dashboard", "config/prometheus/dashboard.json", "The dashboard to draw.")
	flag.StringVar(&o.output, "output", "docs/dashboard.svg", "The picture to write.")
	flag.StringVar(&o.samples, "samples", "", "Folder to keep the samples in.")
	flag.StringVar(&o.adapter, "adapter", "dns", "The adapter that the repeated row is drawn for.")
	flag.DurationVar(&o.duration, "duration", 5*time.Minute, "Time to observe the fleet for.")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	board, err := readDashboard(o.dashboard)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "hyperfleet-dashboard-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.samples == "" {
		o.samples = filepath.Join(dir, "samples")
	}
	if _, err := os.Stat(o.samples); os.IsNotExist(err) {
		if err := observe(ctx, o, filepath.Join(dir, "fleet")); err != nil {
			return fmt.Errorf("observe a fleet: %w", err)
		}
	}
	results, err := evaluate(ctx, o.samples, board, map[string]string{"adapter": o.adapter, "namespace": namespace})
	if err != nil {
		return err
	}
	picture, err := draw(results)
	if err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	return os.WriteFile(o.output, picture, 0o644) //nolint:gosec // a page of the documentation
}

// observe runs a server with a fleet, and records its metrics.
func observe(ctx context.Context, o options, dir string) (err error) {
	s, err := startServer(ctx, o.program, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	stop, err := record(o.samples, s.metrics)
	if err != nil {
		return err
	}
	fmt.Printf("Observing a fleet for %s\n", o.duration)
	loadErr := newLoad(s.rest, o.duration).run(ctx)
	return errors.Join(loadErr, stop())
}
