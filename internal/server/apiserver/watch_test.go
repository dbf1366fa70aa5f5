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
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
)

// TestEndedWatchLeavesNothing ends watches with unread events: a full buffer, and more to
// come.
func TestEndedWatchLeavesNothing(t *testing.T) {
	codec := exampleCodec()
	encoded := newStorageOfEncodedCache(t, codec)
	decoded := newStorageOfRecentCodec(t, codec)
	for _, s := range []storage.Interface{encoded, decoded} {
		createPods(t, s, 2*eventBuffer)
	}
	fromTheBeginning := storage.ListOptions{ResourceVersion: "0", Recursive: true, Predicate: storage.Everything}
	newObject := func() apiruntime.Object { return &examplev1.Pod{} }
	for name, open := range map[string]func(context.Context) (watch.Interface, error){
		"on the network": func(ctx context.Context) (watch.Interface, error) { return encoded.Watch(ctx, pods, fromTheBeginning) },
		"in the process": func(ctx context.Context) (watch.Interface, error) {
			return store{encoded, pods}.watch(ctx, "", fromTheBeginning, newObject)
		},
		"in the process, of decoded objects": func(ctx context.Context) (watch.Interface, error) {
			return store{decoded, pods}.watch(ctx, "", fromTheBeginning, newObject)
		},
	} {
		t.Run(name, func(t *testing.T) {
			end := func(stop bool) (goroutines int) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel() // the API server only cancels a watch that it cannot answer
				w, err := open(ctx)
				if err != nil {
					t.Fatal(err)
				}
				eventually(t, "a full buffer", func() bool { return len(w.ResultChan()) == eventBuffer })
				goroutines = watchGoroutines(t)
				if stop {
					w.Stop()
				}
				return goroutines
			}
			oneOpen := end(true)
			for i := range 50 {
				end(i%2 == 0)
			}
			eventually(t, fmt.Sprintf("return to fewer than the %d goroutines of one open watch", oneOpen), func() bool { return watchGoroutines(t) < oneOpen })
		})
	}
}

// watchGoroutines returns the number of goroutines that serve watches. Others, such as those
// of etcd and its clients, come and go.
func watchGoroutines(t *testing.T) int {
	t.Helper()
	var stacks strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 2); err != nil {
		t.Fatal(err)
	}
	n := 0
	for stack := range strings.SplitSeq(stacks.String(), "\n\n") {
		for _, of := range []string{"apiserver.convertedWatch", "cacher.(*cacheWatcher)", "etcd3.(*watchChan)"} {
			if strings.Contains(stack, of) {
				n++
				break
			}
		}
	}
	return n
}

func createPods(t *testing.T, s storage.Interface, n int) {
	t.Helper()
	for i := range n {
		pod := &example.Pod{}
		pod.Namespace, pod.Name = "default", fmt.Sprintf("pod-%04d", i)
		if err := s.Create(t.Context(), pods+"default/"+pod.Name, pod, &example.Pod{}, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// eventually waits, long enough for a busy machine, until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("there is no %s", what)
		}
	}
}
