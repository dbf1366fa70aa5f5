#!/usr/bin/env bash
# Generates the parts of client/ that come from other folders: the typed clients from
# api/v1, with the programs of k8s.io/code-generator; the REST client from the OpenAPI
# document; and copies of the manifests that client/testenv embeds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly module=github.com/hyperfleet-io/hyperfleet
readonly types=$module/api/v1

# Runs a generator that writes into a folder of this repository.
generate() {
	local generator=$1 output=$2
	shift 2
	go tool -modfile=hack/tools/go.mod "$generator" --go-header-file hack/boilerplate.go.txt \
		--output-dir "$output" --output-pkg "$module/$output" "$@"
}

main() {
	# Otherwise the files of a removed type would stay.
	rm -rf client/applyconfiguration client/clientset client/listers client/informers
	generate applyconfiguration-gen client/applyconfiguration "$types"
	generate client-gen client --clientset-name clientset --input-base "$module" --input api/v1 \
		--apply-configuration-package "$module/client/applyconfiguration"
	generate lister-gen client/listers "$types"
	generate informer-gen client/informers --single-directory --versioned-clientset-package "$module/client/clientset" \
		--listers-package "$module/client/listers" "$types"
	go tool -modfile=hack/tools/go.mod oapi-codegen -config client/rest/oapi-codegen.yaml internal/rest/openapi.yaml
	copy_manifests client/testenv/manifests
}

# Copies CRDs, policies and roles into a folder.
copy_manifests() {
	local target=$1 folder
	rm -rf "$target"
	mkdir -p "$target/crd"
	cp config/crd/bases/*.yaml "$target/crd"
	for folder in admission rbac; do
		mkdir "$target/$folder"
		cp "config/$folder"/*.yaml "$target/$folder"
		rm "$target/$folder/kustomization.yaml"
	done
}

main
