#!/usr/bin/env bash
# Checks the alert rules of config/prometheus with promtool, runs their unit tests,
# and parses the queries of the dashboard. promtool reads bare rules, so this script
# extracts them from the PrometheusRule, and turns the queries into rules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
	local promtool=$PWD/bin/promtool dir
	dir=$(mktemp -d)
	trap "rm -rf '$dir'" EXIT
	awk 'inside { sub(/^  /, ""); print } /^spec:/ { inside = 1 }' config/prometheus/prometheus_rule.yaml >"$dir/rules.yaml"
	queries config/prometheus/dashboard.json >"$dir/queries.yaml"
	cp config/prometheus/alerts_test.yaml "$dir"
	cd "$dir"
	"$promtool" check rules --lint=all --lint-fatal rules.yaml
	"$promtool" test rules alerts_test.yaml
	"$promtool" check rules queries.yaml
}

# Prints a recording rule for each query of a dashboard, with values in place of
# Grafana's variables.
queries() {
	printf 'groups:\n- name: dashboard\n  rules:\n'
	grep -o '"expr": "\([^"\\]\|\\.\)*"' "$1" |
		sed -e 's/^"expr": //' -e 's/\$__rate_interval/5m/g' -e 's/\$[a-z]\{1,\}/x/g' |
		awk '{ printf "  - record: query:%d\n    expr: %s\n", NR, $0 }'
}

main
