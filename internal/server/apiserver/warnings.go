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

package apiserver

import (
	"net/http"
	"sync"

	"k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/warning"
)

// warnings collects the warnings of a request. If a request ends before its admission or
// its write, the handler answers while these continue in another goroutine. So a warning
// must not touch the headers: the Go runtime ends the process at a concurrent write of a
// map. On the network, Kubernetes' timeout handler locks the headers.
type warnings struct {
	mu        sync.Mutex
	collected [][2]string // agent and text
	ended     bool
}

// AddWarning implements warning.Recorder. It drops the warnings that come after the
// headers are written.
func (w *warnings) AddWarning(agent, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.collected = append(w.collected, [2]string{agent, text})
	}
}

// end adds the collected warnings to the headers of a response. Kubernetes' own recorder
// formats the warnings, removes duplicates and bounds their length.
func (w *warnings) end(response http.ResponseWriter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if len(w.collected) == 0 {
		return
	}
	filters.WithWarningRecorder(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, one := range w.collected {
			warning.AddWarning(r.Context(), one[0], one[1])
		}
	})).ServeHTTP(response, &http.Request{})
	w.collected = nil
}
