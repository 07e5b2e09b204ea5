#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# An MTU of 9000 from the start: the programs are native and take frames in pieces where the kernel
# gives those, and both engines carry a session; sallyport-dp leaves to XDP what no buffer of it holds.
TEST_TIMEOUT=120
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"

need_programs
lab_begin 1
field_mtu 9000
code=0
lab_in edge "$(lab_control_path)" --check --host "$LAB_CONFIG" >"$LAB_DIR/check" 2>&1 || code=$?
assert_eq 0 "$code" "exit status of --check --host"
assert_match '^slow +long frames: public has an MTU of 9000, .* up to 3374 bytes: longer ones are carried by the XDP' \
	"$LAB_DIR/check" "what --check --host says"
sed 's/fallback = "xdp"/fallback = "none"/' "$LAB_CONFIG" >"$LAB_DIR/none.conf"
code=0
lab_in edge "$(lab_control_path)" --check --host "$LAB_DIR/none.conf" >"$LAB_DIR/check" 2>&1 || code=$?
assert_eq 1 "$code" "exit status of --check --host without fallback"
assert_match '^refuse +long frames refused: builds has an MTU of 9000' "$LAB_DIR/check" "what it says"
assert_match 'cure: ip link set dev builds mtu 3374' "$LAB_DIR/check" "how it is cured"
ok "--check --host says who carries what"

head -c 2000000 /dev/urandom >"$LAB_DIR/data"
lab_start
put_build jumbo 0
port=$(node_port 0)
xdp=$(field_status .engines.xdp.packets)
field_copies "$port" "9000, engine dpdk"
assert_ge "$(field_status .engines.xdp.packets)" "$((xdp + 200))" "long frames carried by XDP"
assert_ge "$(field_status .engines.dpdk.packets)" 50 "other frames carried by sallyport-dp"
assert_eq 0 "$(field_status '[.queues[].lost.dropped] | add')" "frames that were too long for a socket"
daemon_stop dp
field_copies "$port" "9000, XDP alone"
modes=$(field_status '[.kernel.interfaces[].mode] | unique | join(" ")')
assert_eq 1 "$(wc -w <<<"$modes")" "modes: $modes"

# Another start takes over what is there.
daemon_stop control
control_start
assert_eq "adopted adopted" "$(field_status '[.kernel.interfaces[].attachment] | join(" ")')" "links, then"
field_copies "$port" "9000 in $modes mode, sallyportd started again"
