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

package controllers

import (
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// CacheOptions returns the options of the reconcilers' cache. It holds the
// objects of one namespace, or of all where namespace is empty, without what
// the reconcilers do not read: see strip.
//
// An object from this cache is therefore not whole: to send it back with an
// update would erase what is missing. What is written is merge patches between two
// versions of the cached object, as what both lack cannot show up in them, and
// updates of the status alone.
func CacheOptions(namespace string) cache.Options {
	options := cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			&v1.Cluster{}:       {Transform: strip},
			&v1.NodePool{}:      {Transform: strip},
			&v1.AdapterStatus{}: {Transform: strip},
		},
	}
	if namespace != "" {
		options.DefaultNamespaces = map[string]cache.Config{namespace: {}}
	}
	return options
}
