#!/usr/bin/env bash
# Runs the Go benchmarks, so many times each, at fleets of such sizes, into one
# file per package that benchstat reads, and compares what they cost at each size.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

main() {
	local count=$1 time=$2 sizes=$3 into=$4
	mkdir -p "$into"
	run tsl
	run aggregate
	run facade -args "-fleets=$sizes"
	run fleet -args "-fleets=$sizes"
	go run ./hack/bench flat -out "$into/inprocess.md" "$into"/{tsl,aggregate,facade,fleet}.txt
}

run() {
	local package=$1
	shift
	go test -run '^$' -bench . -benchmem -benchtime "$time" -count "$count" -timeout 3h "./internal/$package" "$@" |
		tee "$into/$package.txt"
}

main "${@:?usage: hack/bench/inprocess.sh <count> <time per benchmark> <sizes> <folder>}"
