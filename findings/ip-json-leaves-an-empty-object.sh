#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# iproute2 6.1.0-3. `ip addr show scope global` and `ip link show up` list only the addresses and the interfaces
# that are of the kind asked for (ip-address(8), ip-link(8)), and -j does so as JSON (ip(8)). One would guess: the
# lists of the JSON have what the text has, as they do for `dev`, `type` and `-4`.
# What is left out of the text is an empty object in the list: the first address of an interface, .addr_info[0],
# is none if another one stands before the one that was asked for, and a list of two interfaces can be three long,
# with names that are null. Seen, of an interface "v0" that is down, and "v1" with a link-scope and a global
# address:
#
#   ip -j link show up: [..., {}, {... "ifname":"v1" ...}]
#   ip -j addr show dev v1 scope global: "addr_info":[{},{..."local":"192.0.2.1"...}]
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if [ "${1-}" = inside ]; then
	root=$2
	cd "$dir"
	ip() {
		"$root/bin/ip" "$@"
	}
	ip link add v0 type veth peer name v1
	ip link set v1 addrgenmode none
	ip link set v1 up
	ip addr add 169.254.0.1/32 dev v1 scope link
	ip addr add 192.0.2.1/32 dev v1
	ip -j link show up >links
	ip -j addr show dev v1 scope global >addresses
	ip -o link show up >lines
	[ "$(grep -c . lines)" = 1 ] && /usr/bin/python3 - <<-'PY' && exit 0
		import json, sys
		links, addresses = json.load(open("links")), json.load(open("addresses"))[0]["addr_info"]
		named = [link["ifname"] for link in links if link]
		sys.exit(not (named == ["v1"] and {} in links and addresses[0] == {}
		              and [address.get("local") for address in addresses] == [None, "192.0.2.1"]))
	PY
	echo "it is different now"
	cat lines links addresses
	exit 1
fi
(
	cd "$dir"
	apt-get download -qq -o APT::Sandbox::User=root iproute2=6.1.0-3 libbpf1=1:1.1.2-0+deb12u1 libmnl0=1.0.4-3 \
		libelf1=0.188-2.1 >/dev/null
	for package in ./*.deb; do dpkg -x "$package" root; done
)
LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu unshare -n sh "$0" inside "$dir/root"
