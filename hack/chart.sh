#!/usr/bin/env bash
# Generates the files of charts/hyperfleet that come from config/, or packages the chart.
#
# usage: hack/chart.sh generate
#        hack/chart.sh package <version> <folder>
#
# package writes hyperfleet-1.2.3.tgz for the version v1.2.3 into the folder. The same
# files result in the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly chart=charts/hyperfleet

# Turns a manifest into a template with the namespaces of the release and of the values,
# and with the labels of the chart. The template has content only if the condition is
# true.
template() {
	local file=$1 condition=$2
	if grep -q '{{' "$file"; then
		echo "Error: $file has {{, which a template cannot hold as it is" >&2
		exit 1
	fi
	echo "{{- /* Generated from $file by hack/chart.sh: change that file. */ -}}"
	echo "{{- if $condition }}"
	sed -e 's/hyperfleet-system/{{ .Release.Namespace | quote }}/' \
		-e 's/^  namespace: default$/  namespace: {{ .Values.servedNamespace | quote }}/' \
		-e 's/values: \[default\]/values: [{{ .Values.servedNamespace | quote }}]/' \
		-e 's/^    app.kubernetes.io\/name: hyperfleet$/    {{- include "hyperfleet.labels" . | nindent 4 }}/' \
		-e 's/^  annotations:$/&\n    {{- if .Values.crds.keep }}\n    {{- include "hyperfleet.keep" . | nindent 4 }}\n    {{- end }}/' "$file"
	echo "{{- end }}"
}

generate() {
	local target=$chart/templates/generated folder file
	rm -rf "$target" "$chart/files"
	mkdir -p "$target"/{crd,rbac,admission,adapter-identity} "$chart/files"
	for file in config/{crd/bases,rbac,admission,adapter-identity}/*.yaml; do
		folder=${file#config/}
		folder=${folder%%/*}
		local condition='eq .Values.mode "manager"'
		case $file in
		*/kustomization.yaml | config/rbac/namespace.yaml | config/rbac/service_account.yaml) continue ;;
		config/crd/*) condition="and ($condition) .Values.crds.install" ;;
		config/adapter-identity/*) condition="and ($condition) .Values.adapterIdentity.enabled" ;;
		esac
		template "$file" "$condition" >"$target/$folder/${file##*/}"
	done
	cp config/prometheus/{dashboard.json,prometheus_rule.yaml} "$chart/files"
}

package() {
	local version=$1 target=$2 dir
	dir=$(mktemp -d)
	trap "rm -rf '$dir'" EXIT
	cp -rp "$chart" "$dir/hyperfleet"
	sed -i -e "s/^version: .*/version: ${version#v}/" -e "s/^appVersion: .*/appVersion: $version/" "$dir/hyperfleet/Chart.yaml"
	tar --create --directory "$dir" --format ustar --sort name --mtime @0 --owner 0 --group 0 --numeric-owner \
		--mode u=rw,go=r,a+X hyperfleet | gzip --no-name --best >"$target/hyperfleet-${version#v}.tgz"
}

case "${1:-} $#" in
"generate 1") generate ;;
"package 3") package "$2" "$3" ;;
*)
	sed -n 's/^# usage: /usage: /p' "$0" >&2
	exit 1
	;;
esac
