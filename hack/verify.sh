#!/usr/bin/env bash
# Regenerates all generated files and fails if one of them changes, because then the
# committed file is out of date. Also fails if Go code is not formatted or the go.mod
# of a module is not tidy. It works on a tree with uncommitted changes.
#
# usage: hack/verify.sh <folder of a module>...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
	echo "Error: $*" >&2
	exit 1
}

# Prints the content hash of every file of the repository, including new ones.
hashes() {
	git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
		[[ ! -f $file ]] || printf '%s %s\n' "$(git hash-object "$file")" "$file"
	done
}

main() {
	local before after changed unformatted module
	before=$(hashes)
	make generate
	after=$(hashes)
	if [[ $before != "$after" ]]; then
		changed=$(diff <(echo "$before") <(echo "$after") | sed -n 's/^> [0-9a-f]* //p') || true
		git --no-pager diff -- $changed || true
		fail "make generate changed $changed: commit the result"
	fi
	unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l)
	[[ -z $unformatted ]] || fail "not formatted, run make fmt: $unformatted"
	for module in "$@"; do
		(cd "$module" && go mod tidy -diff) || fail "go.mod or go.sum of $module is not tidy, run go mod tidy there"
	done
}

main "${@:?usage: $0 <folder of a module>...}"
