# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# What holds of an edge whose ports are DPDK's own, whatever drives them. For tests that source
# _init.sh first, and then lab/anyport.sh and lab/field.sh.
# shellcheck disable=SC2034 # what config.sh reads

LAB_ADDRESSES=', { bind = "2001:db8:1::1"; }'
LAB_NETWORKS=', "2001:db8:2::/64"'
LAB_FAILOVER=1s

# anyport_needs DRIVER…: skips where DPDK has no library of one (packages librte-net-*), or the lab no
# program.
anyport_needs() {
	local driver

	need_programs
	for driver in "$@"; do
		compgen -G "$(pkg-config --variable=libdir libdpdk)/dpdk/pmds-*/librte_net_$driver.so*" >/dev/null ||
			skip "DPDK's driver net_$driver is not installed"
	done
	command -v nft >/dev/null || skip "needs nft"
}

# A port's link is what its driver says, which may be none for a moment at its start: the kernel tells of the state
# of an interface up to a second late, and of a memif's peer there is nothing before it has answered.
anyport_has_links() {
	[ "$(field_status .carrying)" = dpdk ]
}

# put_node ID ADDRESS: a build whose one node has that address; $port leads there.
put_node() {
	api PUT "/v1/builds/$1" "{\"user\":\"ubuntu\",\"nodes\":[{\"index\":0,\"address\":\"$2\"}]}"
	assert_eq 201 "$STATUS" "PUT of $1"
	port=$(node_port 0)
}

ssh_at() {
	local host=$1

	shift
	lab_client ssh "${SSH_OPTIONS[@]}" -p "$port" "ubuntu@$host" "$@"
}

# copies HOST WHAT: data to the VM and back, by scp.
copies() {
	local bytes=${ANYPORT_BYTES:-3000000} sum

	lab_client sh -c '[ -e /tmp/data ] || head -c "$1" /dev/urandom >/tmp/data' sh "$bytes"
	sum=$(lab_client sha256sum /tmp/data)
	lab_client scp -q "${SSH_OPTIONS[@]}" -P "$port" /tmp/data "ubuntu@[$1]:/tmp/data" || fail "$2: scp to the VM"
	assert_eq "$sum" "$(ssh_at "$1" sha256sum /tmp/data)" "$2: upload"
	lab_client scp -q "${SSH_OPTIONS[@]}" -P "$port" "ubuntu@[$1]:/tmp/data" /tmp/back || fail "$2: scp from the VM"
	assert_eq "${sum%% *}" "$(lab_client sha256sum /tmp/back | cut -d' ' -f1)" "$2: download"
	ok "$2: $bytes bytes each way"
}

# anyport_own: the host's own affairs, first by link address and then by address.
anyport_own() {
	local machine

	for machine in client vm0; do
		lab_in "$machine" ip neigh flush all
	done
	lab_in client ping -q -c 2 -i 0.2 -W 3 "$LAB_PUBLIC_ADDRESS" >/dev/null || fail "ping of the edge, IPv4"
	lab_in client ping -q -c 2 -i 0.2 -W 3 "$LAB_PUBLIC_ADDRESS6" >/dev/null || fail "ping of the edge, IPv6"
	lab_in client ping -q -c 1 -s 1472 -M "do" -W 3 "$LAB_PUBLIC_ADDRESS" >/dev/null || fail "a ping of full size"
	lab_in edge ping -q -c 1 -s 1452 -W 3 "$(lab_vm_address6 0)" >/dev/null || fail "a ping of a VM, IPv6"
	lab_in edge ping -q -c 1 -s 1472 -W 3 "$(lab_vm_address 0)" >/dev/null || fail "a ping of a VM, IPv4"
	ok "ping, ARP and NDP of the host go by the exception interfaces"
	anyport_own_tcp
}

# anyport_own_tcp: connections that are the host's own, from it and to it, as of BGP.
anyport_own_tcp() {
	assert_eq SSH- "$(lab_in edge timeout 10 bash -c 'head -c 4 <"/dev/tcp/$1/22"' bash "$(lab_vm_address 0)")" \
		"what the edge reads of a VM's sshd"
	lab_in edge timeout 30 socat TCP-LISTEN:179,reuseaddr SYSTEM:'echo open' &
	wait_until 10 anyport_listens || fail "nothing listens on the edge"
	assert_eq open "$(lab_in client timeout 10 bash -c 'head -n 1 <"/dev/tcp/$1/179"' bash "$LAB_PUBLIC_ADDRESS")" \
		"what a client reads of the edge's own port 179"
	ok "so do connections of the host's own, from it and to it"
}

anyport_listens() {
	[ -n "$(lab_in edge ss -Htln 'sport = :179')" ]
}

# anyport_carries: a build of each family, and 1,000 packets at least by sallyport-dp.
anyport_carries() {
	local forwarded

	put_node six "$(lab_vm_address6 0)"
	copies "$LAB_PUBLIC_ADDRESS6" "IPv6"
	put_node four "$(lab_vm_address 0)"
	forwarded=$(field_status .engines.dpdk.packets)
	copies "$LAB_PUBLIC_ADDRESS" "IPv4"
	assert_ge "$(field_status .engines.dpdk.packets)" $((forwarded + 1000)) "packets carried by sallyport-dp"
	wait_until 10 anyport_connected || fail "nobody knows of the connection"
	ok "who has connected is known"
}

anyport_connected() {
	api GET /v1/builds/four
	[ "$(answer .connected_at)" != null ]
}

# anyport_session: opens a session on $port that ticks; its pid is $session_pid.
anyport_session() {
	ticking_session "$port" 20 &
	session_pid=$!
	wait_until 10 test -s "$LAB_DIR/ticks" || fail "no session: $(cat "$LAB_DIR/ticks.err")"
}

# anyport_goes_on WHAT: the session ticks on from here.
anyport_goes_on() {
	ticks=$(wc -l <"$LAB_DIR/ticks")
	wait_until 20 anyport_more_ticks || fail "$1: the session is gone"
	ok "$1: the session goes on"
}

anyport_more_ticks() {
	[ "$(wc -l <"$LAB_DIR/ticks")" -gt $((ticks + 10)) ]
}

# anyport_crash [COMMAND…]: without sallyport-dp nobody carries, and everybody says so; the session
# waits, and goes on. COMMAND comes between the end and the start.
anyport_crash() {
	daemon_crash dp
	wait_until 10 field_is .carrying none || fail "carrying without sallyport-dp: $(field_status .carrying)"
	"${@:-true}"
	dp_start
	anyport_goes_on "kill -9 and a start"
}

# anyport_ends: an open session is cut at its end, and the port explains itself.
anyport_ends() {
	api DELETE /v1/builds/four
	wait_gone 5 "$session_pid" || fail "the session outlives its lease"
	ssh_at "$LAB_PUBLIC_ADDRESS" true >"$LAB_DIR/refused" 2>&1 && fail "an ended port still leads to the VM"
	assert_match 'SSH for build four .* ended' "$LAB_DIR/refused" "what ssh prints"
	ok "an ended session is reset, and its port says why"
}
