#!/usr/bin/env bash
# Uninstalls a kustomization, config/default by default, from the cluster of the current
# kubectl context. All Clusters, NodePools and AdapterStatuses are deleted.
#
# The order matters. The manager must run, with its rights, until the last object is
# deleted, because it removes the finalizers of the objects. kubectl delete -k deletes
# everything at once and leaves objects and CustomResourceDefinitions that nobody
# finalizes.
#
# The manager waits until the adapters have finalized the objects. If FORCE is set, to the
# reason for it, the manager does not wait, and the adapters' resources stay behind.
set -euo pipefail

KUBECTL=${KUBECTL:-kubectl}
TIMEOUT=${TIMEOUT:-5m}
FORCE=${FORCE:-}
crds=(clusters.hyperfleet.io nodepools.hyperfleet.io adapterstatuses.hyperfleet.io)

# Deletes all objects of a kind and waits until they are deleted.
delete_all() {
	local crd=$1
	[[ -n $("$KUBECTL" get crd "$crd" --ignore-not-found -o name) ]] || return 0
	if [[ -n $FORCE && $crd != adapterstatuses.* ]]; then
		"$KUBECTL" delete "$crd" --all --all-namespaces --wait=false
		# An object may already be deleted or have the annotation. The next command finds out.
		"$KUBECTL" annotate "$crd" --all --all-namespaces "hyperfleet.io/force-delete=$FORCE" || true
	fi
	if ! "$KUBECTL" delete "$crd" --all --all-namespaces --timeout="$TIMEOUT"; then
		echo "Error: some of $crd are not gone after $TIMEOUT, and nothing else was uninstalled." >&2
		"$KUBECTL" get "$crd" --all-namespaces -o wide >&2
		echo "docs/deployment.md, Uninstall, says what to do." >&2
		exit 1
	fi
}

main() {
	local kustomization=${1:-config/default} crd
	# A Cluster's NodePools and reports are deleted with it. The rest has no Cluster.
	for crd in "${crds[@]}"; do
		delete_all "$crd"
	done
	"$KUBECTL" delete crd "${crds[@]}" --ignore-not-found --timeout="$TIMEOUT"
	# Kubernetes deletes the objects in the manager's namespace after this command.
	"$KUBECTL" delete -k "$kustomization" --ignore-not-found --wait=false
}

main "$@"
