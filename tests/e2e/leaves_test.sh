#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The host is left as it was: a start changes what OPERATOR.md lists and nothing else, the default
# route that a router advertised stays throughout, and --detach puts everything back.
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"

# shellcheck disable=SC2034
LAB_ADDRESSES=", { bind = \"$LAB_PUBLIC_ADDRESS6\"; ports = [ \"22000-22009\" ]; }"
LAB_ENGINE=xdp

# snapshot NAME: what of the edge host's network could have been changed.
snapshot() {
	local threads

	{
		lab_in edge sysctl -a 2>/dev/null |
			grep '^net\.' | grep -vE 'file|\.stat|nf_conntrack_count|random|gc_stats|secret'
		lab_in edge ip -d -j link | jq -c '.[] | del(.stats64) | del(.stats)'
		lab_in edge ip addr | sed -E 's/(valid_lft|preferred_lft) [0-9]+sec//g'
		lab_in edge ip route show table all | sed -E 's/ expires [0-9]+sec//'
		lab_in edge ip rule
		lab_in edge ip neigh show proto 83
		for threads in public builds; do
			lab_in edge ethtool -k "$threads"
		done
		lab_in edge bpftool net show
		ls "$LAB_BPF_DIR" 2>/dev/null || :
	} >"$LAB_DIR/$1"
}

has_default() {
	lab_in edge ip -6 route show default | grep -q 'via fe80:.* proto ra'
}

# route_stays WHAT: the router does not speak again meanwhile.
route_stays() {
	has_default || fail "$1: the advertised default route is gone"
	assert_eq 1 "$(lab_in edge cat /proc/sys/net/ipv6/conf/public/accept_ra)" "$1: accept_ra"
	ok "$1: the advertised default route is there"
}

need_programs
lab_begin 1
lab_in edge sysctl -qw net.ipv6.conf.public.accept_ra=1
lab_in client sysctl -qw net.ipv6.conf.all.forwarding=1
lab_in client "$LAB_TOOLS/advertise.py" eth0
wait_until 10 has_default
route_stays "before the first start"
snapshot before

control_start
route_stays "after the first start"
assert_eq 1 "$(lab_in edge cat /proc/sys/net/ipv6/conf/lo/forwarding)" "forwarding of the loopback"
snapshot during
diff "$LAB_DIR/before" "$LAB_DIR/during" | grep '^[<>] net\.' | grep -vE '^[<>] net\.ipv[46]\.conf\.lo\.forwarding' \
	>"$LAB_DIR/unlisted" && fail "sysctls beyond those that are listed: $(cat "$LAB_DIR/unlisted")"
ok "of all sysctls those of the loopback's forwarding are changed"

control_pid=$(daemon_pid control)
daemon_stop control
control_start
route_stays "after a restart"
[ "$control_pid" != "$(daemon_pid control)" ] || fail "it was not restarted"

lab_in edge sysctl -qw net.ipv6.conf.lo.forwarding=0
wait_until 10 field_told host.corrected 1
assert_eq 1 "$(lab_in edge cat /proc/sys/net/ipv6/conf/lo/forwarding)" "forwarding put right"
route_stays "after forwarding was put right"

daemon_stop control
nsenter --net="/run/netns/$LAB_NS-edge" "$(lab_control_path)" -c "$LAB_CONFIG" --detach \
	>"$LAB_DIR/log/detach" 2>&1 || fail "--detach: $(cat "$LAB_DIR/log/detach")"
route_stays "after --detach"
snapshot after
diff "$LAB_DIR/before" "$LAB_DIR/after" >"$LAB_DIR/left" || fail "left behind: $(cat "$LAB_DIR/left")"
ok "the host is as it was"
