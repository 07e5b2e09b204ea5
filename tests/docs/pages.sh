#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The generated pages of docs/. Sourced by run.sh, which compares; as a command (`make pages`) it
# writes them again. The API's description comes from a running sallyportd, so it needs root.
generated_pages="VERDICTS.md CONFIGURATION.md FACTS.md FIGURES.md openapi.json"

# Prints page $1 as its program makes it, in a lab whose sallyportd runs.
generate_page() {
	case $1 in
	VERDICTS.md) "$SALLYPORT_BUILD/docs/verdict_page" markdown ;;
	CONFIGURATION.md) "$SALLYPORT_BUILD/docs/conf_page" markdown ;;
	FACTS.md) "$SALLYPORT_BUILD/docs/facts_page" ;;
	FIGURES.md) "$SALLYPORT_BUILD/docs/fleet_page" markdown ;;
	openapi.json)
		curl -sS --fail --unix-socket "$LAB_SOCKET" http://edge/openapi.json |
			python3 -m json.tool --indent 2 --no-ensure-ascii # jq < 1.8 rounds 2^63 - 1
		;;
	*) return 2 ;;
	esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -euo pipefail
	top=$(cd "$(dirname "$0")/../.." && pwd)
	# shellcheck source=tests/lab/lab.sh
	. "$top/tests/lab/lab.sh"
	lab_begin 1
	control_start
	for page in $generated_pages; do
		generate_page "$page" >"$LAB_DIR/page"
		cp "$LAB_DIR/page" "$top/docs/$page"
	done
fi
