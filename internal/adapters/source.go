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

package adapters

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

const (
	// settleTime is how long after a first event the file is read, so that one
	// save or one swap of a ConfigMap, which are several events, are one reading.
	settleTime = 100 * time.Millisecond

	// pollInterval is how often the file is read without an event: some file
	// systems send none, and a node can run out of watches.
	pollInterval = 10 * time.Second
)

// Source holds the required adapters of each Kind as the file last said them.
type Source struct {
	path     string
	poll     time.Duration
	required atomic.Pointer[map[string][]string]

	mu        sync.Mutex
	callbacks []func()

	// Only Start's goroutine uses these after NewSource.
	content []byte // as last read, good or bad
	problem string // why the last reading is not in force, "" where it is
}

// NewSource reads the file at path. Its error starts with path and, where the
// content is at fault, the line.
func NewSource(path string) (*Source, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the required adapters: %w", err)
	}
	required, err := parse(path, content)
	if err != nil {
		return nil, err
	}
	s := &Source{path: path, poll: pollInterval, content: content}
	s.required.Store(&required)
	metrics.AdaptersInForce()
	return s, nil
}

// Required returns the sorted names of the adapters required for a Kind, nil
// where there are none. It is safe for concurrent use; the slice is shared and
// must not be modified.
func (s *Source) Required(kind string) []string { return (*s.required.Load())[kind] }

// OnChange registers a function to be called after every change of the required
// adapters. It is called from Start's goroutine, one call at a time, and keeps
// the next change waiting until it returns.
func (s *Source) OnChange(callback func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callbacks = append(s.callbacks, callback)
}

// NeedLeaderElection says that every replica reads the file.
func (s *Source) NeedLeaderElection() bool { return false }

// Start follows the file until ctx is done. A version that is not valid is
// logged, and the last valid one stays in force.
func (s *Source) Start(ctx context.Context) error {
	log := logf.FromContext(ctx).WithName("adapters").WithValues("file", s.path)

	var events <-chan fsnotify.Event
	var failures <-chan error
	watcher, err := watch(filepath.Dir(s.path))
	if err != nil {
		log.Error(err, "Cannot watch the directory of the required adapters, reading the file at intervals only", "interval", s.poll)
	} else {
		defer func() { _ = watcher.Close() }()
		events, failures = watcher.Events, watcher.Errors
	}

	s.reload(log) // what changed since NewSource
	poll := time.NewTicker(s.poll)
	defer poll.Stop()
	var settled <-chan time.Time // nil while no event is pending
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-events:
			if settled == nil {
				settled = time.After(settleTime)
			}
		case err := <-failures:
			// Events were lost, so that anything may have changed.
			log.Error(err, "Watching the directory of the required adapters failed")
			s.reload(log)
		case <-settled:
			settled = nil
			s.reload(log)
		case <-poll.C:
			s.reload(log)
		}
	}
}

// watch watches a directory. A watch on the file itself would end with the first
// atomic rename over it, and would miss the swap of a ConfigMap's ..data link.
func watch(dir string) (*fsnotify.Watcher, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	if err := watcher.Add(dir); err != nil {
		_ = watcher.Close()
		return nil, err
	}
	return watcher, nil
}

// reload reads the file and puts what it says in force. It does and logs nothing
// where the file is as it was.
func (s *Source) reload(log logr.Logger) {
	content, err := os.ReadFile(s.path)
	if err != nil {
		s.reject(log, err)
		return
	}
	if s.problem == "" && bytes.Equal(content, s.content) {
		return
	}
	s.content = content
	required, err := parse(s.path, content)
	if err != nil {
		s.reject(log, err)
		return
	}
	recovered := s.problem != ""
	s.problem = ""
	metrics.AdaptersReloads.WithLabelValues(metrics.ReloadSucceeded).Inc()
	metrics.AdaptersInForce()
	if maps.EqualFunc(required, *s.required.Load(), slices.Equal) {
		if recovered {
			log.Info("Required adapters are valid again and unchanged")
		}
		return
	}
	s.required.Store(&required)
	log.Info("Required adapters changed", "requiredAdapters", required)

	s.mu.Lock()
	callbacks := slices.Clone(s.callbacks)
	s.mu.Unlock()
	for _, callback := range callbacks {
		callback()
	}
}

// reject logs why the file is not put in force, once per reason.
func (s *Source) reject(log logr.Logger, err error) {
	if problem := err.Error(); problem != s.problem {
		s.problem = problem
		metrics.AdaptersReloads.WithLabelValues(metrics.ReloadFailed).Inc()
		metrics.AdaptersRejected()
		log.Error(err, "Required adapters not reloaded, the last valid ones stay in force")
	}
}
