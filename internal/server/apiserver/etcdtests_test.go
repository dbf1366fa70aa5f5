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
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/etcd3"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
)

// etcdTests are Kubernetes' tests of watch caches that also change etcd.
// RunTestWatchFromZero is left out: its compaction needs access to the inside of the
// cache.
var etcdTests = map[string]func(context.Context, *testing.T, storage.Interface, *clientv3.Client){
	"list": func(ctx context.Context, t *testing.T, store storage.Interface, etcd *clientv3.Client) {
		// The answers must equal those of a storage without a watch cache, which honors
		// the limit of a list of any version.
		storagetesting.RunTestList(ctx, t, store, compact(store, etcd), false, nil)
	},
	"consistent list": func(ctx context.Context, t *testing.T, store storage.Interface, etcd *clientv3.Client) {
		storagetesting.RunTestConsistentList(ctx, t, store, increaseVersion(etcd), true, true, true)
	},
	"list of one key": func(ctx context.Context, t *testing.T, store storage.Interface, etcd *clientv3.Client) {
		storagetesting.RunTestGetListNonRecursive(ctx, t, increaseVersion(etcd), store)
	},
	"compacted version": func(ctx context.Context, t *testing.T, store storage.Interface, etcd *clientv3.Client) {
		storagetesting.RunTestCompactRevision(ctx, t, store, increaseVersion(etcd), compact(store, etcd))
	},
	"sizes": func(ctx context.Context, t *testing.T, store storage.Interface, _ *clientv3.Client) {
		storagetesting.RunTestStats(ctx, t, store, exampleCodec(), identity.NewEncryptCheckTransformer(), true)
	},
}

// increaseVersion writes a key that belongs to no object.
func increaseVersion(etcd *clientv3.Client) storagetesting.IncreaseRVFunc {
	return func(ctx context.Context, t *testing.T) int64 {
		t.Helper()
		answer, err := etcd.Put(ctx, "another-key", "")
		if err != nil {
			t.Fatal(err)
		}
		return answer.Header.Revision
	}
}

// compact compacts etcd as the compactor does, and waits until the storage has seen it.
func compact(store storage.Interface, etcd *clientv3.Client) storagetesting.Compaction {
	return func(ctx context.Context, t *testing.T, resourceVersion string) {
		t.Helper()
		version, err := storage.APIObjectVersioner{}.ParseResourceVersion(resourceVersion)
		if err != nil {
			t.Fatal(err)
		}
		// The first attempt may only read the number of earlier compactions.
		compactions, _, compacted, err := etcd3.Compact(ctx, etcd, 0, int64(version))
		if err == nil && compacted != int64(version) {
			_, _, _, err = etcd3.Compact(ctx, etcd, compactions, int64(version))
		}
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "compaction of version "+resourceVersion, func() bool { return store.CompactRevision() == int64(version) })
	}
}
