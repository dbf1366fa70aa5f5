# Functions for the commands of a page that its readers do not see.

# As on a terminal: without one, curl shows its progress.
curl() { command curl --no-progress-meter "$@"; }

# cluster NAME [LABELS [SPEC]] creates a Cluster, and waits until it has an id.
cluster() {
	local name=$1 labels=${2:-} spec=${3:-}
	kubectl create -f - <<-EOF
		{"apiVersion": "hyperfleet.io/v1", "kind": "Cluster",
		 "metadata": {"name": "$name", "labels": ${labels:-"{}"}}, "spec": ${spec:-"{}"}}
	EOF
	kubectl wait "hfc/$name" --for=jsonpath='{.status.id}' --timeout=60s
}

# nodepool CLUSTER NAME SPEC creates a NodePool.
nodepool() {
	local cluster=$1 name=$2 spec=$3
	kubectl create -f - <<-EOF
		{"apiVersion": "hyperfleet.io/v1", "kind": "NodePool",
		 "metadata": {"name": "$cluster.$name"}, "spec": {"clusterName": "$cluster", ${spec#\{}}
	EOF
}

# report RESOURCE ADAPTER GENERATION TYPE=STATUS[=REASON]... writes an AdapterStatus.
report() {
	local resource=$1 adapter=$2 generation=$3 conditions= type status reason
	shift 3
	while IFS== read -r type status reason; do
		conditions+="{\"type\": \"$type\", \"status\": \"$status\", \"reason\": \"$reason\"},"
	done < <(printf '%s\n' "$@")
	kubectl apply --server-side --force-conflicts -f - <<-EOF
		{"apiVersion": "hyperfleet.io/v1", "kind": "AdapterStatus", "metadata": {"name": "$resource.$adapter"},
		 "spec": {"resourceRef": {"kind": "$(kind_of "$resource")", "name": "$resource"}, "adapter": "$adapter",
		  "observedGeneration": $generation, "observedTime": "$(date -u +%FT%T.%NZ)", "conditions": [${conditions%,}]}}
	EOF
}

# report_later does the same in the background, once the resource has the generation.
report_later() {
	local resource=$1 generation=$3
	{
		until [[ $(kubectl get "$(kind_of "$resource").hyperfleet.io" "$resource" -o jsonpath='{.metadata.generation}') == "$generation" ]]; do
			sleep 0.2
		done
		report "$@"
	} >/dev/null 2>&1 &
}

kind_of() { if [[ $1 == *.* ]]; then echo NodePool; else echo Cluster; fi; }
