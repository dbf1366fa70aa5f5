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

package adapter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/source"
	"sigs.k8s.io/yaml"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// A door is a way to the parents of one Kind and to the reports on them.
type door interface {
	// source returns a source of requests for parents that are new, have a new
	// generation, come to this instance by their labels, or whose status.ready changes. A
	// report can cause only the last of these.
	source() source.Source

	// get returns a parent, or nil if there is none.
	get(ctx context.Context, request ctrl.Request) (hyperfleetv1.Parent, error)

	// announce reports that the adapter works on a parent, if there is no report on
	// its generation yet.
	announce(ctx context.Context, parent hyperfleetv1.Parent, working []hyperfleetv1.AdapterCondition) error

	// write writes a report on a parent. Without an error, the report is stored or the
	// parent no longer exists.
	write(ctx context.Context, parent hyperfleetv1.Parent, conditions []hyperfleetv1.AdapterCondition, data any) error
}

// errStale means that a report was discarded because the stored one is newer.
var errStale = errors.New("the report was discarded, because a newer one is stored")

// A printer is a door that prints reports instead of writing them.
type printer struct {
	door
	adapter string
	clock   clock.PassiveClock
	mu      sync.Mutex
	to      io.Writer
}

func (p *printer) announce(context.Context, hyperfleetv1.Parent, []hyperfleetv1.AdapterCondition) error {
	return nil
}

func (p *printer) write(_ context.Context, parent hyperfleetv1.Parent, conditions []hyperfleetv1.AdapterCondition, data any) error {
	report, err := applyConfiguration(p.adapter, parent, parent.GetUID(), p.clock.Now(), conditions, data)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(report)
	if err != nil {
		return fmt.Errorf("encode AdapterStatus %s: %w", *report.Name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err = fmt.Fprintf(p.to, "---\n%s", text)
	return err
}
