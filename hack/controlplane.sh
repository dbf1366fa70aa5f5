#!/usr/bin/env bash
# Builds etcd, kube-apiserver and kubectl from the modules that
# hack/controlplane/go.mod names, into the folder given as the only argument, unless
# the folder already contains these versions. If KUBEBUILDER_ASSETS is set, it builds
# nothing: it checks that the programs exist and links to them from the folder, so that
# commands in docs find kubectl in one place.
set -euo pipefail

readonly programs=(etcd kube-apiserver kubectl)
readonly module_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/controlplane" && pwd)

fail() {
	echo "Error: $*" >&2
	exit 1
}

# The admission policies need Kubernetes 1.36.
check_assets() {
	local dir=$1 program minor
	for program in "${programs[@]}"; do
		[[ -x $dir/$program ]] || fail "KUBEBUILDER_ASSETS is $dir, which holds no program $program; unset it to build all of them"
	done
	minor=$("$dir/kube-apiserver" --version | sed -n 's/^Kubernetes v1\.\([0-9]*\).*/\1/p')
	[[ ${minor:-0} -ge 36 ]] || fail "KUBEBUILDER_ASSETS is $dir, whose kube-apiserver is older than 1.36: $("$dir/kube-apiserver" --version)"
}

# A folder with a stamp contains built programs, which links must not replace.
link_assets() {
	local dir=$1 target=$2 program
	[[ ! -f $target/stamp && ! $dir -ef $target ]] || return 0
	dir=$(cd "$dir" && pwd)
	mkdir -p "$target"
	for program in "${programs[@]}"; do
		ln -sfn "$dir/$program" "$target/$program"
	done
}

build() {
	local target=$1 kubernetes=$2
	local version=${kubernetes#v}
	local major=${version%%.*} rest=${version#*.}
	local stamp=k8s.io/component-base/version
	# kubectl refuses an API server whose version it cannot parse.
	local ldflags="-s -w -X $stamp.gitVersion=$kubernetes -X $stamp.gitMajor=$major -X $stamp.gitMinor=${rest%%.*}"
	local package
	for package in go.etcd.io/etcd/server/v3 k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubectl; do
		local name=${package##*/}
		[[ $name == v3 ]] && name=etcd
		echo "  $name"
		(cd "$module_dir" && CGO_ENABLED=0 go build -ldflags "$ldflags" -o "$target/$name" "$package")
	done
}

main() {
	[[ $# -eq 1 ]] || fail "usage: $0 <folder>"
	local target=$1
	if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
		check_assets "$KUBEBUILDER_ASSETS"
		link_assets "$KUBEBUILDER_ASSETS" "$target"
		return
	fi
	local stamp kubernetes etcd
	stamp=$(cd "$module_dir" && { cat go.mod go.sum && declare -f build; } | cksum)
	if [[ -f $target/stamp ]] && [[ $(tail -n 1 "$target/stamp") == "$stamp" ]]; then
		return
	fi
	kubernetes=$(cd "$module_dir" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
	etcd=$(cd "$module_dir" && go list -m -f '{{.Version}}' go.etcd.io/etcd/server/v3)
	echo "Building etcd $etcd and Kubernetes $kubernetes from source, once: about 5 minutes on 2 cores, seconds from a warm build cache"
	# The folder and its stamp appear only after everything is built, so that a killed
	# build leaves nothing that looks complete.
	rm -rf "$target.unfinished"
	mkdir -p "$target.unfinished"
	build "$(cd "$target.unfinished" && pwd)" "$kubernetes"
	printf 'etcd %s\nKubernetes %s\n%s\n' "$etcd" "$kubernetes" "$stamp" >"$target.unfinished/stamp"
	rm -rf "$target.old"
	[[ ! -e $target ]] || mv "$target" "$target.old"
	mv "$target.unfinished" "$target"
	rm -rf "$target.old"
}

main "$@"
