#!/usr/bin/env bash
# Generates everything anew and fails where that changes a file: then what is
# generated was not current. It fails, too, where Go code is not formatted or
# go.mod is not tidy. Changes that are not committed yet do not disturb it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
	echo "Error: $*" >&2
	exit 1
}

# Every file of the repository, new ones included, with its content's hash.
hashes() {
	git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
		[[ ! -f $file ]] || printf '%s %s\n' "$(git hash-object "$file")" "$file"
	done
}

main() {
	local before after changed unformatted
	before=$(hashes)
	make generate
	after=$(hashes)
	if [[ $before != "$after" ]]; then
		changed=$(diff <(echo "$before") <(echo "$after") | sed -n 's/^> [0-9a-f]* //p') || true
		git --no-pager diff -- $changed || true
		fail "make generate changed $changed: commit what it makes"
	fi
	unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l)
	[[ -z $unformatted ]] || fail "not formatted, see make fmt: $unformatted"
	go mod tidy -diff || fail "go.mod or go.sum is not tidy: go mod tidy"
}

main
