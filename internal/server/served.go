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

package server

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// servedKey is the key of the served namespace in etcd, stored with the data like the
// format.
const servedKey = "/hyperfleet/served"

// keysOf returns the prefix of the keys at which the API server stores the custom
// resources of a namespace.
func keysOf(resource, namespace string) string {
	return fmt.Sprintf("/registry/hyperfleet.io/%s/%s/", resource, namespace)
}

// LeftBehindError reports that the server cannot serve another namespace, because the
// previous one still has resources. They have a finalizer, which only a server of their
// namespace removes.
type LeftBehindError struct {
	Previous, Namespace string
	Clusters, NodePools int64
}

func (e *LeftBehindError) Error() string {
	return fmt.Sprintf("--namespace=%[2]s: this data directory has served the namespace %[1]s, which still has Clusters (%[3]d) or NodePools (%[4]d). "+
		"They could not be deleted any more: start the server with --namespace=%[1]s, delete them, and change the namespace when they are gone",
		e.Previous, e.Namespace, e.Clusters, e.NodePools)
}

// checkServed returns a LeftBehindError if another namespace was served and still has
// resources. Its result reports whether etcd records the namespace as served already.
func checkServed(ctx context.Context, etcd *clientv3.Client, namespace string) (recorded bool, err error) {
	response, err := etcd.Get(ctx, servedKey)
	if err != nil {
		return false, fmt.Errorf("read the served namespace: %w", err)
	}
	if len(response.Kvs) == 0 {
		return false, nil
	}
	left := &LeftBehindError{Previous: string(response.Kvs[0].Value), Namespace: namespace}
	if left.Previous == namespace {
		return true, nil
	}
	for resource, count := range map[string]*int64{"clusters": &left.Clusters, "nodepools": &left.NodePools} {
		counted, err := etcd.Get(ctx, keysOf(resource, left.Previous), clientv3.WithPrefix(), clientv3.WithCountOnly())
		if err != nil {
			return false, fmt.Errorf("count the %s in namespace %s: %w", resource, left.Previous, err)
		}
		*count = counted.Count
	}
	if left.Clusters+left.NodePools > 0 {
		return false, left
	}
	return false, nil
}

// recordServed checks once more and records the served namespace. The policies must
// already apply to it: before they do, a client could create resources with the finalizer
// in the previous namespace.
func recordServed(ctx context.Context, etcd *clientv3.Client, namespace string) error {
	recorded, err := checkServed(ctx, etcd, namespace)
	if err != nil || recorded {
		return err
	}
	if _, err := etcd.Put(ctx, servedKey, namespace); err != nil {
		return fmt.Errorf("record the served namespace: %w", err)
	}
	return nil
}
