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
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
)

// The labels that the Prometheus operator gives to the series that it scrapes.
const (
	namespace = "hyperfleet-system"
	pod       = "hyperfleet-0"
)

// interval is the time between scrapes. A picture of minutes needs more than one in 30 s.
const interval = 5 * time.Second

const job = "hyperfleet"

// record scrapes an address into a new folder of samples until it is stopped.
func record(folder, address string) (stop func() error, err error) {
	db, err := tsdb.Open(folder, promslog.NewNopLogger(), nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(fmt.Sprintf("scrape_configs: [{job_name: %s, scrape_interval: %s, scrape_timeout: %s}]", job, interval, interval), promslog.NewNopLogger())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	manager, err := scrape.NewManager(&scrape.Options{}, promslog.NewNopLogger(), nil, nil, db, prometheus.NewRegistry())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := manager.ApplyConfig(cfg); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	targets := make(chan map[string][]*targetgroup.Group, 1)
	targets <- map[string][]*targetgroup.Group{job: {{Source: job, Targets: []model.LabelSet{{
		model.AddressLabel: model.LabelValue(address), "namespace": namespace, "pod": pod,
	}}}}}
	stopped := make(chan error, 1)
	go func() { stopped <- manager.Run(targets) }()
	return func() error {
		manager.Stop()
		return errors.Join(<-stopped, db.Close())
	}, nil
}
