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

	"k8s.io/apimachinery/pkg/api/apitesting"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/etcd3"
	"k8s.io/apiserver/pkg/storage/etcd3/testserver"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
	"k8s.io/utils/clock"
)

// TestStorage runs the tests of Kubernetes' own storage with the decoration of this
// package.
func TestStorage(t *testing.T) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	utilruntime.Must(example.AddToScheme(scheme))
	utilruntime.Must(examplev1.AddToScheme(scheme))
	codec := newRecentCodec(apitesting.TestCodec(serializer.NewCodecFactory(scheme), examplev1.SchemeGroupVersion))
	for name, test := range map[string]func(context.Context, *testing.T, storage.Interface){
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
	} {
		t.Run(name, func(t *testing.T) {
			client := testserver.RunEtcd(t, nil)
			versioner := storage.APIObjectVersioner{}
			compactor := etcd3.NewCompactor(client.Client, 0, clock.RealClock{}, nil)
			t.Cleanup(compactor.Stop)
			store, err := etcd3.New(client, compactor, codec,
				func() runtime.Object { return &example.Pod{} }, func() runtime.Object { return &example.PodList{} },
				"", "/pods/", schema.GroupResource{Resource: "pods"}, identity.NewEncryptCheckTransformer(),
				etcd3.NewDefaultLeaseManagerConfig(), etcd3.NewDefaultDecoder(codec, versioner), versioner)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(store.Close)
			test(t.Context(), t, store)
		})
	}
}
