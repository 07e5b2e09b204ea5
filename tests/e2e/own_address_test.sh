#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A routed prefix of which each session has an address of its own, in both engines: ssh at port 22 of
# it, what ended addresses and those that never were say, and none given twice over kill -9.
# shellcheck disable=SC2034
LAB_FAILOVER=1s LAB_QUARANTINE=2s LAB_UNLIMITED=1
TEST_TIMEOUT=${TEST_TIMEOUT:-240}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

PREFIX=2001:db8:5::/64
# shellcheck disable=SC2034
LAB_ADDRESSES=", { bind = \"$PREFIX\"; pool = \"own\"; sessions = 64; }"
# shellcheck disable=SC2034
LAB_NETWORKS=', "2001:db8:2::/64"'

# put_own ID [JSON]: a build of one node, VM 0 by IPv6; OWN is the address it has.
put_own() {
	api PUT "/v1/builds/$1" "{\"user\":\"ubuntu\",\"nodes\":[{\"index\":0,\"pool\":\"own\",
		\"address\":\"$(lab_vm_address6 0)\",
		\"forwards\":[{\"name\":\"web\",\"port\":8080}]}]${2:+,$2}}"
	assert_eq 201 "$STATUS" "status of the PUT of $1"
	OWN=$(answer '.nodes[0].public_host')
	echo "$OWN" >>"$LAB_DIR/given"
}

# ssh_own ADDRESS COMMAND…: from the client, to port 22, where ssh goes by itself.
ssh_own() {
	local address=$1

	shift
	lab_client ssh "${SSH_OPTIONS[@]}" "ubuntu@$address" "$@"
}

# dialled ADDRESS PATTERN WHAT: ssh fails and prints it.
dialled() {
	assert_fails "ssh to an address that $3" ssh_own "$1" true
	assert_match "$2" "$LAB_DIR/refused" "$3"
	ok "$3: $(grep -oE 'Received disconnect.*' "$LAB_DIR/refused")"
}

# traced ADDRESS PATTERN: trace says so of a packet to port 22.
traced() {
	lab_in edge "$(lab_cli_path)" trace --bpf-dir "$LAB_BPF_DIR" --from "[$LAB_CLIENT_ADDRESS6]:4000" \
		--to "[$1]:22" >"$LAB_DIR/traced" 2>&1 || fail "trace: $(cat "$LAB_DIR/traced")"
	assert_match ", $2: " "$LAB_DIR/traced" "trace of a packet to $1"
}

# neighbour ADDRESS: one of the prefix that nobody has.
neighbour() {
	python3 -c 'import ipaddress, sys; print(ipaddress.ip_address(int(ipaddress.ip_address(sys.argv[1])) ^ 1 << 40))' "$1"
}

sessions() {
	local command

	put_own "a-$1"
	assert_match '^2001:db8:5:' <(echo "$OWN") "public host"
	assert_eq 22 "$(node_port)" "public port"
	assert_eq "$OWN 8080" "$(answer '.nodes[0].forwards[0] | "\(.public_host) \(.public_port)"')" "a forward"
	command=$(answer '.nodes[0].ssh')
	assert_eq "ssh -o HostKeyAlias=a-$1-0 ubuntu@$OWN" "$command" "the command that people are told"
	# shellcheck disable=SC2086
	assert_eq vm0 "$(lab_client ssh "${SSH_OPTIONS[@]}" ${command#ssh } hostname)" "host name by that command"
	# shellcheck disable=SC2016
	assert_eq "$LAB_CLIENT_ADDRESS6 22" "$(ssh_own "$OWN" 'set -- $SSH_CONNECTION; echo $1 $4')" \
		"SSH_CONNECTION at the VM"
	ssh_own "$OWN" 'cat >blob' <"$LAB_DIR/blob"
	assert_eq "$(sha256sum <"$LAB_DIR/blob")" "$(ssh_own "$OWN" 'cat blob' | sha256sum)" "sha256 back at the client"
	ok "$1: ssh at port 22 of an address of its own, 8 MiB there and back"
	traced "$OWN" "forwarded.*"
	assert_match "lease: \\[$OWN\\]:22 to \\[$(lab_vm_address6 0)\\]:22, live" "$LAB_DIR/traced" "trace"
	traced "$(neighbour "$OWN")" "no_lease"
	lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" show "a-$1" >"$LAB_DIR/shown" 2>&1
	assert_match "ssh -o HostKeyAlias=a-$1-0 ubuntu@$OWN" "$LAB_DIR/shown" "show"
	ok "$1: trace and show know it"
	dialled "$(neighbour "$OWN")" 'No SSH session has this address' "$1, never had a session"
	assert_fails "a port that the address does not have" lab_client bash -c "exec 3<>/dev/tcp/$OWN/8022"
	assert_match 'refused' "$LAB_DIR/refused" "a port that the address does not have"
	ok "$1: the host's own server at port 22 and 8022 of every address is not reached by the prefix"
}

# A session that is open goes on while sallyportd is killed and started, and ends at its DELETE.
outlives() {
	local before=$OWN session

	rm -f "$LAB_DIR/open" "$LAB_DIR/input"
	mkfifo "$LAB_DIR/input"
	ssh_own "$before" cat <>"$LAB_DIR/input" >"$LAB_DIR/open" 2>&1 &
	session=$!
	echo first >"$LAB_DIR/input"
	wait_line 10 "$LAB_DIR/open" '^first$'
	daemon_crash control
	echo second >"$LAB_DIR/input"
	wait_line 10 "$LAB_DIR/open" '^second$'
	control_start
	api GET "/v1/builds/a-$1"
	assert_eq "$before" "$(answer '.nodes[0].public_host')" "its address after kill -9"
	echo third >"$LAB_DIR/input"
	wait_line 10 "$LAB_DIR/open" '^third$'
	api DELETE "/v1/builds/a-$1"
	assert_eq 204 "$STATUS" "status of DELETE"
	wait_until 10 process_gone "$session"
	ok "$1: an open session keeps its address over kill -9 of sallyportd and is cut by DELETE"
	dialled "$before" "a-$1.*(cancelled|ended)" "$1, ended"
	wait_until 30 build_forgotten "a-$1"
	dialled "$before" 'No SSH session has this address' "$1, forgotten after the quarantine"
}

build_forgotten() {
	api GET "/v1/builds/$1"
	[ "$STATUS" = 404 ]
}

allowed() {
	put_own "off-$1" '"allow":["2001:db8:9::/64"]'
	dialled "$OWN" 'Received disconnect' "$1, not allowed"
	api DELETE "/v1/builds/off-$1"
}

need_programs
lab_begin 1
lab_in edge python3 -c 'import socket, time
servers = [socket.create_server(("::", port), family=socket.AF_INET6) for port in (22, 8022)]
while True: time.sleep(60)' &
SERVER=$!
ip -n "$LAB_NS-client" -6 route add "$PREFIX" via "$LAB_PUBLIC_ADDRESS6"
lab_start
lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" doctor "$LAB_CONFIG" >"$LAB_DIR/findings" 2>&1 || :
assert_match "ip -6 route add local $PREFIX dev lo" "$LAB_DIR/findings" "doctor without the route"
ip -n "$LAB_NS-edge" -6 route add local "$PREFIX" dev lo
lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" doctor "$LAB_CONFIG" >"$LAB_DIR/findings" 2>&1 || :
! grep -q "route add local" "$LAB_DIR/findings" || fail "doctor asks for a route that is there"
ok "doctor asks for the route that makes the prefix this host's"

head -c 8M /dev/urandom >"$LAB_DIR/blob"
for engine in dpdk xdp; do
	sessions "$engine"
	outlives "$engine"
	allowed "$engine"
	daemon_stop dp
done
for i in 1 2 3 4 5 6 7 8; do
	put_own "more-$i"
	api DELETE "/v1/builds/more-$i"
	[ $((i % 4)) -ne 0 ] || {
		daemon_crash control
		control_start
	}
done
assert_eq "" "$(sort "$LAB_DIR/given" | uniq -d)" "addresses given twice"
ok "$(wc -l <"$LAB_DIR/given") sessions, four times kill -9, no address twice"
kill "$SERVER"
