#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# With every process of ours killed, a live lease works to its deadline and not one packet passes
# after it.
LAB_LINGER=4s
# shellcheck disable=SC2034
TEST_ALONE=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_deadline.sh
. "$(dirname "$0")/_deadline.sh"

kill_all() {
	daemon_crash dp
	daemon_crash control
	assert_eq vm0 "$(ssh_to "$(node_port 0)" hostname)" "a new session with every process killed"
	ok "with every process killed a new session begins"
}

begin 1
deadline_holds orphan kill_all
assert_fails "ssh after the deadline" ssh_to "$(node_port 0)" true
ok "after the deadline a new session is refused"
