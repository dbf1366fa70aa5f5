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
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// rateInterval is the value of Grafana's $__rate_interval: four scrapes.
const rateInterval = 4 * interval

// result is a panel with the results of its queries.
type result struct {
	panel
	value  float64 // of a stat
	series []series
	times  []time.Time
}

type series struct {
	name   string
	values []float64 // one at each time of the result; NaN if there is none
}

// evaluate evaluates all panels over the samples of a folder.
func evaluate(ctx context.Context, folder string, board *dashboard, variables map[string]string) (results []result, err error) {
	db, err := tsdb.Open(folder, promslog.NewNopLogger(), nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	e := &evaluator{
		engine:    promql.NewEngine(promql.EngineOpts{MaxSamples: 10_000_000, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})}),
		samples:   db,
		variables: maps.Clone(variables),
		from:      timestamp.Time(db.Head().MinTime()).Add(rateInterval), // before, there are no rates
		to:        timestamp.Time(db.Head().MaxTime()).Add(-interval),    // the end of the scrapes marks all series as stale
	}
	e.variables["__rate_interval"] = fmt.Sprintf("%ds", int(rateInterval.Seconds()))
	var empty []error
	for _, p := range board.Panels {
		r, err := e.panel(ctx, p)
		if err != nil {
			empty = append(empty, fmt.Errorf("panel %q: %w", p.Title, err))
			continue
		}
		results = append(results, *r)
	}
	return results, errors.Join(empty...)
}

type evaluator struct {
	engine    *promql.Engine
	samples   storage.Queryable
	variables map[string]string
	from, to  time.Time
}

// panel evaluates the queries of a panel. In a panel of series, a query may yield
// nothing, such as the query of an error that did not happen, but not all queries may.
func (e *evaluator) panel(ctx context.Context, p panel) (*result, error) {
	r := &result{panel: p}
	var err error
	if r.Title, err = fill(p.Title, e.variables); err != nil {
		return nil, err
	}
	if p.Type == "row" {
		return r, nil
	}
	for at := e.from; !at.After(e.to); at = at.Add(interval) {
		r.times = append(r.times, at)
	}
	for _, t := range p.Targets {
		query, err := fill(t.Expr, e.variables)
		if err != nil {
			return nil, err
		}
		if p.Type == "stat" {
			return r, e.stat(ctx, r, query)
		}
		if err := e.series(ctx, r, query, t.LegendFormat); err != nil {
			return nil, err
		}
	}
	if len(r.series) == 0 {
		return nil, fmt.Errorf("no query yields anything: %v", p.Targets)
	}
	return r, nil
}

func (e *evaluator) stat(ctx context.Context, r *result, text string) error {
	query, err := e.engine.NewInstantQuery(ctx, e.samples, nil, text, e.to)
	if err != nil {
		return err
	}
	defer query.Close()
	vector, err := query.Exec(ctx).Vector()
	if err != nil {
		return err
	}
	if len(vector) != 1 {
		return fmt.Errorf("%s yields %d values, want one", text, len(vector))
	}
	r.value = vector[0].F
	return nil
}

func (e *evaluator) series(ctx context.Context, r *result, text, format string) error {
	query, err := e.engine.NewRangeQuery(ctx, e.samples, nil, text, e.from, e.to, interval)
	if err != nil {
		return err
	}
	defer query.Close()
	matrix, err := query.Exec(ctx).Matrix()
	if err != nil {
		return err
	}
	for _, found := range matrix {
		s := series{name: legend(format, found.Metric.Map()), values: make([]float64, len(r.times))}
		for i := range s.values {
			s.values[i] = math.NaN()
		}
		for _, point := range found.Floats {
			s.values[timestamp.Time(point.T).Sub(e.from)/interval] = point.F
		}
		r.series = append(r.series, s)
	}
	return nil
}
