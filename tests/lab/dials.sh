# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# Floods at dead ports, for the test and the benchmark of them; sourced after _init.sh.

DIALS_SOURCES=200 # addresses of the client, 192.0.2.10 and up
DEAD_PORTS=()

dials_sources() {
	local i

	for ((i = 0; i < DIALS_SOURCES; i++)); do
		echo "addr add 192.0.2.$((10 + i))/24 dev eth0"
	done | ip -n "$LAB_NS-client" -batch -
}

# dead_ports NUMBER: so many builds whose VM is not there yet, and so many that have ended.
dead_ports() {
	local i

	for ((i = 0; i < $1; i++)); do
		api PUT "/v1/builds/soon-$i" '{"nodes":[{"index":0}]}'
		assert_eq 201 "$STATUS" "status of a PUT without an address"
		DEAD_PORTS+=("$(node_port 0)")
		put_build "over-$i" 0
		DEAD_PORTS+=("$(node_port 0)")
		api DELETE "/v1/builds/over-$i"
		assert_eq 204 "$STATUS" "status of DELETE"
	done
}

# flood RATE SECONDS FILE [--hold]: dials at all of them, the fates to FILE; to be run with &.
flood() {
	# shellcheck disable=SC2086
	"$LAB_TOOLS/dial.py" ${4:-} "$LAB_NS-client" "$LAB_PUBLIC_ADDRESS" "$1" "$2" \
		"$DIALS_SOURCES" "${DEAD_PORTS[@]}" >"$3"
}

# Prints how many dials the responder has told or refused (told, refused) so far.
responder() {
	lab_api GET /v1/status | head -n1 | jq ".explained.$1"
}
