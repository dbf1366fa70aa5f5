#!/usr/bin/env bash
# Creates the data of an earlier release, for the tests of upgrades in test/e2e. It builds
# the program of the revision, creates objects at both doors, and writes into
# test/e2e/testdata/previous:
#
#   server.tar.gz   the data directory of hyperfleet server
#   manager.tar.gz  a snapshot of a store in which kubectl has installed the manifests, as
#                   for hyperfleet manager
#   *.json          the objects of each of them, as kubectl saw them last
#
# usage: hack/previous-release.sh <revision>
#
# It needs curl and jq, and the ports below. The folder should contain the data of the
# last release before the one in development.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly kubernetes=127.0.0.1:26443 rest=127.0.0.1:28000 probes=127.0.0.1:28080 metrics=127.0.0.1:29090
readonly api=http://$rest/api/hyperfleet/v1
readonly into=$PWD/test/e2e/testdata/previous

fail() {
	echo "Error: $*" >&2
	exit 1
}

# Builds the program of the revision. Its manifests are in the same folder.
build() {
	local work=$1 revision=$2
	git worktree add --quiet --detach "$work/source" "$revision"
	make -C "$work/source" build BIN="$work/bin" VERSION="$(git rev-parse --short "$revision")"
}

# Starts a server with a data directory, and writes its output to the file output.
start() {
	local work=$1 data=$2
	shift 2
	"$work/bin/hyperfleet" server --data-dir="$data" --kubernetes-bind-address=$kubernetes \
		--facade-bind-address=$rest --health-probe-bind-address=$probes --metrics-bind-address=$metrics \
		--insecure-disable-authentication --user=dev@hyperfleet.local --heartbeat-delay=0 "$@" \
		>"$work/output" 2>&1 &
	server=$!
	export KUBECONFIG=$data/kubeconfig
}

await() {
	local work=$1 tries=0
	shift
	until "$@" >/dev/null 2>&1; do
		sleep 0.5
		((++tries < 240)) || fail "not true after 2 minutes: $*. The server printed: $(tail -n 20 "$work/output")"
	done
}

stop() {
	kill "$server"
	wait "$server" || true
}

# Sends a request and prints the href of the answer.
call() {
	curl --fail --silent --show-error -X "$1" "$2" -H "Content-Type: ${4:-application/json}" -d "$3" | jq -r .href
}

report() {
	local href=$1 adapter=$2 generation=$3 available=$4 more=${5:-}
	call POST "http://$rest$href/statuses" '{"adapter":"'"$adapter"'","observed_generation":'"$generation"',
		"observed_time":"'"$(date -u +%FT%T.%3NZ)"'","data":{"attempt":1},"conditions":[
		{"type":"Available","status":"'"$available"'","reason":"Recorded","message":"by hack/previous-release.sh"},
		{"type":"Applied","status":"True"},{"type":"Health","status":"True"}'"$more"']}' >/dev/null
}

# Creates objects in every state: ready, changed since the last report, failing, without a
# report, applied by kubectl, and in deletion.
fill() {
	local kubectl=$1 ready changed failing leaving workers generation
	create() { call POST "$api/clusters" '{"kind":"Cluster","name":"'"$1"'","spec":{"region":"eu","count":3},"labels":{"tier":"'"$1"'"}}'; }
	ready=$(create ready) changed=$(create changed) failing=$(create failing) leaving=$(create leaving)
	create silent >/dev/null
	workers=$(call POST "http://$rest$ready/nodepools" '{"kind":"NodePool","name":"workers","spec":{"replicas":2}}')
	report "$workers" validator 1 True
	for adapter in validator dns; do
		report "$ready" $adapter 1 True
		report "$changed" $adapter 1 True
		report "$leaving" $adapter 1 True
	done
	report "$ready" dns 1 True # a heartbeat
	call PATCH "http://$rest$changed" '{"spec":{"count":4}}' application/merge-patch+json >/dev/null
	report "$changed" validator 2 True
	report "$failing" dns 1 False
	report "$failing" validator 1 Unknown
	curl --fail --silent --show-error -X DELETE "http://$rest$leaving" >/dev/null
	generation=$("$kubectl" get hfc leaving -o 'jsonpath={.metadata.generation}')
	report "$leaving" validator "$generation" False ',{"type":"Finalized","status":"True"}'
	"$kubectl" apply --server-side -f - <<-EOF
		{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"applied"},"spec":{"region":"us"}}
		{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"name":"applied.dns"},"spec":{
			"resourceRef":{"kind":"Cluster","name":"applied"},"adapter":"dns","observedGeneration":1,
			"observedTime":"$(date -u +%FT%T.%3NZ)","conditions":[{"type":"Available","status":"True"}]}}
	EOF
	"$kubectl" wait hfc applied --for='jsonpath={.status.conditions[?(@.type=="DnsSuccessful")].status}=True' --timeout=60s
	"$kubectl" wait hfc changed failing silent leaving --for=condition=Ready=False --timeout=60s
}

record() { "$1" get hfc,hfnp,hfas -o json | jq -c '.items | sort_by(.kind, .metadata.name)' >"$2"; }

archive() { tar --create --sort=name --owner=0 --group=0 --numeric-owner --directory="$1" --exclude='*.sock' --exclude=lock . | gzip -9n >"$2"; }

# A restored snapshot has no log of all writes, which would be most of the data.
make_server() {
	local work=$1 data=$1/server kubectl=$1/bin/kubectl
	mkdir "$data"
	cp "$work/adapters.yaml" "$data"
	start "$work" "$data"
	await "$work" curl --fail "http://$probes/readyz"
	fill "$kubectl"
	"$work/bin/hyperfleet" server snapshot save "$work/server.db" --data-dir="$data"
	stop
	rm -r "$data/etcd"
	"$work/bin/hyperfleet" server snapshot restore "$work/server.db" --data-dir="$data"
	start "$work" "$data"
	await "$work" curl --fail "http://$probes/readyz"
	record "$kubectl" "$into/server.json"
	stop
	archive "$data" "$into/server.tar.gz"
}

make_manager() {
	local work=$1 data=$1/manager kubectl=$1/bin/kubectl
	mkdir "$data" "$work/snapshot"
	cp "$work/adapters.yaml" "$data"
	start "$work" "$data" --skip-install
	await "$work" "$kubectl" get --raw /readyz
	"$kubectl" apply --server-side -k "$work/source/config/local"
	await "$work" curl --fail "http://$probes/readyz"
	fill "$kubectl"
	record "$kubectl" "$into/manager.json"
	"$work/bin/hyperfleet" server snapshot save "$work/snapshot/snapshot.db" --data-dir="$data"
	stop
	cp "$work/adapters.yaml" "$work/snapshot"
	archive "$work/snapshot" "$into/manager.tar.gz"
}

main() {
	[[ $# -eq 1 ]] || fail "usage: $0 <revision>"
	local work
	work=$(mktemp -d)
	trap "kill \${server:-} 2>/dev/null || true; git worktree remove --force '$work/source'; rm -rf '$work'" EXIT
	build "$work" "$1"
	cat >"$work/adapters.yaml" <<-EOF
		requiredAdapters:
		  Cluster: [validator, dns]
		  NodePool: [validator]
	EOF
	rm -rf "$into"
	mkdir -p "$into"
	make_server "$work"
	make_manager "$work"
	ls -l "$into"
}

main "$@"
