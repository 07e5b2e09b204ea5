#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# bird2 2.0.12-7. Filters have && and || (BIRD User's Guide, 5.3), which says nothing of which
# binds closer. One would guess: && does, as in C, Go, the shell's [[ ]] and everything else that writes them so.
# Both have one rank, and are taken from the left: A || B && C is (A || B) && C. So "net = OURS ||
# source = RTS_BGP && ALLOWED", with ALLOWED for a community, exports OURS only if it has that community too.
# Nothing is said. Seen:
#
#   "true || true && false": FALSE; with (true && false) in brackets: TRUE
#   show route where net = 192.0.2.1/32 || true && false: no route; with brackets: 192.0.2.1/32
set -eu
dir=$(mktemp -d)
bird=
trap 'kill $bird 2>/dev/null && wait; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root bird2=2.0.12-7 libssh-gcrypt-4=0.10.6-0+deb12u3 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
cat >conf <<'C'
router id 192.0.2.1;
protocol device { scan time 3600; }
protocol static { ipv4; route 192.0.2.1/32 blackhole; }
C
root/usr/sbin/bird -f -c conf -s ctl -P pid >log 2>&1 &
bird=$!
# ask COMMAND: the last line of the answer.
ask() {
	root/usr/sbin/birdc -s ctl "$1" | tail -n +2 | tail -n 1 | cut -c 1-12
}
tries=0
until ask 'show route' 2>/dev/null | grep -q 192.0.2.1 || [ $tries = 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
plain=$(ask 'eval true || true && false')
grouped=$(ask 'eval true || (true && false)')
found=$(ask 'show route where net = 192.0.2.1/32 || true && false')
meant=$(ask 'show route where net = 192.0.2.1/32 || (true && false)')
[ "$plain $grouped" = 'FALSE TRUE' ] && [ "$found" = '' ] && [ "$meant" = 192.0.2.1/32 ] && exit 0
echo "it is different now: $plain, $grouped, $found, $meant"
cat log
exit 1
