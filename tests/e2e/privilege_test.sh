#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Both daemons with the capabilities that their units leave them, and no others.
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# as_unit UNIT PROGRAM: makes a program that runs it so.
as_unit() {
	local kept

	kept=$(sed -n 's/^CapabilityBoundingSet=//p' "$SALLYPORT_BUILD/configs/systemd/$1" |
		tr '[:upper:] ' '[:lower:]\n' | sed -n 's/^cap_/,+/p' | tr -d '\n')
	[ -n "$kept" ] || fail "$1 says nothing of capabilities"
	printf '#!/bin/sh\nexec setpriv --bounding-set=-all%s --inh-caps=-all %s "$@"\n' "$kept" "$2" \
		>"$LAB_DIR/$1"
	chmod +x "$LAB_DIR/$1"
}

has_sys_admin() {
	grep -q '^CapabilityBoundingSet=.*CAP_SYS_ADMIN' "$SALLYPORT_BUILD/configs/systemd/$1"
}

need_programs
lab_begin 1
as_unit sallyportd.service "$(lab_control_path)"
as_unit sallyport-dp.service "$(lab_dp_path)"
lab_control_path() {
	echo "$LAB_DIR/sallyportd.service"
}
lab_dp_path() {
	echo "$LAB_DIR/sallyport-dp.service"
}
lab_start
put_build privilege 0
assert_eq vm0 "$(ssh_to "$(node_port 0)" hostname)" "ssh"
dpdk_alone
for daemon in control dp; do
	unit=sallyportd.service
	[ "$daemon" = control ] || unit=sallyport-dp.service
	kept=$(awk '$1 == "CapBnd:" { print $2 }' "/proc/$(daemon_pid $daemon)/status")
	assert_eq "$(has_sys_admin $unit && echo 1 || echo 0)" $((0x$kept >> 21 & 1)) "CAP_SYS_ADMIN of $unit"
done
ok "the capabilities of the units suffice"
