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
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

// isImplausible reports whether a recorded report is implausible, and the time of that
// decision. The index and this process's clock may be behind, so a report that seems
// implausible is compared with the generation and the time of the API server.
func (s *Server) isImplausible(ctx context.Context, on requested, recorded *v1.AdapterStatus) (now time.Time, implausible bool, err error) {
	report, now := aggregate.ReportOf(recorded), s.options.Clock.Now()
	if _, implausible = aggregate.Implausible(report, on.row.Generation, now); !implausible {
		return now, false, nil
	}
	if err := s.readLive(ctx, on); err != nil {
		return now, false, err
	}
	if now, err = s.clocks.Latest(ctx, recorded.Namespace); err != nil {
		return now, false, fromOwnRequest(err)
	}
	_, implausible = aggregate.Implausible(report, on.object.GetGeneration(), now)
	return now, implausible, nil
}

// removeImplausible deletes the recorded report if it is implausible, and reports whether
// it did. While an implausible report is stored, the API server refuses every honest
// report as stale. If the new report is older than the reports that the conditions were
// computed from, it is stale in any case.
func (s *Server) removeImplausible(ctx context.Context, on requested, report *v1.AdapterStatus) (bool, error) {
	recorded := &v1.AdapterStatus{}
	if err := s.own.Get(ctx, client.ObjectKeyFromObject(report), recorded); err != nil {
		return apierrors.IsNotFound(err), fromOwnRequest(client.IgnoreNotFound(err))
	}
	removable := false
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() (err error) {
		var now time.Time
		now, removable, err = s.isImplausible(ctx, on, recorded)
		if err == nil && !removable && on.undated {
			err = s.checkClock(report, recorded)
		}
		if err != nil || !removable {
			return err
		}
		if on.undated {
			if err := s.followKnown(report, on, now); err != nil {
				return err
			}
		}
		if aggregate.IsOutdated(aggregate.ReportOf(report), on.conditions(), now) {
			removable = false
			return nil
		}
		return s.keepResult(ctx, on, recorded)
	})
	if err != nil || !removable {
		return false, fromOwnRequest(err)
	}
	return true, s.remove(ctx, on, recorded, metrics.DiscardImplausible)
}

// keepResult records on the resource the kept result of the adapter, because the recorded
// report is about to be deleted and the next report may never be written. The write
// conflicts if the resource has changed since readLive read it. The write of a status
// that was computed earlier then conflicts, too.
func (s *Server) keepResult(ctx context.Context, on requested, recorded *v1.AdapterStatus) error {
	value, err := aggregate.Keep(on.object.GetAnnotations(), on.conditions(), aggregate.ReportOf(recorded))
	if err != nil || on.dryRun || value == on.object.GetAnnotations()[v1.KeptResultsAnnotation] {
		return err
	}
	patch, err := json.Marshal([]jsonPatchOperation{
		annotation(on.object, v1.KeptResultsAnnotation, value),
		{Op: "replace", Path: "/metadata/resourceVersion", Value: on.object.GetResourceVersion()},
	})
	if err != nil {
		return fmt.Errorf("make a patch of the kept results: %w", err)
	}
	return s.own.Patch(ctx, on.object, client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(v1.ControllerFieldManager))
}
