#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What sallyport-dp costs without packets, by dataplane.idle, and how fast it has the packets of a load
# that begins at once: a flood of 60-byte segments, what of it reaches the VM between 100 and 600 ms
# after its first segment, as a part of what does with idle = "spin" in the same round.
#
#   IDLE_ROUNDS (5)   IDLE_SECONDS (5) without packets   IDLE_MODES (spin adaptive yield)
TEST_TIMEOUT=${TEST_TIMEOUT:-900}
# shellcheck disable=SC2034
LAB_DIRECT=1
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"
# shellcheck source=tests/bench/statistics.sh
. "$(dirname "$0")/statistics.sh"
# shellcheck source=tests/bench/load.sh
. "$(dirname "$0")/load.sh"

ROUNDS=${IDLE_ROUNDS:-5}
SECONDS_EACH=${IDLE_SECONDS:-5}
read -ra MODES <<<"${IDLE_MODES:-spin adaptive yield}"
HERE=$(cd "$(dirname "$0")" && pwd)
PORT=7000

# Prints the CPU time of all threads of sallyport-dp, in seconds.
cpu_of_dp() {
	cat /proc/"$(daemon_pid dp)"/task/*/schedstat | awk '{ ns += $1 } END { printf "%.6f\n", ns / 1e9 }'
}

is_at_rest() {
	[ "$1" != yield ] || field_is .workers_yield true
}

idle_cpu() {
	local before

	before=$(cpu_of_dp)
	# Nothing is waited for: this is the measurement.
	python3 -c 'import sys, time; time.sleep(float(sys.argv[1]))' "$SECONDS_EACH"
	echo "$before $(cpu_of_dp) $SECONDS_EACH" | awk '{ print 100 * ($2 - $1) / $3 }' >>"$LAB_DIR/cpu-$1"
}

step() {
	local watch

	lab_in vm0 "$HERE/idle.py" eth0 100 600 >"$LAB_DIR/step" &
	watch=$!
	wait_line 10 "$LAB_DIR/step" ready
	lab_in client "$LAB_DIR/load" flood eth0 "$MAC" "$LAB_CLIENT_ADDRESS" "$LAB_PUBLIC_ADDRESS" "$LEASED" 1 \
		>/dev/null
	wait "$watch"
	tail -n 1 "$LAB_DIR/step" >>"$LAB_DIR/step-$1"
}

measure() {
	LAB_IDLE=$1
	config_write >"$LAB_CONFIG"
	lab_start
	api PUT /v1/builds/idle "{\"nodes\":[{\"index\":0,\"address\":\"$(lab_vm_address 0)\",\"port\":$PORT}]}"
	LEASED=$(node_port 0)
	wait_until 30 is_at_rest "$1"
	idle_cpu "$1"
	step "$1"
	api DELETE /v1/builds/idle
	lab_stop
	rm -rf "$LAB_DIR/state"
	mkdir "$LAB_DIR/state"
}

need_programs
lab_begin 1
cc -O2 -D_GNU_SOURCE -o "$LAB_DIR/load" "$HERE/load.c"
MAC=$(lab_in edge ip -j link show dev public | jq -r '.[0].address')
flood_ends_at_vm
for ((round = 0; round < ROUNDS; round++)); do
	for mode in "${MODES[@]}"; do
		measure "$mode"
	done
done
for mode in "${MODES[@]}"; do
	mapfile -t values <"$LAB_DIR/cpu-$mode"
	spread "$mode, CPU without packets" "% of a core" "${values[@]}"
	mapfile -t values <"$LAB_DIR/step-$mode"
	spread "$mode, packets after 100 ms" "1000/s" "${values[@]}"
	[ "$mode" = spin ] || [ ! -e "$LAB_DIR/step-spin" ] ||
		ratios "$mode : spin, packets after 100 ms" "$LAB_DIR/step-$mode" "$LAB_DIR/step-spin"
done
