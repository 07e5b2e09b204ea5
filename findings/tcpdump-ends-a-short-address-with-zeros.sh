#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# libpcap0.8 1.10.3-1, tcpdump 4.99.3-1. In `ping 10.1`, `ssh 10.1` and every other use of inet_aton(3) the last
# part of an address fills what is left: 10.1 is 10.0.0.1. A filter's "host" takes an address or a name, and
# only of "net" does pcap-filter(7) say that it may be written as a pair or a triple. One would guess:
# "host 10.1" is 10.0.0.1 as well, or refused.
# It is the host 10.1.0.0, so that a capture of what was meant is empty, and nothing says why. Seen:
#
#   packets from 10.0.0.1 and from 10.1.0.0: "host 10.1" shows the second alone, exit status 0
#   inet_aton("10.1"): 10.0.0.1
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root tcpdump=4.99.3-1 libpcap0.8=1.10.3-1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
/usr/bin/python3 - >in.pcap <<'PY'
import struct, sys
def packet(source):
    ip = struct.pack("!BBHHHBBH4s4B", 0x45, 0, 28, 0, 0, 64, 17, 0, bytes(source), 192, 0, 2, 1)
    frame = bytes(12) + b"\x08\x00" + ip + struct.pack("!HHHH", 1000, 2000, 8, 0)
    return struct.pack("<IIII", 1790000000, 0, len(frame), len(frame)) + frame
sys.stdout.buffer.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
                        + packet([10, 0, 0, 1]) + packet([10, 1, 0, 0]))
PY
status=0
root/usr/bin/tcpdump -tnr in.pcap >all 2>log
root/usr/bin/tcpdump -tnr in.pcap host 10.1 >short 2>>log || status=$?
usual=$(/usr/bin/python3 -c 'import socket; print(socket.inet_ntoa(socket.inet_aton("10.1")))')
[ "$(wc -l <all)" = 2 ] && [ "$(cut -d . -f 1-4 short)" = 'IP 10.1.0.0' ] && [ $status = 0 ] &&
	[ "$usual" = 10.0.0.1 ] && exit 0
echo "it is different now: exit status $status"
cat all short log
exit 1
