#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# How long until the first packet comes through: from the start of sallyport-dp (no fallback, so
# nothing else can carry it), and from the PUT that binds a VM to a port that is dialled already, in
# either engine. A packet is sent every 0.2 ms.
#
#   LATENCY_ROUNDS (11)
TEST_TIMEOUT=${TEST_TIMEOUT:-300}
LAB_FALLBACK=none
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"
# shellcheck source=tests/bench/statistics.sh
. "$(dirname "$0")/statistics.sh"

ROUNDS=${LATENCY_ROUNDS:-11}
HERE=$(cd "$(dirname "$0")" && pwd)

# first_packet PORT BEGIN [CALL…]
first_packet() {
	"$HERE/first_packet.py" "$LAB_NS-client" "$LAB_NS-vm0" "$LAB_PUBLIC_ADDRESS" \
		"$1" "$2" 15 "${@:3}"
}

start_to_first() {
	local i port began_us times=()

	put_build start 0
	port=$(node_port 0)
	for ((i = 0; i < ROUNDS; i++)); do
		daemon_stop dp
		began_us=${EPOCHREALTIME/./}
		daemon_spawn dp
		times+=("$(first_packet "$port" "${began_us}000")")
		wait_until 10 dp_ready
	done
	api DELETE /v1/builds/start
	spread "start of sallyport-dp to the first packet forwarded" ms "${times[@]}"
}

# The port is promised first, so that packets knock at it before there is a VM behind it.
put_to_first() {
	local i port line first=() answer=()

	for ((i = 0; i < ROUNDS; i++)); do
		api PUT "/v1/builds/put-$1-$i" '{"nodes":[{"index":0}]}'
		port=$(node_port 0)
		line=$(first_packet "$port" call "$LAB_SOCKET" PUT "/v1/builds/put-$1-$i" \
			"$(build_body 0)")
		first+=("${line% *}")
		answer+=("${line#* }")
		api DELETE "/v1/builds/put-$1-$i"
	done
	spread "PUT to the first packet forwarded, $1" ms "${first[@]}"
	spread "PUT to its answer, $1" ms "${answer[@]}"
}

begin 1
start_to_first
put_to_first dpdk
lab_stop
LAB_ENGINE=xdp LAB_FALLBACK=xdp
config_write >"$LAB_CONFIG"
lab_start
put_to_first xdp
