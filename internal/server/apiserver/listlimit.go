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
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// A decoded report takes about 50 KB, and a fleet has hundreds of thousands of reports.
const (
	// pageOfList is the number of objects of the largest unbounded list: the page size of
	// client-go and kubectl.
	pageOfList = 500
	// decodedOfLists is the maximum number of decoded objects of all larger lists
	// together. A list of more objects must be the only one.
	decodedOfLists = 10_000
	// listWait is how long a large list waits for other lists.
	listWait = 10 * time.Second
)

// listLimit bounds how many objects are decoded at once for the responses to large lists.
// Kubernetes' priority and fairness cannot do so: it uses the size of the objects in
// etcd, and assumes that lists share decoded objects with the watch cache.
type listLimit struct {
	page, total int64
	wait        time.Duration
	free        *semaphore.Weighted
}

func newListLimit(page, total int64, wait time.Duration) *listLimit {
	return &listLimit{page: page, total: total, wait: wait, free: semaphore.NewWeighted(total)}
}

// acquire waits until a number of objects may be decoded for a list. They count until the
// context of the request ends: by then, the response has been written. Only list requests
// count. The deletion of a collection makes several lists in one request, so each would
// wait for the earlier ones.
func (l *listLimit) acquire(ctx context.Context, objects int) error {
	info, ok := request.RequestInfoFrom(ctx)
	if !ok || info.Verb != "list" || int64(objects) <= l.page {
		return nil
	}
	n := min(int64(objects), l.total)
	waiting, cancel := context.WithTimeout(ctx, l.wait)
	defer cancel()
	if err := l.free.Acquire(waiting, n); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("wait for the end of other large lists: %w", ctx.Err())
		}
		return apierrors.NewTooManyRequests(
			fmt.Sprintf("a list of %d objects has to wait for other large lists; set a limit to list by pages, or watch with sendInitialEvents", objects), 1)
	}
	context.AfterFunc(ctx, func() { l.free.Release(n) })
	return nil
}
