#!/usr/bin/env bash
# Builds the artifacts of a release into dist/: binaries, the manifests of an
# install, the Helm chart, release notes and checksums.
#
# usage: hack/release.sh <version> <kubectl>
#
# The version is a tag of the commit that is checked out, such as v1.2.3. The Go
# modules in folders have tags of their own, such as api/v1.2.3, and require each other
# at the version. The program kubectl renders the manifests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Each program: its name, its package, and its platforms.
readonly programs=(
	"hyperfleet . linux/amd64 linux/arm64"
	"kubectl-hyperfleet ./cmd/kubectl-hyperfleet linux/amd64 linux/arm64 darwin/amd64 darwin/arm64"
)

# The folders of the Go modules that others import.
readonly modules=(api client)

fail() {
	echo "Error: $*" >&2
	exit 1
}

check_version() {
	local version=$1 tag tagged required
	[[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || fail "$version is not a version such as v1.2.3"
	[[ -z $(git status --porcelain) ]] || fail "the working tree has changes that are not committed: $(git status --porcelain | head -n 5)"
	for tag in "$version" "${modules[@]/%//$version}"; do
		tagged=$(git rev-parse --verify --quiet "refs/tags/$tag^{commit}") || fail "there is no tag $tag"
		[[ $tagged == "$(git rev-parse HEAD)" ]] || fail "$tag tags $tagged, and $(git rev-parse HEAD) is checked out"
	done
	# Those who import a module ignore its replace directives.
	required=$(grep -HoE 'github.com/hyperfleet-io/hyperfleet/[a-z]+ v[^ ]+' go.mod "${modules[@]/%//go.mod}" |
		grep -vF "hyperfleet/api $version
hyperfleet/client $version") && fail "modules must require each other at $version: $required"
	return 0
}

# The section of a version in CHANGELOG.md, without its heading.
release_notes() {
	local version=${1#v} notes
	notes=$(awk -v heading="## [$version]" '
		/^## / { inside = index($0, heading) == 1; next }
		/^\[[^]]*\]: / { next }
		inside' CHANGELOG.md)
	[[ $notes == *[![:space:]]* ]] || fail "CHANGELOG.md has no section ## [$version] with content"
	sed '/./,$!d' <<<"$notes"
}

build_programs() {
	local version=$1 into=$2 program name package platforms platform ldflags
	ldflags=$(make --no-print-directory ldflags VERSION="$version")
	for program in "${programs[@]}"; do
		read -r name package platforms <<<"$program"
		for platform in $platforms; do
			local file=${name}_${version}_${platform/\//_}
			echo "  $file"
			CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} go build -trimpath \
				-ldflags "$ldflags" -o "$into/$file" "$package"
		done
	done
}

main() {
	[[ $# -eq 2 ]] || fail "usage: $0 <version> <kubectl>"
	local version=$1 kubectl=$2 notes
	check_version "$version"
	notes=$(release_notes "$version")
	# dist/ appears once everything is built: a build that fails leaves nothing that
	# looks complete.
	local unfinished=dist.unfinished
	rm -rf dist "$unfinished"
	mkdir "$unfinished"
	echo "Building $version into dist/"
	printf '%s\n' "$notes" >"$unfinished/RELEASE_NOTES.md"
	hack/install-yaml.sh "$version" "$kubectl" "$unfinished/install.yaml"
	hack/chart.sh package "$version" "$unfinished"
	build_programs "$version" "$unfinished"
	(cd "$unfinished" && sums=$(sha256sum -- *) && echo "$sums" >SHA256SUMS)
	mv "$unfinished" dist
}

main "$@"
