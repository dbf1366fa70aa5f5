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
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

type options struct {
	shape             string // serverName or managerName
	clusters, writes  int
	runs, concurrency int
	duration          time.Duration
	heartbeatDelay    time.Duration // of the manager
	warmUp            bool          // by a round that does not count
	assets            string
	program           string
	kustomization     string
	ranges, out       string
	profile           string // file of the server's CPU profile, or empty
	programArgs       []string

	// patience is how long a round waits for effects of reports that are missing when the
	// processes seem to be idle. It is 0 for measurements. A test waits, because processes
	// that get little CPU time seem idle, too.
	patience time.Duration
}

// Time limits of steps whose duration depends on the machine.
const (
	writeLimit   = 10 * time.Minute // of one scenario that writes
	fillLimit    = time.Hour        // of filling the fleet, and of loading it
	settleLimit  = 30 * time.Second // of waiting until the processes are idle after a scenario
	requestLimit = time.Minute
)

func parseOptions(args []string) (options, error) {
	o := options{warmUp: true}
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: hyperfleet-bench [flags] [-- flags of the manager or server]")
		flags.PrintDefaults()
	}
	flags.StringVar(&o.shape, "shape", managerName, "what to measure: the "+managerName+" beside an API server, or the "+serverName+", which is all in one process")
	flags.IntVar(&o.clusters, "clusters", 1000, "size of the fleet while reads are measured, at least 40")
	flags.IntVar(&o.writes, "writes", 500, "maximum number of clusters that a scenario creates, at most a quarter of the fleet")
	flags.IntVar(&o.runs, "runs", 3, "number of runs, each on a new control plane")
	flags.IntVar(&o.concurrency, "concurrency", 8, "number of concurrent requests")
	flags.DurationVar(&o.duration, "duration", 4*time.Second, "duration of each scenario that reads")
	flags.DurationVar(&o.heartbeatDelay, "heartbeat-delay", 5*time.Second, "the manager's flag of that name")
	flags.StringVar(&o.assets, "assets", os.Getenv("KUBEBUILDER_ASSETS"), "folder of etcd, kube-apiserver and kubectl; the default is $KUBEBUILDER_ASSETS")
	flags.StringVar(&o.program, "program", "bin/hyperfleet", "the program under test")
	flags.StringVar(&o.kustomization, "kustomization", "config/local", "kustomization to apply before the manager starts")
	flags.StringVar(&o.ranges, "ranges", "test/performance/ranges.yaml", "file of expected ratios")
	flags.StringVar(&o.profile, "profile", "", "file for a CPU profile of the server while the last run is measured, the warm-up included; only with -shape="+serverName)
	flags.StringVar(&o.out, "out", "", "path of the result, without .json and .md; the default is bin/bench/<shape>-<clusters>")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	o.programArgs = flags.Args()
	if o.out == "" {
		o.out = filepath.Join("bin", "bench", fmt.Sprintf("%s-%d", o.shape, o.clusters))
	}
	return o, o.check()
}

func (o options) check() error {
	if o.shape != managerName && o.shape != serverName {
		return fmt.Errorf("-shape is %q, want %s or %s", o.shape, managerName, serverName)
	}
	if o.assets == "" && o.shape == managerName {
		return errors.New("-assets is required if KUBEBUILDER_ASSETS is not set")
	}
	if o.profile != "" && o.shape != serverName {
		return fmt.Errorf("-profile is set, and -shape is %s, want %s", o.shape, serverName)
	}
	if o.clusters < 2*pageSize {
		return fmt.Errorf("-clusters is %d, want at least %d: two pages", o.clusters, 2*pageSize)
	}
	for name, value := range map[string]int{"writes": o.writes, "runs": o.runs, "concurrency": o.concurrency} {
		if value < 1 {
			return fmt.Errorf("-%s is %d, want at least 1", name, value)
		}
	}
	if o.duration <= 0 {
		return fmt.Errorf("-duration is %s, want more than 0", o.duration)
	}
	return nil
}

func (o options) rounds() []string {
	if !o.warmUp {
		return []string{"Measuring"}
	}
	return []string{"Warming up by a round that does not count", "Measuring"}
}

// batch returns how many clusters each of the two scenarios that create clusters
// in the fleet creates per round. Two rounds must fit.
func (o options) batch() int { return min(o.writes, o.clusters/4) }

func (o options) settings() Settings {
	return Settings{
		Shape:       o.shape,
		Clusters:    o.clusters,
		Batch:       o.batch(),
		Concurrency: o.concurrency,
		Duration:    o.duration.String(),
		ProgramArgs: o.programArgs,
	}
}
