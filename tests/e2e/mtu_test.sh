#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The MTU grows under a running sallyport-dp, whose buffers do not: frames that are too long for them
# are carried by the XDP program, and no session stalls.
TEST_TIMEOUT=240
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"

begin 1
head -c 4000000 /dev/urandom >"$LAB_DIR/data"
put_build mtu 0
port=$(node_port 0)
field_copies "$port" "1500"
assert_eq 0 "$(field_status .engines.xdp.packets)" "packets carried by XDP at first"

field_mtu 3000
field_copies "$port" "3000"
wait_line 10 "$LAB_DIR/log/dp" 'MTU has outgrown the buffers'
assert_ge "$(field_status .engines.xdp.packets)" 1000 "long frames carried by XDP"
assert_eq 0 "$(field_status '[.queues[].lost.dropped] | add')" "frames that were too long for a socket"
assert_eq dpdk "$(field_status .carrying)" "who carries the others"

ip -n "$LAB_NS-edge" link set public mtu 9000
ip -n "$LAB_NS-edge" link set builds mtu 9000
field_copies "$port" "9000 on the edge"

field_mtu 1500
field_copies "$port" "1500 again"

daemon_signal dp STOP
xdp=$(field_status .engines.xdp.packets)
field_copies "$port" "sallyport-dp stopped"
[ "$(field_status .engines.xdp.packets)" -gt "$xdp" ] || fail "XDP carries nothing"
daemon_signal dp CONT

field_mtu 3000
daemon_stop dp
dp_start
xdp=$(field_status .engines.xdp.packets)
field_copies "$port" "3000, sallyport-dp started again"
assert_eq "$xdp" "$(field_status .engines.xdp.packets)" "packets that XDP carried meanwhile"
