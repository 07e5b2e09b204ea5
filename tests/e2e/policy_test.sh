#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Policy routing: the public address has a table of its own, as hosts with two uplinks have it, made
# while a session runs. Both engines go the way that the kernel would; what sallyport-dp cannot say
# of the kernel's rules it leaves to the XDP program, and status, doctor and metrics tell why.
# shellcheck disable=SC2034
LAB_FAILOVER=50ms
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

FAR=203.0.113.5 # of the client, reached by a default route alone

far_ssh() {
	lab_client timeout 10 ssh "${SSH_OPTIONS[@]}" -o ConnectTimeout=3 -b "$FAR" -p "$port" \
		"ubuntu@$LAB_PUBLIC_ADDRESS" "$@"
}

far_answers() {
	[ "$(far_ssh hostname 2>/dev/null)" = vm0 ]
}

cli() {
	lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" "$@"
}

carries() {
	api GET /v1/status
	[ "$(answer .carrying)" = "$1" ]
}

# no_route: how many packets DPDK has dropped as such.
no_route() {
	api GET /v1/status
	answer .engines.dpdk.verdicts.no_route
}

left_says() {
	api GET /v1/status
	answer '.left_to_xdp[]' | grep -q "$1"
}

left_nothing() {
	api GET /v1/status
	[ "$(answer '.left_to_xdp | length')" = 0 ]
}

# The main table's default route leads to another uplink; the public address's own to the client.
rules() {
	lab_in edge ip link add mgmt type veth peer name mgmt0
	lab_in edge ip addr add 172.16.0.2/24 dev mgmt
	lab_in edge ip link set mgmt up
	lab_in edge ip link set mgmt0 up
	lab_in edge ip route add default via 172.16.0.1 dev mgmt
	lab_in edge ip route add default via "$LAB_CLIENT_ADDRESS" dev public table 101
	lab_in edge ip rule add from "$LAB_PUBLIC_ADDRESS" lookup 101 pref 1000
}

begin 1
ip -n "$LAB_NS-client" addr add "$FAR/32" dev lo
put_build policy 0
port=$(node_port 0)
rm -f "$LAB_DIR/nothing"
mkfifo "$LAB_DIR/nothing"
ssh_to "$port" 'echo in; read -r _; echo still in' <>"$LAB_DIR/nothing" >"$LAB_DIR/session" 2>&1 &
session=$!
wait_line 10 "$LAB_DIR/session" '^in$'
rules
wait_until 10 far_answers || fail "no way back: $(no_route) packets without a route"
carries dpdk || fail "another engine carries: $(answer .carrying)"
ok "dpdk: a rule for the public address, made during a session, is followed"

lab_in edge ip rule add suppress_ifgroup 7 lookup main pref 1500
wait_until 10 left_says 'policy rule of a kind'
wait_until 10 carries xdp
assert_eq vm0 "$(far_ssh hostname)" "host name while all is left to XDP"
cli doctor "$LAB_CONFIG" >"$LAB_DIR/doctor" 2>&1 || :
assert_match 'leaves all packets to the XDP program, because there is a policy rule' "$LAB_DIR/doctor" \
	"doctor"
cli status >"$LAB_DIR/status" 2>&1
assert_match 'left to xdp +because there is a policy rule' "$LAB_DIR/status" "status"
ok "a rule that sallyport-dp does not know leaves all to XDP; status and doctor say why"

lab_in edge ip rule del pref 1500
wait_until 10 left_nothing
wait_until 10 carries dpdk
assert_eq vm0 "$(far_ssh hostname)" "host name once the rule is gone"
echo >"$LAB_DIR/nothing"
wait_line 10 "$LAB_DIR/session" '^still in$'
wait "$session"
ok "DPDK carries again once it is gone, and the session has lived through all of it"

daemon_stop dp
assert_eq vm0 "$(far_ssh hostname)" "host name with XDP"
ok "xdp: the same rule is followed"
