#!/usr/bin/env bash
# Builds the artifacts of a release into dist/: programs with their SBOMs, the container
# image as an OCI layout, the manifests of an install, the Helm chart, release notes and
# checksums. The same commit and the same Go version result in the same bytes.
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

# The folders of the Go modules that other programs import.
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
	# A program that imports a module ignores the module's replace directives.
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

build_tools() {
	local into=$1
	(cd hack/tools/release && CGO_ENABLED=0 go build -o "$into/" ./image ./sbom)
}

# The time of the commit, so that artifacts do not depend on when they are built.
commit_time() { git log -1 --format=%cI; }

# The linker sets the version, so that a build does not depend on the state of git.
build_programs() {
	local version=$1 into=$2 program name package platforms platform ldflags
	ldflags=$(make --no-print-directory ldflags VERSION="$version")
	for program in "${programs[@]}"; do
		read -r name package platforms <<<"$program"
		for platform in $platforms; do
			local file=${name}_${version}_${platform/\//_}
			echo "  $file"
			CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} go build -trimpath -buildvcs=false \
				-ldflags "$ldflags" -o "$into/$file" "$package"
		done
	done
}

# Only the file names of programs contain a platform, and so one more "_".
write_sboms() {
	local version=$1 into=$2 tools=$3
	"$tools/sbom" -version "$version" -created "$(commit_time)" "$into"/*_"$version"_*_*
}

# The image contains the programs for Linux.
write_image() {
	local version=$1 into=$2 tools=$3 file images=()
	for file in "$into/hyperfleet_${version}_linux_"*; do
		images+=("linux/${file##*_}=$file")
	done
	"$tools/image" -output "$into/hyperfleet_${version}_image.tar" -version "$version" \
		-revision "$(git rev-parse HEAD)" -created "$(commit_time)" "${images[@]}"
}

main() {
	[[ $# -eq 2 ]] || fail "usage: $0 <version> <kubectl>"
	local version=$1 kubectl=$2 notes tools
	check_version "$version"
	notes=$(release_notes "$version")
	# dist/ appears only after everything is built, so that a failed build leaves nothing
	# that looks complete.
	local unfinished=dist.unfinished
	rm -rf dist "$unfinished"
	mkdir "$unfinished"
	echo "Building $version into dist/"
	printf '%s\n' "$notes" >"$unfinished/RELEASE_NOTES.md"
	hack/install-yaml.sh "$version" "$kubectl" "$unfinished/install.yaml"
	hack/chart.sh package "$version" "$unfinished"
	build_programs "$version" "$unfinished"
	tools=$(mktemp -d)
	trap "rm -rf '$tools'" EXIT
	build_tools "$tools"
	write_image "$version" "$unfinished" "$tools"
	write_sboms "$version" "$unfinished" "$tools"
	(cd "$unfinished" && sums=$(sha256sum -- *) && echo "$sums" >SHA256SUMS)
	mv "$unfinished" dist
}

main "$@"
