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

package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

func TestWatch(t *testing.T) {
	withPlane(t, func(ctx context.Context, p plane) {
		c := dynamic.NewForConfigOrDie(p.admin)
		allow(ctx, t, p)
		for _, k := range kinds {
			t.Run(k.plural, func(t *testing.T) {
				t.Run("it is the network's", func(t *testing.T) { testSameWatch(ctx, t, p, c, k) })
				t.Run("it goes on after a change of the definition", func(t *testing.T) { testChangedDefinition(ctx, t, p, c, k) })
			})
		}
		t.Run("it needs the right", func(t *testing.T) { testWatchForbidden(ctx, t, p) })
	})
}

var fromTheBeginning = metav1.ListOptions{
	SendInitialEvents: new(true), ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan, AllowWatchBookmarks: true,
}

// testSameWatch watches random changes on the network and in the process. Both watches
// must see the same events, beginning with the objects that already exist.
func testSameWatch(ctx context.Context, t *testing.T, p plane, c dynamic.Interface, k kind) {
	objects := c.Resource(v1.GroupVersion.WithResource(k.plural)).Namespace("default")
	add(ctx, t, c, k, k.names[0])
	inProcess := watchInProcess(ctx, t, p, k)
	defer inProcess.Stop()
	records := []*record{follow(inProcess, k)}
	for range 2 { // which share the encoding of each event
		onNetwork, err := objects.Watch(ctx, fromTheBeginning)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(onNetwork.Stop)
		records = append(records, follow(onNetwork, k))
	}
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	exists := map[string]bool{k.names[0]: true}
	for i := range 100 {
		name := pick(r, k.names)
		change := r.IntN(9)
		var err error
		switch {
		case !exists[name]:
			add(ctx, t, c, k, name)
			exists[name] = true
		case change < 3:
			remove(ctx, t, objects, name)
			exists[name] = false
		case change < 5:
			_, err = objects.Patch(ctx, name, types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{"change":"%d"}}}`, i), metav1.PatchOptions{})
		case change < 7 && k.status != "":
			_, err = objects.Patch(ctx, name, types.MergePatchType, []byte(k.status), metav1.PatchOptions{}, "status")
		default:
			_, err = objects.Patch(ctx, name, types.MergePatchType, fmt.Appendf(nil, k.freeForm, pick(r, freeForm), i), metav1.PatchOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	testSameList(ctx, t, objects)
	w := newWorld(ctx, t, p.manager, p.admin)
	w.refresh()
	w.clear()
	last := add(ctx, t, c, k, k.names[1])
	for _, record := range records {
		waitUntil(t, func() bool { return record.endsWith(last) })
	}
	events := records[0].all()
	for _, onNetwork := range records[1:] {
		if diff := gocmp.Diff(onNetwork.all(), events); diff != "" {
			t.Errorf("seed %d: on the network (-), in the process (+):\n%s", seed, diff)
		}
	}
	if len(events) < 50 {
		t.Errorf("seed %d: %d events show too little", seed, len(events))
	}
	w.refresh()
	w.clear()
}

// testSameList lists objects repeatedly. Each list must contain what a GET reads from etcd.
func testSameList(ctx context.Context, t *testing.T, objects dynamic.ResourceInterface) {
	t.Helper()
	for i := range 3 {
		list, err := objects.List(ctx, metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, listed := range list.Items {
			stored, err := objects.Get(ctx, listed.GetName(), metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(stored.Object, listed.Object); diff != "" {
				t.Errorf("list %d: in etcd (-), in the list (+):\n%s", i, diff)
			}
		}
	}
}

// freeForm are JSON values that are easy to get wrong.
var freeForm = []string{
	`1.0`, `-0.5`, `1e21`, `1E-7`, `9223372036854775807`, `-9223372036854775808`, `18446744073709551616`, `0.1`, `true`, `[]`, `{}`, `[null, 1, [2.50, {}]]`,
	`{"a": {"b": [1, "x", null]}, "": 0}`, `"<a href=\"x\">&amp;</a>"`, `"\u2028\u0000\ud83d\ude00 ü \\ \" \n"`, `""`,
}

// testChangedDefinition changes a CustomResourceDefinition, so that the API server
// replaces the storage. The watch must end, and a new one must see the later events.
func testChangedDefinition(ctx context.Context, t *testing.T, p plane, c dynamic.Interface, k kind) {
	before := watchInProcess(ctx, t, p, k)
	defer before.Stop()
	definitions := c.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	_, err := definitions.Patch(ctx, k.plural+".hyperfleet.io", types.JSONPatchType,
		[]byte(`[{"op":"add","path":"/spec/versions/0/additionalPrinterColumns/-","value":{"name":"Test","type":"string","jsonPath":".metadata.uid"}}]`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range before.ResultChan() { // until it is closed
		}
	}()
	select {
	case <-ended:
	case <-time.After(waitLimit):
		t.Fatal("the watch goes on at a storage that nobody writes to")
	}
	add(ctx, t, c, k, k.names[0])
	after := watchInProcess(ctx, t, p, k)
	defer after.Stop()
	record := follow(after, k)
	last := add(ctx, t, c, k, k.names[1])
	waitUntil(t, func() bool { return record.endsWith(last) })
	w := newWorld(ctx, t, p.manager, p.admin)
	w.refresh()
	w.clear()
}

// watchInProcess watches once the storage is ready.
func watchInProcess(ctx context.Context, t *testing.T, p plane, k kind) (w watch.Interface) {
	t.Helper()
	var err error
	waitUntil(t, func() bool {
		w, err = p.watch(ctx, k.plural, "default", fromTheBeginning, k.object)
		return !apierrors.IsTooManyRequests(err)
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// testWatchForbidden leaves the manager only the right to list.
func testWatchForbidden(ctx context.Context, t *testing.T, p plane) {
	rbac := kubernetes.NewForConfigOrDie(p.admin).RbacV1()
	everywhere, err := rbac.ClusterRoleBindings().List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	inDefault, err := rbac.RoleBindings("default").List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	isManager := func(s rbacv1.Subject) bool { return strings.HasSuffix(s.Name, "hyperfleet-manager") }
	for _, binding := range everywhere.Items {
		if slices.ContainsFunc(binding.Subjects, isManager) {
			err = errors.Join(err, rbac.ClusterRoleBindings().Delete(ctx, binding.Name, metav1.DeleteOptions{}))
		}
	}
	for _, binding := range inDefault.Items {
		if slices.ContainsFunc(binding.Subjects, isManager) {
			err = errors.Join(err, rbac.RoleBindings("default").Delete(ctx, binding.Name, metav1.DeleteOptions{}))
		}
	}
	named := metav1.ObjectMeta{Name: "test-lists"}
	lists := &rbacv1.ClusterRole{ObjectMeta: named, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{v1.GroupVersion.Group}, Resources: []string{"*"}, Verbs: []string{"list"},
	}}}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: named,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: named.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "hyperfleet-system", Name: "hyperfleet-manager"}},
	}
	_, createErr := rbac.ClusterRoles().Create(ctx, lists, metav1.CreateOptions{})
	_, bindErr := rbac.ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{})
	if err := errors.Join(err, createErr, bindErr); err != nil {
		t.Fatal(err)
	}
	objects := dynamic.NewForConfigOrDie(p.manager).Resource(v1.GroupVersion.WithResource("clusters")).Namespace("default")
	waitUntil(t, func() bool {
		_, listErr := objects.List(ctx, metav1.ListOptions{})
		_, getErr := objects.Get(ctx, "none", metav1.GetOptions{})
		return listErr == nil && apierrors.IsForbidden(getErr)
	})
	if w, err := p.watch(ctx, "clusters", "default", metav1.ListOptions{}, kinds[0].object); !apierrors.IsForbidden(err) {
		t.Errorf("the watch is %v, %v, want a refusal", w, err)
	}
}

// add creates an object and returns its UID.
func add(ctx context.Context, t *testing.T, c dynamic.Interface, k kind, name string) types.UID {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(encodeWhole(t, k.fresh(name))); err != nil {
		t.Fatal(err)
	}
	created, err := c.Resource(v1.GroupVersion.WithResource(k.plural)).Namespace("default").Create(ctx, o, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return created.GetUID()
}

// remove deletes an object and its finalizers.
func remove(ctx context.Context, t *testing.T, objects dynamic.ResourceInterface, name string) {
	t.Helper()
	if err := objects.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := objects.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
}

// A record contains the events that a watch has seen: their types, names and JSON.
type record struct {
	mu     sync.Mutex
	events [][3]string
}

func follow(w watch.Interface, k kind) *record {
	r := &record{}
	go func() {
		initial := true
		for e := range w.ResultChan() {
			event := [3]string{string(e.Type)}
			switch {
			case e.Type == watch.Bookmark && !initial:
				continue // the API server sends them at irregular times
			case e.Type == watch.Bookmark:
				initial = false
			default:
				event[1], event[2] = describe(e.Object, k)
			}
			r.mu.Lock()
			r.events = append(r.events, event)
			r.mu.Unlock()
		}
	}()
	return r
}

// describe returns the name and the JSON of an object.
func describe(o runtime.Object, k kind) (name, text string) {
	if u, ok := o.(*unstructured.Unstructured); ok {
		o = k.object()
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, o); err != nil {
			return "", err.Error()
		}
	}
	content, err := json.Marshal(o)
	if err != nil {
		return "", err.Error()
	}
	if accessor, err := meta.Accessor(o); err == nil {
		name = accessor.GetName()
	}
	return name, string(content)
}

func (r *record) all() [][3]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// endsWith reports whether the last event is the creation of exactly this object. A watch
// that lags behind may end with an earlier object of the same name.
func (r *record) endsWith(uid types.UID) bool {
	all := r.all()
	return len(all) > 0 && all[len(all)-1][0] == string(watch.Added) && strings.Contains(all[len(all)-1][2], string(uid))
}
