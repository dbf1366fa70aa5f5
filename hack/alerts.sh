#!/usr/bin/env bash
# Checks the alert rules of config/prometheus with promtool, and runs their unit
# tests. promtool reads bare rules, so this script takes them out of the
# PrometheusRule.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
	local promtool=$PWD/bin/promtool dir
	dir=$(mktemp -d)
	trap "rm -rf '$dir'" EXIT
	awk 'inside { sub(/^  /, ""); print } /^spec:/ { inside = 1 }' config/prometheus/prometheus_rule.yaml >"$dir/rules.yaml"
	cp config/prometheus/alerts_test.yaml "$dir"
	cd "$dir"
	"$promtool" check rules --lint=all --lint-fatal rules.yaml
	"$promtool" test rules alerts_test.yaml
}

main
