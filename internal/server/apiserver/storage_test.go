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
	"net"
	"net/url"
	"strconv"
	"testing"

	"go.etcd.io/etcd/client/v3/kubernetes"
	"k8s.io/apimachinery/pkg/api/apitesting"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/etcd3"
	"k8s.io/apiserver/pkg/storage/etcd3/testserver"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
	"k8s.io/utils/clock"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// TestStorage runs the tests of Kubernetes' own storage with the decorations of this
// package.
func TestStorage(t *testing.T) {
	codec := exampleCodec()
	for decoration, newStorage := range map[string]func(*testing.T, runtime.Codec) storage.Interface{
		"recent codec":  newStorageOfRecentCodec,
		"encoded cache": newStorageOfEncodedCache,
	} {
		t.Run(decoration, func(t *testing.T) {
			for name, test := range storageTests {
				t.Run(name, func(t *testing.T) { test(t.Context(), t, newStorage(t, codec)) })
			}
		})
	}
	for name, test := range cacheTests {
		t.Run("encoded cache/"+name, func(t *testing.T) { test(t.Context(), t, newStorageOfEncodedCache(t, codec)) })
	}
	for name, test := range etcdTests {
		t.Run("encoded cache/"+name, func(t *testing.T) {
			etcd := runEtcd(t)
			test(t.Context(), t, newEncodedCache(t, codec, etcd, storage.NamespaceKeyFunc), etcd.Client)
		})
	}
	t.Run("encoded cache/watch of cluster-scoped objects", func(t *testing.T) {
		storagetesting.RunTestClusterScopedWatch(t.Context(), t, newEncodedCache(t, codec, runEtcd(t), storage.NoNamespaceKeyFunc))
	})
}

// exampleCodec returns the codec of Kubernetes' example resources.
func exampleCodec() runtime.Codec {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	utilruntime.Must(example.AddToScheme(scheme))
	utilruntime.Must(examplev1.AddToScheme(scheme))
	return apitesting.TestCodec(serializer.NewCodecFactory(scheme), examplev1.SchemeGroupVersion)
}

// cacheTests are Kubernetes' tests of watch caches.
var cacheTests = map[string]func(context.Context, *testing.T, storage.Interface){
	"keys":                                    storagetesting.RunTestKeySchema,
	"list of keys with a common prefix":       storagetesting.RunTestGetListRecursivePrefix,
	"delete with a valid suggestion only":     storagetesting.RunTestValidateDeletionWithOnlySuggestionValid,
	"preconditional delete of the suggestion": storagetesting.RunTestPreconditionalDeleteWithOnlySuggestionPass,
	"watch and its time-out":                  storagetesting.RunTestWatcherTimeout,
	"watch initialization":                    storagetesting.RunTestWatchInitializationSignal,
	"bookmarks have the last version":         storagetesting.RunTestOptionalWatchBookmarksWithCorrectResourceVersion,
	"bookmarks": func(ctx context.Context, t *testing.T, store storage.Interface) {
		storagetesting.RunTestWatchDispatchBookmarkEvents(ctx, t, store, true)
	},
	"initial events of older clients": storagetesting.RunSendInitialEventsBackwardCompatibility,
	"initial events":                  storagetesting.RunWatchSemanticInitialEventsExtended,
	"initial events of one object":    storagetesting.RunWatchListMatchSingle,
}

var storageTests = map[string]func(context.Context, *testing.T, storage.Interface){
	"create": func(ctx context.Context, t *testing.T, store storage.Interface) {
		storagetesting.RunTestCreate(ctx, t, store, func(context.Context, *testing.T, string) {})
	},
	"create with a time to live": storagetesting.RunTestCreateWithTTL,
	"update with a time to live": storagetesting.RunTestGuaranteedUpdateWithTTL,
	"list by pages with a filter": func(ctx context.Context, t *testing.T, store storage.Interface) {
		storagetesting.RunTestListContinuationWithFilter(ctx, t, store, anyCalls)
	},
	"list by pages and its versions": func(ctx context.Context, t *testing.T, store storage.Interface) {
		storagetesting.RunTestListContinuation(ctx, t, store, anyCalls)
	},
	"list of a rare object by pages": func(ctx context.Context, t *testing.T, store storage.Interface) {
		storagetesting.RunTestListPaginationRareObject(ctx, t, store, anyCalls)
	},
	"create existing":                        storagetesting.RunTestCreateWithKeyExist,
	"get":                                    storagetesting.RunTestGet,
	"delete":                                 storagetesting.RunTestUnconditionalDelete,
	"conditional delete":                     storagetesting.RunTestConditionalDelete,
	"delete with suggestion":                 storagetesting.RunTestDeleteWithSuggestion,
	"delete with suggestion and conflict":    storagetesting.RunTestDeleteWithSuggestionAndConflict,
	"delete with conflict":                   storagetesting.RunTestDeleteWithConflict,
	"delete with suggestion of deleted":      storagetesting.RunTestDeleteWithSuggestionOfDeletedObject,
	"validate deletion":                      storagetesting.RunTestValidateDeletionWithSuggestion,
	"preconditional delete":                  storagetesting.RunTestPreconditionalDeleteWithSuggestion,
	"update with conflict":                   storagetesting.RunTestGuaranteedUpdateWithConflict,
	"update with suggestion and conflict":    storagetesting.RunTestGuaranteedUpdateWithSuggestionAndConflict,
	"list by pages":                          storagetesting.RunTestListPaging,
	"list of a namespace":                    storagetesting.RunTestNamespaceScopedList,
	"watch":                                  storagetesting.RunTestWatch,
	"watch from a version":                   storagetesting.RunTestWatchFromNonZero,
	"delayed watch":                          storagetesting.RunTestDelayedWatchDelivery,
	"watch of a delete":                      storagetesting.RunTestDeleteTriggerWatch,
	"watch of a delete has the last version": storagetesting.RunTestWatchDeleteEventObjectHaveLatestRV,
	"watch of a namespace":                   storagetesting.RunTestNamespaceScopedWatch,
	"watch and initial events":               storagetesting.RunWatchSemantics,
}

// anyCalls accepts all calls of etcd: those of a watch cache differ from those of the
// storage.
func anyCalls(*testing.T, uint64, uint64) {}

// runEtcd returns a client of a new etcd. By default, testserver chooses ports that an
// outgoing connection can take before etcd listens.
func runEtcd(t *testing.T) *kubernetes.Client {
	t.Helper()
	config := testserver.NewTestConfig(t)
	address := func() []url.URL {
		return []url.URL{{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(process.PortFor(t)))}}
	}
	config.ListenClientUrls, config.ListenPeerUrls = address(), address()
	config.AdvertiseClientUrls, config.AdvertisePeerUrls = config.ListenClientUrls, config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	return testserver.RunEtcd(t, config)
}

func newPod() runtime.Object     { return &example.Pod{} }
func newPodList() runtime.Object { return &example.PodList{} }

// pods is the prefix of the keys.
const pods = "/pods/"

func newStorageOfRecentCodec(t *testing.T, codec runtime.Codec) storage.Interface {
	t.Helper()
	client := runEtcd(t)
	versioner := storage.APIObjectVersioner{}
	compactor := etcd3.NewCompactor(client.Client, 0, clock.RealClock{}, nil)
	t.Cleanup(compactor.Stop)
	recent := newRecentCodec(codec)
	store, err := etcd3.New(client, compactor, recent, newPod, newPodList,
		"", pods, schema.GroupResource{Resource: "pods"}, identity.NewEncryptCheckTransformer(),
		etcd3.NewDefaultLeaseManagerConfig(), etcd3.NewDefaultDecoder(recent, versioner), versioner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

func newStorageOfEncodedCache(t *testing.T, codec runtime.Codec) storage.Interface {
	t.Helper()
	return newEncodedCache(t, codec, runEtcd(t), storage.NamespaceKeyFunc)
}

func newEncodedCache(t *testing.T, codec runtime.Codec, etcd *kubernetes.Client, keyFunc func(prefix string, o runtime.Object) (string, error)) storage.Interface {
	t.Helper()
	return newEncodedCacheOf(t, codec, codec, etcd, keyFunc)
}

// newEncodedCacheOf returns a storage that decodes by one codec without a schema, and by
// another with it.
func newEncodedCacheOf(t *testing.T, plain, schemas runtime.Codec, etcd *kubernetes.Client, keyFunc func(prefix string, o runtime.Object) (string, error)) *encodedCache {
	t.Helper()
	config := storagebackend.NewDefaultConfig("/test", schemas)
	config.Transport.ServerList = etcd.Endpoints()
	key := func(o runtime.Object) (string, error) { return keyFunc(pods, o) }
	store, destroy, err := encodedStorage(plain, "")(config.ForResource(schema.GroupResource{Resource: "pods"}), pods, key, newPod, newPodList, podAttributes, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(destroy)
	eventually(t, "watch cache that is ready", func() bool { return store.ReadinessCheck() == nil })
	return store.(*encodedCache)
}

func podAttributes(o runtime.Object) (labels.Set, fields.Set, error) {
	pod := o.(*example.Pod)
	return pod.Labels, fields.Set{
		"metadata.name": pod.Name, "metadata.namespace": pod.Namespace, "spec.nodeName": pod.Spec.NodeName,
		"spec.restartPolicy": string(pod.Spec.RestartPolicy), "status.phase": string(pod.Status.Phase),
	}, nil
}
