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

// Package config holds the manifests in this folder, so that a program can install
// them without files beside it.
package config

import "embed"

// Manifests are the kustomizations that hyperfleet server installs.
//
//go:embed adapter-identity admission crd local rbac served
var Manifests embed.FS

// Adapters is the example of an adapters' configuration.
//
//go:embed manager/adapters.yaml
var Adapters []byte
