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

package facade

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
)

// Ready fails until the indexes hold everything, while one of them is further
// behind the API server than is allowed, and from when the Server is told to
// drain. It is a healthz.Checker.
func (s *Server) Ready(*http.Request) error {
	if s.draining.Load() {
		return errors.New("shutting down")
	}
	return s.checkCurrent()
}

// checkReady fails while reads could miss what exists, or bring what is old.
func (s *Server) checkReady(*http.Request) error {
	if err := s.checkCurrent(); err != nil {
		return err
	}
	return nil
}

// checkCurrent fails with a problem that says which index is not to be read.
func (s *Server) checkCurrent() error {
	now := s.options.Clock.Now()
	for _, c := range []*collection{&s.clusters, &s.nodePools, &s.statuses} {
		if !c.index.HasSynced() {
			return problemNotReady.because("The index of %s is still loading; try again in a moment", c.plural).
				withHeader("Retry-After", "1")
		}
		if limit := s.options.MaxStaleness; limit > 0 && now.Sub(c.index.Proven()) > limit {
			return staleProblem(c, now.Sub(c.index.Proven()), limit)
		}
	}
	return nil
}

func staleProblem(c *collection, staleness, limit time.Duration) *problemError {
	since := "was never compared with the API server"
	if staleness < 1000*time.Hour { // else there is no proof at all
		since = fmt.Sprintf("is up to %s behind the API server", staleness.Round(time.Second))
	}
	return problemStale.because("The index of %s %s, where %s is allowed; try again in a moment", c.plural, since, limit).
		withHeader("Retry-After", strconv.Itoa(staleRetrySeconds))
}

// staleRetrySeconds is how long a client is asked to stay away from a replica that
// is behind.
const staleRetrySeconds = 2

// prober returns what proves the index of a collection to be current, and has its
// feed watch anew where it is not.
func (s *Server) prober(c client.WithWatch, of collection, rewatch func()) *feed.Prober {
	metadata := &metav1.PartialObjectMetadataList{}
	metadata.SetGroupVersionKind(v1.GroupVersion.WithKind(of.kind))
	return feed.NewProber(of.plural, of.index, feed.ListWatch(c, metadata, s.options.Namespace), rewatch)
}

var stalenessDesc = prometheus.NewDesc("hyperfleet_index_staleness_seconds",
	"Seconds for which it is not proven that this replica's index reflects what the API server holds.",
	[]string{"collection"}, nil)

// Describe implements prometheus.Collector.
func (s *Server) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- stalenessDesc }

// Collect implements prometheus.Collector. A collection that has not been loaded
// yet has no staleness.
func (s *Server) Collect(metrics chan<- prometheus.Metric) {
	now := s.options.Clock.Now()
	for _, c := range []collection{s.clusters, s.nodePools, s.statuses} {
		if proven := c.index.Proven(); !proven.IsZero() {
			metrics <- prometheus.MustNewConstMetric(stalenessDesc, prometheus.GaugeValue, now.Sub(proven).Seconds(), c.plural)
		}
	}
}
