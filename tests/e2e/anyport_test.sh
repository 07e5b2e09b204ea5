#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# DPDK drives both ports itself, here by packet sockets on wires that the kernel does not listen to;
# the kernel has its share by the exception interfaces. Sessions over IPv4 and IPv6, and all that
# is the host's own: ping, ARP, NDP, its sshd, the explanation and the reset of an ended port. When
# sallyport-dp dies packets stop, and when it is back a session goes on.
TEST_TIMEOUT=120
LAB_EXTRA_PUBLIC='port = "net_af_packet0,iface=wire0";'
LAB_EXTRA_BUILDS='port = "net_af_packet1,iface=wire1";'
LAB_ADDRESSES=', { bind = "2001:db8:1::1"; }'
LAB_NETWORKS=', "2001:db8:2::/64"'
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/anyport.sh
. "$LAB_TOOLS/anyport.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"

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

# copies HOST WHAT: 3 MB to the VM and back, by ssh and by scp.
copies() {
	assert_eq "$SUM" "$(ssh_at "$1" 'tee /tmp/data | sha256sum' <"$LAB_DIR/data")" "$2: upload"
	lab_client scp -q "${SSH_OPTIONS[@]}" -P "$port" "ubuntu@[$1]:/tmp/data" /tmp/back || fail "$2: scp"
	assert_eq "$SUM" "$(lab_client sha256sum </dev/null /tmp/back | sed 's|/tmp/back|-|')" "$2: download"
	ok "$2: 3 MB each way"
}

connected() {
	api GET /v1/builds/four
	[ "$(answer .connected_at)" != null ]
}

need_programs
lab_begin 1
anyport_wires
lab_start
head -c 3000000 /dev/urandom >"$LAB_DIR/data"
SUM=$(sha256sum <"$LAB_DIR/data")
assert_eq dpdk "$(field_status .carrying)" "who carries"

# The host's own affairs, first by link address and then by address.
for machine in client vm0; do
	lab_in "$machine" ip neigh flush all
done
lab_in client ping -q -c 2 -i 0.2 -W 3 "$LAB_PUBLIC_ADDRESS" >/dev/null || fail "ping of the edge, IPv4"
lab_in client ping -q -c 2 -i 0.2 -W 3 "$LAB_PUBLIC_ADDRESS6" >/dev/null || fail "ping of the edge, IPv6"
lab_in client ping -q -c 1 -s 1472 -M "do" -W 3 "$LAB_PUBLIC_ADDRESS" >/dev/null || fail "a ping of full size"
lab_in edge ping -q -c 1 -s 1452 -W 3 "$(lab_vm_address6 0)" >/dev/null || fail "ping of a VM by the edge"
assert_eq "$(lab_in edge cat /sys/class/net/wire0/address 2>/dev/null || :)" "" "sysfs is another namespace's"
assert_eq "$(ip -n "$LAB_NS-edge" -j link show wire0 | jq -r '.[0].address')" \
	"$(ip -n "$LAB_NS-client" -j neigh show "$LAB_PUBLIC_ADDRESS" | jq -r '.[0].lladdr')" \
	"the edge's link address as ARP tells the client"
ok "ping, ARP and NDP of the host go by the exception interfaces"

put_node six "$(lab_vm_address6 0)"
copies "$LAB_PUBLIC_ADDRESS6" "IPv6"
put_node four "$(lab_vm_address 0)"
forwarded=$(field_status .engines.dpdk.packets)
copies "$LAB_PUBLIC_ADDRESS" "IPv4"
assert_ge "$(field_status .engines.dpdk.packets)" $((forwarded + 1000)) "packets carried by sallyport-dp"
wait_until 10 connected || fail "nobody knows of the connection"
ok "who has connected is known"

# Without sallyport-dp nobody carries, and everybody says so; a session waits, and goes on.
ticking_session "$port" 20 &
session_pid=$!
wait_until 10 test -s "$LAB_DIR/ticks" || fail "no session: $(cat "$LAB_DIR/ticks.err")"
daemon_crash dp
wait_until 10 field_is .carrying none || fail "carrying without sallyport-dp: $(field_status .carrying)"
dp_start
ticks=$(wc -l <"$LAB_DIR/ticks")
more_ticks() {
	[ "$(wc -l <"$LAB_DIR/ticks")" -gt $((ticks + 10)) ]
}
wait_until 20 more_ticks || fail "the session is gone"
ok "a session goes on after kill -9 and a start"

# The end: an open session is cut, and the port explains itself.
api DELETE /v1/builds/four
wait_gone 5 "$session_pid" || fail "the session outlives its lease"
ssh_at "$LAB_PUBLIC_ADDRESS" true >"$LAB_DIR/refused" 2>&1 && fail "an ended port still leads to the VM"
assert_match 'SSH for build four .* ended' "$LAB_DIR/refused" "what ssh prints"
ok "an ended session is reset, and its port says why"
