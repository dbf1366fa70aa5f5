#!/usr/bin/env bash
# Runs every test of every module and prints the events of go test -json, for
# gotestsum. If there is a C compiler, the packages with concurrency run under the race
# detector instead of without it. The race detector needs a few times the CPU, so -short
# shortens their long tests of single goroutines, and packages with such tests also run
# without it.
#
# usage: hack/test.sh <folder of a module>...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The packages in which goroutines share state, by module. shortened lists the packages
# among them with tests that -short shortens.
declare -A concurrent=([.]='/(controllers|internal)(/|$)' [client]='/adapter$')
declare -A shortened=([.]='/internal/fleet$')

# Prints the packages of a list whose path matches the pattern. With -v, it prints the
# other packages.
matching() { grep -E "${@:2}" <<<"$1" || true; }

main() {
	local module compiler packages others failed=0
	compiler=$(command -v "$(go env CC)") ||
		echo "Skipped the race detector: it needs a C compiler, and there is no $(go env CC)" >&2
	command -v python3 >/dev/null || echo "Skipped the Python example: there is no python3" >&2
	for module in "$@"; do
		pushd "$module" >/dev/null
		packages=$(go list ./...)
		others=$packages
		if [[ -n $compiler && -n ${concurrent[$module]:-} ]]; then
			CGO_ENABLED=1 go test -json -race -short -p 2 -timeout 40m $(matching "$packages" "${concurrent[$module]}") || failed=1
			others=$(matching "$packages" -v "${concurrent[$module]}")
			[[ -z ${shortened[$module]:-} ]] || others+=" $(matching "$packages" "${shortened[$module]}")"
		fi
		go test -json -p 2 -timeout 40m $others || failed=1
		popd >/dev/null
	done
	return $failed
}

main "${@:?usage: $0 <folder of a module>...}"
