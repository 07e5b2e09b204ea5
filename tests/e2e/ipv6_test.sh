#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# IPv6 leases beside IPv4 ones, in both engines: ssh both ways, the client's own address at the VM,
# explanations, allow-lists, an MTU smaller than the sender's, and the cut of idle sessions.
TEST_TIMEOUT=${TEST_TIMEOUT:-240}
# The engine that is asked for carries each packet, also where its worker is kept from its core for a moment.
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# shellcheck disable=SC2034
LAB_ADDRESSES=", { bind = \"$LAB_PUBLIC_ADDRESS6\"; ports = [ \"61000-61031\" ]; }"
# shellcheck disable=SC2034
LAB_NETWORKS=', "2001:db8:2::/64"'

# ssh6 PORT COMMAND…: from the client, to a port of the edge's IPv6 address.
ssh6() {
	local port=$1

	shift
	lab_client ssh "${SSH_OPTIONS[@]}" -p "$port" "ubuntu@$LAB_PUBLIC_ADDRESS6" "$@"
}

# put_both ID [JSON]: a build of two nodes, VM 0 by IPv4 and VM 1 by IPv6; PORT4 and PORT6 lead there.
put_both() {
	api PUT "/v1/builds/$1" "{\"user\":\"ubuntu\",\"nodes\":[
		{\"index\":0,\"address\":\"$(lab_vm_address 0)\"},
		{\"index\":1,\"address\":\"$(lab_vm_address6 1)\"}]${2:+,$2}}"
	assert_eq 201 "$STATUS" "status of the PUT of $1"
	PORT4=$(node_port 0)
	PORT6=$(node_port 1)
}

sessions() {
	put_both "both-$1"
	assert_eq "$LAB_PUBLIC_ADDRESS6" "$(answer '.nodes[1].public_host')" "public host of an IPv6 node"
	assert_ge "$PORT6" 61000 "the port of an IPv6 node"
	assert_le "$PORT6" 61031 "the port of an IPv6 node"
	assert_eq vm0 "$(ssh_to "$PORT4" hostname)" "host name behind the IPv4 port"
	assert_eq vm1 "$(ssh6 "$PORT6" hostname)" "host name behind the IPv6 port"
	# shellcheck disable=SC2016
	assert_eq "$LAB_CLIENT_ADDRESS6 $(lab_vm_address6 1)" \
		"$(ssh6 "$PORT6" 'set -- $SSH_CONNECTION; echo $1 $3')" "SSH_CONNECTION at the VM"
	ok "$1: one build with an IPv4 and an IPv6 node, the VM's sshd sees the client's address"
}

# way_mtu MTU: how large a packet may be behind the edge. The VM keeps to it but still tells its
# peers to send full ones, as a tunnel on the way would have it.
way_mtu() {
	lab_in edge ip link set builds mtu "$1"
	ip -n "$LAB_NS-vm1" -6 route change default via 2001:db8:2::1 mtu "$1" advmss 1440
}

# too_big ENGINE: how many packets it has answered with their next hop's MTU.
too_big() {
	api GET /v1/status
	answer ".engines.$1.verdicts.too_big"
}

# The way behind the edge takes smaller packets than the client believes: the edge's ICMPv6 errors
# must reach it in terms of its own connection, else nothing large ever arrives.
transfers() {
	local before

	before=$(too_big "$1")
	way_mtu "$2"
	ssh6 "$PORT6" 'cat >blob' <"$LAB_DIR/blob"
	assert_eq "$(sha256sum <"$LAB_DIR/blob")" "$(ssh6 "$PORT6" 'sha256sum <blob')" "sha256 at the VM"
	assert_eq "$(sha256sum <"$LAB_DIR/blob")" "$(ssh6 "$PORT6" 'cat blob' | sha256sum)" \
		"sha256 back at the client"
	[ "$2" = 1500 ] || assert_ge "$(too_big "$1")" $((before + 1)) "ICMPv6 errors sent"
	way_mtu 1500
	lab_in client ip -6 route flush cache
	ok "$1: 8 MiB there and back with an MTU of $2 behind the edge, sha256 equal"
}

# dialled PORT PATTERN WHAT: ssh fails and prints it.
dialled() {
	assert_fails "ssh to an IPv6 port that is $3" ssh6 "$1" true
	assert_match "$2" "$LAB_DIR/refused" "$3"
	ok "$3: $(grep -oE 'Received disconnect.*' "$LAB_DIR/refused")"
}

# An idle session over IPv6 ends for ssh soon after the DELETE, by a reset.
cut_idle() {
	local session

	rm -f "$LAB_DIR/idle" "$LAB_DIR/nothing"
	mkfifo "$LAB_DIR/nothing"
	lab_client ssh "${SSH_OPTIONS[@]}" -o ServerAliveInterval=0 -o TCPKeepAlive=no -p "$PORT6" \
		"ubuntu@$LAB_PUBLIC_ADDRESS6" 'echo in; cat' \
		<>"$LAB_DIR/nothing" >"$LAB_DIR/idle" 2>&1 &
	session=$!
	wait_line 10 "$LAB_DIR/idle" '^in$'
	capture_start resets-client client eth0 -Q in 'ip6[6] = 6 and ip6[53] & 4 != 0'
	capture_start resets-vm vm1 eth0 -Q in 'ip6[6] = 6 and ip6[53] & 4 != 0'
	api DELETE "/v1/builds/both-$1"
	assert_eq 204 "$STATUS" "status of DELETE"
	wait_until 10 process_gone "$session"
	wait_until 5 pcap_has resets-client 1
	wait_until 5 pcap_has resets-vm 1
	capture_stop resets-client
	capture_stop resets-vm
	ok "$1: an idle IPv6 session is cut by DELETE, both ends saw a reset"
	dialled "$PORT6" "both-$1.*(cancelled|ended)" "$1, ended"
}

allowed() {
	api PUT "/v1/builds/list-$1" "{\"nodes\":[{\"index\":0,\"address\":\"$(lab_vm_address 0)\"},
		{\"index\":1,\"address\":\"$(lab_vm_address6 1)\"}],\"allow\":[\"$LAB_CLIENT_ADDRESS6/128\"]}"
	assert_eq "422 /allow" "$STATUS $(answer '.errors[0].pointer')" "a list that lets nobody in by IPv4"
	put_both "list-$1" "\"allow\":[\"$LAB_CLIENT_ADDRESS6/128\",\"203.0.113.0/24\"]"
	assert_eq vm1 "$(ssh6 "$PORT6" hostname)" "host name for an address on the list"
	assert_fails "ssh by IPv4, off the list" ssh_to "$PORT4" true
	api DELETE "/v1/builds/list-$1"
	put_both "off-$1" '"allow":["2001:db8:9::/64","203.0.113.0/24"]'
	dialled "$PORT6" 'Received disconnect' "$1, not allowed"
	api DELETE "/v1/builds/off-$1"
	ok "$1: an allow-list lets in whom it names and nobody else, and must name somebody of each family"
}

begin 2
head -c 8M /dev/urandom >"$LAB_DIR/blob"
for engine in dpdk xdp; do
	sessions "$engine"
	transfers "$engine" 1500
	transfers "$engine" 1300
	cut_idle "$engine"
	allowed "$engine"
	daemon_stop dp
done
api PUT /v1/builds/unbound '{"nodes":[{"index":0}]}'
assert_eq 201 "$STATUS" "status of a PUT without an address"
api PUT /v1/builds/unbound "{\"nodes\":[{\"index\":0,\"address\":\"$(lab_vm_address6 0)\"}]}"
assert_eq 409 "$STATUS" "status of binding an IPv4 port to an IPv6 address"
ok "a node promised an IPv4 port is not bound to an IPv6 address"

# lacks_link_local NUMBER: so many warnings of status say so.
lacks_link_local() {
	[ "$(lab_api GET /v1/status | head -n -1 | jq '[.kernel.warnings[] | select(test("^builds has no link-local"))] | length')" = "$1" ]
}

lacks_link_local 0 || fail "a warning of nothing"
ip -n "$LAB_NS-edge" -6 address flush dev builds scope link
wait_until 10 lacks_link_local 1
lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" doctor "$LAB_CONFIG" >"$LAB_DIR/findings" 2>&1 || :
assert_match 'builds has no link-local address' "$LAB_DIR/findings" "doctor"
ip -n "$LAB_NS-edge" address add fe80::1/64 dev builds
wait_until 10 lacks_link_local 0
ok "status and doctor say that no neighbour of IPv6 is asked for without a link-local address"
