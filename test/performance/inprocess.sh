#!/usr/bin/env bash
# Runs the Go benchmarks of several packages at fleets of several sizes. Writes one
# file per package, which benchstat reads, and a table of the costs by size.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# The soft memory limit of the Go runtime. A million clusters fit.
export GOMEMLIMIT=${GOMEMLIMIT:-12GiB}

main() {
	local count=$1 time=$2 sizes=$3 into=$4
	mkdir -p "$into"
	run ./internal/tsl
	run ./internal/aggregate
	run ./controllers -args "-fleets=$sizes"
	run ./internal/rest -args "-fleets=$sizes"
	run ./internal/replica
	run ./internal/facade
	run ./internal/server
	run ./internal/fleet -args "-fleets=$sizes"
	go run ./test/performance flat -out "$into/inprocess.md" "$into"/{fleet,rest,facade,controllers}.txt
}

run() {
	local package=$1 name=${1##*/}
	shift
	go test -run '^$' -bench . -benchmem -benchtime "$time" -count "$count" -timeout 3h "$package" "$@" |
		tee "$into/$name.txt"
}

main "${@:?usage: test/performance/inprocess.sh <count> <time per benchmark> <sizes> <folder>}"
