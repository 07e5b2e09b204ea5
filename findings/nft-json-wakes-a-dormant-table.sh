#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# nftables 1.0.6-2+deb12u2. A table with the flag "dormant" is there without effect: its base chains are not
# evaluated (nft(8), Tables). libnftables-json(5) says that for almost any operation of the usual syntax there is
# an equivalent in JSON. One would guess: a ruleset that is saved as JSON and loaded again is the same, as it is
# in the usual syntax. The JSON listing has no flags of a table, so that the table that slept is awake when it is
# loaded, here with a policy of drop. Nothing is said, and the exit status is 0. (A table's and a chain's comment
# and "auto-merge" of a set are lost alike.) Seen:
#
#   nft list | nft -f: flags dormant is there;  nft -j list | nft -j -f: it is gone, policy drop
#   a datagram over lo before: arrives; after nft -f: arrives; after nft -j -f: does not
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if [ "${1-}" = inside ]; then
	root=$2
	cd "$dir"
	nft() {
		"$root/usr/sbin/nft" "$@"
	}
	arrives() {
		/usr/bin/python3 - <<-'PY'
			import socket
			to, by = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
			to.bind(("127.0.0.1", 0))
			to.settimeout(2)
			try:
			    by.sendto(b"x", to.getsockname())
			    to.recv(10)
			    print("yes")
			except (TimeoutError, PermissionError):
			    print("no")
		PY
	}
	ip link set lo up
	nft -f - <<-'N'
		table ip sleeper {
			flags dormant
			chain input {
				type filter hook input priority filter; policy drop;
			}
		}
	N
	first=$(arrives)
	nft list ruleset >usual
	nft -j list ruleset >json
	nft flush ruleset
	nft -f usual
	nft list ruleset >again
	second=$(arrives)
	nft flush ruleset
	nft -j -f json >said 2>&1
	third=$(arrives)
	nft list ruleset >awake
	cmp usual again && grep -q 'flags dormant' usual && ! grep -q dormant awake && grep -q 'policy drop' awake &&
		! grep -q dormant json && [ ! -s said ] && [ "$first $second $third" = 'yes yes no' ] && exit 0
	echo "it is different now: $first, $second, $third"
	cat usual json said awake
	exit 1
fi
(
	cd "$dir"
	apt-get download -qq -o APT::Sandbox::User=root nftables=1.0.6-2+deb12u2 libnftables1=1.0.6-2+deb12u2 \
		libnftnl11=1.2.4-2 libmnl0=1.0.4-3 libjansson4=2.14-2 libxtables12=1.8.9-2 >/dev/null
	for package in ./*.deb; do dpkg -x "$package" root; done
)
LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu unshare -n sh "$0" inside "$dir/root"
