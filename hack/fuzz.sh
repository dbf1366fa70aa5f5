#!/usr/bin/env bash
# Runs every fuzz target of every module for a duration such as 10s.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
	local time=$1 file target
	git ls-files -co --exclude-standard '*_test.go' | xargs grep -Ho '^func Fuzz[A-Za-z0-9_]*' |
		sed 's/:func / /' | while read -r file target; do
		(cd "$(dirname "$file")" && go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" . </dev/null)
	done
}

main "${1:?usage: hack/fuzz.sh <time per target>}"
