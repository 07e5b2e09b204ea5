#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# frr 10.3-3+deb13u1 of Debian 13. An address is on two interfaces, each with a metric, as hosts have it that share a service
# address. zebra makes a connected route of each ("C"), with that metric, and a local one ("L"). One would
# guess: of the connected routes the one with the lower metric is best, as in the kernel, as zebra does for
# 192.0.2.1/24 and .2/24, and as FRR 8.4 did for a /32.
# For a /32 or /128, whose local route has the same prefix, the interface that had the address first is best for good,
# and only what is best is redistributed. Seen:
#
#   203.0.113.1/32 at va with metric 1000, then at vb with 10: best is va [0/1000]
#   192.0.2.1/24 at va with metric 1000, then .2/24 at vb with 10: best is vb [0/10]
set -eu
dir=$(mktemp -d)
trap 'rm -rf --one-file-system "$dir"' EXIT
if [ "${1-}" = inside ]; then
	for name in va vb; do
		ip link add $name type veth peer name $name-x
		ip link set $name up
		ip link set $name-x up
	done
	mkdir -p /run/frr
	chown frr:frr /run/frr
	: >/none.conf
	# started DAEMON OPTION...: runs it, until it listens.
	started() {
		daemon=$1
		shift
		"/usr/lib/frr/$daemon" -u frr -g frr "$@" >/dev/null 2>&1 &
		tries=0
		while [ ! -S "/run/frr/$daemon.vty" ] && [ $tries -lt 100 ]; do
			tries=$((tries + 1))
			sleep 0.1
		done
	}
	started mgmtd
	started zebra -f /none.conf
	# best PREFIX ROUTE NUMBER: waits for at most 10 s until that is its best of so many connected routes.
	best() {
		tries=0
		while [ $tries -lt 100 ]; do
			vtysh -c 'show ip route connected' | grep -F "$1" >/routes || :
			[ "$(grep -c . /routes)" = "$3" ] && grep -F "C>* $1 $2" /routes >/dev/null && return
			tries=$((tries + 1))
			sleep 0.1
		done
		echo "it is different now: $1 is not by $2:"
		cat /routes
		exit 1
	}
	ip addr add 203.0.113.1/32 dev va metric 1000
	ip addr add 192.0.2.1/24 dev va metric 1000
	best 203.0.113.1/32 '[0/1000] is directly connected, va' 1
	best 192.0.2.0/24 '[0/1000] is directly connected, va' 1
	ip addr add 203.0.113.1/32 dev vb metric 10
	ip addr add 192.0.2.2/24 dev vb metric 10
	best 192.0.2.0/24 '[0/10] is directly connected, vb' 2
	best 203.0.113.1/32 '[0/1000] is directly connected, va' 2
	exit 0
fi
mmdebstrap --quiet --variant=apt --include=frr=10.3-3+deb13u1,iproute2 trixie "$dir/root" >/dev/null 2>&1
cp "$0" "$dir/root/finding"
unshare --net --mount --pid --fork --kill-child sh -c \
	'mount -t proc proc "$1/proc" && exec chroot "$1" sh /finding inside' sh "$dir/root"
