#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# conntrack 1:1.4.7-1+b2. `conntrack -L -o save | conntrack -R -` writes the table's entries as options and makes
# them again from those; conntrack(8) has it as a way to copy entries. -I takes a mark (-m) too. One would guess:
# the mark, by which rules tell connections apart, comes with the entry, as its state, status and timeout do.
# It is not written, and every connection comes back with the mark 0, as if it had never had one; nothing is said
# and the exit status is 0. The plain listing and -o xml show it. Seen:
#
#   conntrack -L: ... ESTABLISHED src=10.0.0.1 ... [ASSURED] mark=5, after the way back: mark=0
#   the line written: -A -t 431999 -u ASSURED -s 10.0.0.1 ... --state ESTABLISHED, without -m
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if [ "${1-}" = inside ]; then
	root=$2
	cd "$dir"
	conntrack() {
		"$root/usr/sbin/conntrack" "$@" 2>>log
	}
	conntrack -I -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1000 --dport 22 --state ESTABLISHED -t 432000 -u ASSURED -m 5
	conntrack -L -m 5 >before
	conntrack -L -o save >saved
	conntrack -F
	status=0
	conntrack -R - <saved || status=$?
	conntrack -L >after
	grep -q 'ESTABLISHED src=10.0.0.1 .*\[ASSURED\] mark=5 ' before && [ $status = 0 ] &&
		grep -q 'ESTABLISHED src=10.0.0.1 .*\[ASSURED\] mark=0 ' after && grep -q -- '--state ESTABLISHED' saved &&
		! grep -qE -- '(-m|--mark) ' saved && exit 0
	echo "it is different now: exit status $status"
	cat before saved after log
	exit 1
fi
(
	cd "$dir"
	apt-get download -qq -o APT::Sandbox::User=root conntrack=1:1.4.7-1+b2 libnetfilter-conntrack3=1.0.9-3 \
		libnfnetlink0=1.0.2-2 libmnl0=1.0.4-3 >/dev/null
	for package in ./*.deb; do dpkg -x "$package" root; done
)
LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu unshare -n sh "$0" inside "$dir/root"
