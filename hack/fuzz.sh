#!/usr/bin/env bash
# Runs every fuzz target of every module for a duration such as 10s.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Fuzzes one target, and returns 0 if no input failed. When the time is over, go test
# sometimes reports its own deadline as the failure of the target: internal/fuzz compares
# the error with the error of a child context, which may not have ended yet.
fuzz() {
	local target=$1 time=$2 log=$3
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" . </dev/null | tee "$log" && return
	[[ $(grep -A 1 "^--- FAIL: $target " "$log" | tail -n 1) == "    context deadline exceeded" ]] &&
		echo "$target: no input failed until the time was over"
}

main() {
	local time=$1 file target log
	log=$(mktemp)
	trap "rm -f '$log'" EXIT
	git ls-files -co --exclude-standard '*_test.go' | xargs grep -Ho '^func Fuzz[A-Za-z0-9_]*' |
		sed 's/:func / /' | while read -r file target; do
		(cd "$(dirname "$file")" && fuzz "$target" "$time" "$log")
	done
}

main "${1:?usage: hack/fuzz.sh <time per target>}"
