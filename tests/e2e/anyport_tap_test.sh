#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Both ports are TAPs of DPDK's own driver, with the kernel as their wire: what comes to the one goes
# to the other end. They are made before and stay, so that sallyport-dp may be killed.
TEST_TIMEOUT=120
LAB_EXTRA_PUBLIC='port = "net_tap0,iface=tap0,mac=02:00:00:00:02:01";'
LAB_EXTRA_BUILDS='port = "net_tap1,iface=tap1,mac=02:00:00:00:02:02";'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/anyport.sh
. "$LAB_TOOLS/anyport.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"
# shellcheck source=tests/e2e/_anyport.sh
. "$(dirname "$0")/_anyport.sh"

anyport_needs tap
lab_begin 1
anyport_wires
anyport_patch wire0 tap0 || skip "this kernel's nft has no fwd"
anyport_patch wire1 tap1
lab_start
wait_until 10 anyport_has_links || fail "sallyport-dp does not carry: $(field_status .warnings)"
anyport_own
anyport_carries
anyport_session
anyport_crash
anyport_ends
