#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two VMs on a bridge of the edge's host, and no offload turned off anywhere: VMs and client leave
# checksums and segmentation to NICs that are not there. Files arrive whole both ways, over IPv4
# and IPv6, with either engine, and the packets that it completed are counted. How long that takes
# beside the plain lab is for tests/bench/field.sh.
TEST_TIMEOUT=400
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# shellcheck disable=SC2034
LAB_ADDRESSES=", { bind = \"$LAB_PUBLIC_ADDRESS6\"; ports = [ \"61000-61031\" ]; }"
# shellcheck disable=SC2034
LAB_NETWORKS=', "2001:db8:2::/64"'

offloads() {
	local machine

	for machine in client vm0 vm1; do
		lab_in "$machine" ethtool -K eth0 tx on tso on gso on gro on >/dev/null 2>&1 ||
			fail "ethtool of $machine"
	done
}

# at PORT COMMAND…: on the VM behind it, by IPv6 if it is PORT6.
at() {
	local port=$1 host=$LAB_PUBLIC_ADDRESS

	shift
	[ "$port" != "$PORT6" ] || host=$LAB_PUBLIC_ADDRESS6
	lab_client ssh "${SSH_OPTIONS[@]}" -p "$port" "ubuntu@$host" "$@"
}

# copy PORT: 20 MB there and back.
copy() {
	at "$1" 'cat >blob' <"$LAB_DIR/blob"
	assert_eq "$SUM" "$(at "$1" 'sha256sum <blob')" "sha256 at the VM behind $1"
	assert_eq "$SUM" "$(at "$1" 'cat blob' | sha256sum)" "sha256 back at the client from $1"
}

completed() {
	api GET /v1/status
	answer ".engines.$1.verdicts.completed"
}

# Segments with a checksum that their receiver found to be wrong.
wrong() {
	local machine sum=0

	for machine in client vm0 vm1; do
		sum=$((sum + $(lab_in "$machine" nstat -asz TcpInCsumErrors | awk '/^Tcp/ { print $2 }')))
	done
	echo "$sum"
}

begin 2
head -c 20000000 /dev/urandom >"$LAB_DIR/blob"
SUM=$(sha256sum <"$LAB_DIR/blob")
api PUT /v1/builds/offloads "{\"user\":\"ubuntu\",\"nodes\":[
	{\"index\":0,\"address\":\"$(lab_vm_address 0)\"},
	{\"index\":1,\"address\":\"$(lab_vm_address6 1)\"}]}"
assert_eq 201 "$STATUS" "status of the PUT"
PORT4=$(node_port 0)
PORT6=$(node_port 1)
offloads

for engine in dpdk xdp; do
	if [ "$engine" = xdp ]; then
		daemon_stop dp
		wait_until 10 at "$PORT4" true
	fi
	for port in "$PORT4" "$PORT6"; do
		before=$(completed "$engine")
		copy "$port"
		assert_ge "$(completed "$engine")" $((before + 1000)) "packets that $engine completed"
		assert_eq 0 "$(wrong)" "checksums that a receiver found wrong"
		ok "$engine, port $port: 20 MB there and back"
	done
done
