# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# What happens to an edge in the field: others take programs off, make interfaces anew, fill queues.
# And what each of those who are asked must say of it. Sourced by end-to-end tests.

# Takes the program of public or builds off, as bpftool does.
field_detach() {
	nsenter --net="/run/netns/$LAB_NS-edge" bpftool link detach pinned "$LAB_BPF_DIR/link_$1"
}

# Prints the path of an XDP program that lets everything pass, made here.
field_foreign() {
	local object=$LAB_DIR/foreign.o

	[ -e "$object" ] || printf '%s\n' '__attribute__((section("xdp"), used))' \
		'int somebody(void *ctx) { return 2; }' \
		'char terms[] __attribute__((section("license"), used)) = "GPL";' |
		clang -O2 -target bpf -c -x c -o "$object" - || return 1
	echo "$object"
}

# Makes the builds interface anew, whose other end sends by $1 queues.
field_builds_anew() {
	ip -n "$LAB_NS-edge" link del builds
	ip -n "$LAB_NS-net" link add edge numtxqueues "$1" numrxqueues 1 type veth \
		peer name builds netns "$LAB_NS-edge"
	[ "$1" -eq 1 ] || lab_in net ethtool -L edge tx "$1"
	ip -n "$LAB_NS-edge" -batch - <<-EOT
		addr add $LAB_BUILDS_ADDRESS/16 dev builds
		addr add 2001:db8:2::1/64 dev builds nodad
		link set builds up
	EOT
	ip -n "$LAB_NS-net" link set edge master br0 up
	network_end edge builds
	lab_in net ethtool -K edge gro on >/dev/null 2>&1
}

# Gives every link between client and VM 0 an MTU of $1.
field_mtu() {
	ip -n "$LAB_NS-edge" link set public mtu "$1"
	ip -n "$LAB_NS-edge" link set builds mtu "$1"
	ip -n "$LAB_NS-client" link set eth0 mtu "$1"
	ip -n "$LAB_NS-net" link set edge mtu "$1"
	ip -n "$LAB_NS-net" link set vm0 mtu "$1"
	ip -n "$LAB_NS-net" link set br0 mtu "$1"
	ip -n "$LAB_NS-vm0" link set eth0 mtu "$1"
}

# More notices of netlink than its queue holds, while sallyportd does not read: on the edge.
field_flood_netlink() {
	local i

	daemon_signal control STOP
	for ((i = 0; i < 12000; i++)); do
		echo "link set lo alias alias$i"
	done >"$LAB_DIR/flood"
	ip -n "$LAB_NS-edge" -batch "$LAB_DIR/flood"
	daemon_signal control CONT
}

field_status() {
	lab_api GET /v1/status | head -n -1 | jq -r "$1"
}

field_metric() {
	lab_api GET /metrics | grep -v '^#' | grep -F "$1 " | cut -d' ' -f2
}

# Prints the details of events of type $1.
field_events() {
	lab_api GET '/v1/events?since=0&follow=false' | head -n -1 |
		jq -r "select(.type == \"$1\") | .detail"
}

field_is() {
	[ "$(field_status "$1")" = "$2" ]
}

field_counts() {
	[ "$(field_metric "$1")" -ge "$2" ]
}

# field_told TYPE NUMBER: so many events of that type.
field_told() {
	[ "$(field_events "$1" | grep -c .)" -ge "$2" ]
}

# Copies $LAB_DIR/data to VM 0 and back, through the lease on port $1; $2 says when.
field_copies() {
	assert_eq "$(sha256sum <"$LAB_DIR/data")" "$(ssh_to "$1" sha256sum <"$LAB_DIR/data")" "$2: upload"
	ssh_to "$1" "cat >/tmp/data" <"$LAB_DIR/data"
	assert_eq "$(sha256sum <"$LAB_DIR/data")" "$(ssh_to "$1" cat /tmp/data | sha256sum)" "$2: download"
	ok "$2: $(stat -c %s "$LAB_DIR/data") bytes each way"
}
