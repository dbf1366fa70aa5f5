#!/usr/bin/env bash
# Writes the variables level2 to level33, and levels, of config/admission/bounds.yaml:
# CEL has no recursion, so the policy has one variable for each level of nesting.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly policy=config/admission/bounds.yaml
readonly deepest=33 # the level that must contain no object or array

# Prints the variable of one level: the values inside the values of the level above.
level() {
	local n=$1 above=variables.level$(($1 - 1))
	cat <<-END
	  - name: level$n
	    expression: >-
	      [$above.map(g, g.map(v, type(v) == map || type(v) == list ? size(v) : 0).sum()).sum()].map(n, n == 0 ? []
	      : n > 10000 ? lists.range(79).map(i, lists.range(128).map(j, dyn(null)))
	      : [$above.map(g, g.map(v, type(v) == map ? v.transformList(k, w, w) : type(v) == list ? v : []).flatten()).flatten()]
	      .map(x, lists.range((n + 127) / 128).map(i, x.slice(i * 128, (i + 1) * 128 < n ? (i + 1) * 128 : n)))[0])[0]
	END
}

# Prints the list of the levels from the second to the given one.
levels() {
	local list n
	for ((n = 2; n <= $1; n++)); do list+="${list:+, }variables.level$n"; done
	printf '[%s]' "$list"
}

unrolled() {
	local n
	for ((n = 2; n <= deepest; n++)); do level "$n"; done
	printf '  - name: levels\n    expression: >-\n'
	# A shallow object does not evaluate the deep levels.
	printf 'size(variables.level5) == 0 ? %s : size(variables.level9) == 0 ? %s : %s\n' "$(levels 4)" "$(levels 8)" "$(levels "$deepest")" |
		fold -s -w 90 | sed 's/^/      /; s/ *$//'
}

main() {
	local content
	content=$(sed '/^  - name: level2$/,$d' "$policy" && unrolled && sed -n '/^  - name: members$/,$p' "$policy")
	printf '%s\n' "$content" >"$policy"
}

main
