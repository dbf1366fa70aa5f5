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

package faults

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// The functions below write to the API server, like kubectl, GitOps tools and adapters
// with a Kubernetes client.

func direct() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), requestLimit)
}

func (w *workload) createDirectly(r *resource, in *slot) {
	ctx, cancel := direct()
	defer cancel()
	cluster := &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: r.name, Namespace: metav1.NamespaceDefault, Labels: w.labels(r)},
		Spec:       runtime.RawExtension{Raw: fmt.Appendf(nil, `{"n":%q}`, r.mark)},
	}
	err := w.stack.admin.Create(ctx, cluster, client.FieldOwner("kubectl"))
	switch {
	case err == nil:
		w.checkPredecessors(r, time.Now())
		r.identify(cluster.UID)
		w.settle(r, &r.created, done, "direct create")
		in.put(r)
	case apierrors.IsAlreadyExists(err):
		w.settle(r, &r.created, refused, "direct create")
		w.adopt(r, in)
	default:
		w.settle(r, &r.created, unknown, "direct create")
	}
}

// adopt finds the resource that has the name that r could not have. Its creation may have
// had no answer.
func (w *workload) adopt(r *resource, in *slot) {
	ctx, cancel := direct()
	defer cancel()
	object := newObject(r.kind)
	key := client.ObjectKey{Namespace: metav1.NamespaceDefault, Name: r.name}
	if err := w.stack.admin.Get(ctx, key, object); err != nil || !object.GetDeletionTimestamp().IsZero() {
		return
	}
	if found := w.marked(object.GetLabels()[markLabel]); found != nil {
		found.identify(object.GetUID())
		in.put(found)
	}
}

func newObject(kind string) client.Object {
	if kind == v1.ClusterKind {
		return &v1.Cluster{}
	}
	return &v1.NodePool{}
}

// object returns the fields of the stored object that address it.
func (r *resource) object() client.Object {
	object := newObject(r.kind)
	object.SetNamespace(metav1.NamespaceDefault)
	object.SetName(r.name)
	return object
}

// patch changes the spec.
func (w *workload) patch(on *resource) {
	ctx, cancel := direct()
	defer cancel()
	_, uid := on.identity()
	p := on.beginPatch()
	body := fmt.Appendf(nil, `{"metadata":{"uid":%q},"spec":{"n":%q}}`, uid, p.value)
	err := w.stack.admin.Patch(ctx, on.object(), client.RawPatch(types.MergePatchType, body), client.FieldOwner("kubectl"))
	w.settleDirect(on, &p.deed, err, "patch")
}

// delete deletes this resource only, by UID.
func (w *workload) delete(in *slot, r *resource) {
	ctx, cancel := direct()
	defer cancel()
	_, uid := r.identity()
	d := r.beginDelete()
	in.drop(r)
	err := w.stack.admin.Delete(ctx, r.object(), client.Preconditions{UID: &uid})
	w.settleDirect(r, d, err, "delete")
}

// settleDirect judges a change of one resource, by name and UID. "Not found" is right if
// the resource may no longer exist, another refusal if it may have been deleted.
func (w *workload) settleDirect(r *resource, d *deed, err error, what string) {
	switch {
	case err == nil:
		w.settle(r, d, done, what)
	case apierrors.IsNotFound(err), apierrors.IsConflict(err), apierrors.IsInvalid(err):
		w.settle(r, d, refused, what)
		why := ""
		if apierrors.IsNotFound(err) {
			why = r.whyNotGone(d.end)
		} else if !r.mayGo(d.end) {
			why = "no client has deleted it"
		}
		if why != "" {
			w.wrong("%s of %s: %s: %v", what, r, why, err)
		}
	default:
		w.settle(r, d, unknown, what)
	}
}
