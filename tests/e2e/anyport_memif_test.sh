#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Both ports are memifs, shared with another process: a testpmd that copies between them and the
# wires. Each of the two processes is killed while a session is open, and comes back; it is
# sallyport-dp that dials.
TEST_TIMEOUT=120
ANYPORT_BYTES=1500000
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/anyport.sh
. "$LAB_TOOLS/anyport.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"
# shellcheck source=tests/e2e/_anyport.sh
. "$(dirname "$0")/_anyport.sh"

memif() {
	echo "net_memif$1,role=$2,id=$1,socket=$LAB_DIR/run/memif.sock,socket-abstract=no"
}

patch_start() {
	anyport_testpmd patch "$(memif 0 server)" net_af_packet0,iface=wire0 \
		"$(memif 1 server)" net_af_packet1,iface=wire1 || fail "testpmd: $(cat "$LAB_DIR/log/patch")"
}

anyport_needs af_packet memif
command -v dpdk-testpmd >/dev/null || skip "needs dpdk-testpmd"
lab_begin 1
LAB_EXTRA_PUBLIC="port = \"$(memif 0 client),mac=02:00:00:00:01:01\";"
LAB_EXTRA_BUILDS="port = \"$(memif 1 client),mac=02:00:00:00:01:02\";"
config_write >"$LAB_CONFIG"
anyport_wires
control_start
daemon_child dp
wait_gone 10 "$(daemon_pid dp)" || fail "sallyport-dp goes on without the other process"
assert_match 'error: Nobody serves this memif yet.* setting=public.port' "$LAB_DIR/log/dp" "what sallyport-dp says"
ok "without the other process it does not start, and says why"
patch_start
dp_start
wait_until 10 anyport_has_links || fail "sallyport-dp does not carry: $(field_status .warnings)"
anyport_own
anyport_carries
anyport_session
# The driver takes memory away below a worker when its peer is gone: a worker that is at it ends its process. That may
# be the other one, which is started again here as its supervisor would (once in four with DPDK 24.11) …
patch_again() {
	if grep -q '^State:.[RSD]' "/proc/$(cat "$LAB_DIR/patch.testpmd")/status"; then return; fi 2>/dev/null
	rm -f "$LAB_DIR/run/memif.sock"
	patch_start
}
anyport_crash patch_again
# … or sallyport-dp.
kill -9 "$(cat "$LAB_DIR/patch.testpmd")"
rm "$LAB_DIR/run/memif.sock"
no_carrier() {
	ip -n "$LAB_NS-edge" -j link show public | jq -e '.[0].flags | contains(["NO-CARRIER"])'
}
wait_until 10 no_carrier || [ "$(daemon_state dp)" = stopped ] || fail "a carrier without the other process"
patch_start
[ "$(daemon_state dp)" = running ] || dp_start
anyport_goes_on "kill -9 of the other process, and a start"
anyport_ends
