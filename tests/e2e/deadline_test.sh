#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The deadline is in the packet path: sallyportd is stopped before it, and an open session passes
# traffic until that moment and none after it, in either engine.
LAB_LINGER=3s LAB_FAILOVER=1s
# shellcheck disable=SC2034
TEST_ALONE=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_deadline.sh
. "$(dirname "$0")/_deadline.sh"

stop_control() {
	daemon_signal control STOP
}

begin 1
deadline_holds dpdk stop_control
daemon_signal control CONT
dpdk_alone
daemon_stop dp
deadline_holds xdp stop_control
daemon_signal control CONT
