#!/usr/bin/env bash
# Writes all manifests of an install into one file: config/default, with the image and
# the label of a version.
#
# usage: hack/install-yaml.sh <version> <kubectl> <file>
#
# The program kubectl renders the manifests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
	local version=$1 kubectl=$2 file=$3 overlay
	overlay=$(mktemp -d)
	trap "rm -rf '$overlay'" EXIT
	# kustomize accepts resources by relative path only.
	cat >"$overlay/kustomization.yaml" <<-EOF
		resources:
		- $(realpath --relative-to "$overlay" config/default)
		images:
		- name: hyperfleet
		  newTag: "$version"
		labels:
		- pairs:
		    app.kubernetes.io/version: "$version"
	EOF
	{
		echo "# HyperFleet $version: kubectl apply --server-side -f install.yaml"
		"$kubectl" kustomize "$overlay"
	} >"$file"
}

[[ $# -eq 3 ]] || {
	sed -n 's/^# usage: /usage: /p' "$0" >&2
	exit 1
}
main "$@"
