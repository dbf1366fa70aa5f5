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
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/hyperfleet-io/hyperfleet/internal/mapping"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

const (
	// settleTime is the time between the first event and the reading of the file.
	// One save, or one swap of a ConfigMap, causes several events.
	settleTime = 100 * time.Millisecond

	// pollInterval is the time between readings without an event: some file systems
	// send no events, and a node can run out of watches.
	pollInterval = 10 * time.Second
)

// Source contains the last valid version of the configuration file.
type Source struct {
	path    string
	poll    time.Duration
	current atomic.Pointer[settings]

	mu        sync.Mutex
	callbacks []func()

	// Only Start's goroutine uses these after NewSource.
	content []byte // as last read, valid or not
	problem string // why the last version is not in force, "" if it is
}

// NewSource reads the file at path. An error in the content starts with the path and the
// line.
func NewSource(path string) (*Source, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the adapters' configuration: %w", err)
	}
	current, err := parse(path, content)
	if err != nil {
		return nil, err
	}
	s := &Source{path: path, poll: pollInterval, content: content}
	s.current.Store(current)
	metrics.AdaptersInForce(current.required)
	return s, nil
}

// Required returns the sorted names of the adapters that a Kind requires, nil if there
// are none. It is safe for concurrent use. The slice is shared and must not be modified.
func (s *Source) Required(kind string) []string { return s.current.Load().required[kind] }

// Finalizing returns the sorted names of the required adapters that must report
// Finalized=True before a deleted object of the Kind is removed, nil if there are none.
// It is safe for concurrent use. The slice is shared and must not be modified.
func (s *Source) Finalizing(kind string) []string { return s.current.Load().finalizing[kind] }

// Mapping returns the mapped conditions of a Kind. It is safe for concurrent use.
func (s *Source) Mapping(kind string) *mapping.Program { return s.current.Load().programs[kind] }

// OnChange registers a function that is called after every change of a value that
// Required, Finalizing or Mapping returns. Start's goroutine calls it, one call at a
// time; the next change waits until it returns.
func (s *Source) OnChange(callback func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callbacks = append(s.callbacks, callback)
}

// NeedLeaderElection returns false: every replica reads the file.
func (s *Source) NeedLeaderElection() bool { return false }

// Start follows the file until ctx is done. It logs an invalid version; the last valid
// version stays in force.
func (s *Source) Start(ctx context.Context) error {
	log := logf.FromContext(ctx).WithName("adapters").WithValues("file", s.path)

	var events <-chan fsnotify.Event
	var failures <-chan error
	watcher, err := watch(filepath.Dir(s.path))
	if err != nil {
		log.Error(err, "Cannot watch the directory of the adapters' configuration, reading the file at intervals only", "interval", s.poll)
	} else {
		defer func() { _ = watcher.Close() }()
		events, failures = watcher.Events, watcher.Errors
	}

	s.reload(log) // changes since NewSource
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
			// The watcher lost events: anything may have changed.
			log.Error(err, "Failed to watch the directory of the adapters' configuration")
			s.reload(log)
		case <-settled:
			settled = nil
			s.reload(log)
		case <-poll.C:
			s.reload(log)
		}
	}
}

// watch watches a directory. A watch on the file itself ends with the first atomic
// rename over it, and misses the swap of a ConfigMap's ..data link.
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

// reload reads the file and puts a valid version in force. If the content is unchanged,
// it does and logs nothing.
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
	read, err := parse(s.path, content)
	if err != nil {
		s.reject(log, err)
		return
	}
	recovered := s.problem != ""
	s.problem = ""
	metrics.AdaptersReloads.WithLabelValues(metrics.ReloadSucceeded).Inc()
	metrics.AdaptersInForce(read.required)
	if read.equal(s.current.Load()) {
		if recovered {
			log.Info("Adapters' configuration is valid again and unchanged")
		}
		return
	}
	s.current.Store(read)
	log.Info("Adapters' configuration changed", "requiredAdapters", read.required, "finalizing", read.finalizing, "mappedConditions", read.types())

	s.mu.Lock()
	callbacks := slices.Clone(s.callbacks)
	s.mu.Unlock()
	for _, callback := range callbacks {
		callback()
	}
}

// reject logs why a version of the file is not in force, once per reason.
func (s *Source) reject(log logr.Logger, err error) {
	if problem := err.Error(); problem != s.problem {
		s.problem = problem
		metrics.AdaptersReloads.WithLabelValues(metrics.ReloadFailed).Inc()
		metrics.AdaptersRejected()
		log.Error(err, "Adapters' configuration not reloaded, the last valid version stays in force")
	}
}
