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

package serving

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// maxDecisions is the maximum number of cached decisions, the same as in the
// delegating authorizer.
const maxDecisions = 8192

// decisions caches the decisions of an authorizer. The delegating authorizer also has a
// cache, but its key is the review as JSON, which costs as much CPU time as serving a
// read.
type decisions struct {
	authorizer.Authorizer
	allowTTL, denyTTL time.Duration
	kept              *cache.LRUExpireCache
}

type decision struct {
	authorizer.Decision
	reason string
}

func newDecisions(delegate authorizer.Authorizer, allowTTL, denyTTL time.Duration) *decisions {
	return &decisions{Authorizer: delegate, allowTTL: allowTTL, denyTTL: denyTTL, kept: cache.NewLRUExpireCache(maxDecisions)}
}

// Authorize implements authorizer.Authorizer.
func (d *decisions) Authorize(ctx context.Context, attributes authorizer.Attributes) (authorizer.Decision, string, error) {
	key := decisionKey(attributes)
	if known, ok := d.kept.Get(key); ok {
		kept := known.(decision)
		return kept.Decision, kept.reason, nil
	}
	made, reason, err := d.Authorizer.Authorize(ctx, attributes)
	if err != nil {
		return made, reason, err
	}
	ttl := d.denyTTL
	if made == authorizer.DecisionAllow {
		ttl = d.allowTTL
	}
	if ttl > 0 {
		d.kept.Add(key, decision{made, reason}, ttl)
	}
	return made, reason, nil
}

// decisionKey contains everything that a decision depends on. Each part has its
// length, so that different attributes never share a key.
func decisionKey(attributes authorizer.Attributes) string {
	var buffer [1024]byte // avoids an allocation for nearly all keys
	key := buffer[:0]
	add := func(part string) {
		key = append(append(strconv.AppendInt(key, int64(len(part)), 10), ':'), part...)
	}
	caller := attributes.GetUser()
	add(caller.GetName())
	add(caller.GetUID())
	addAll := func(parts []string) {
		key = append(strconv.AppendInt(key, int64(len(parts)), 10), '[')
		for _, part := range parts {
			add(part)
		}
	}
	addAll(caller.GetGroups())
	if extra := caller.GetExtra(); len(extra) > 0 {
		for _, name := range slices.Sorted(maps.Keys(extra)) {
			add(name)
			addAll(extra[name])
		}
	}
	key = append(key, '|')
	for _, part := range []string{
		attributes.GetVerb(), attributes.GetNamespace(), attributes.GetAPIGroup(), attributes.GetAPIVersion(),
		attributes.GetResource(), attributes.GetSubresource(), attributes.GetName(), attributes.GetPath(),
	} {
		add(part)
	}
	return string(key)
}
