#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# tcpreplay 4.4.3-1. `tcprewrite --portmap=22:2222` changes the ports of TCP and UDP packets (tcprewrite(1)). Only
# the first fragment of a datagram has ports; the later ones go on with data where the ports would be (RFC 791,
# 2.3, and 3.1, Fragment Offset). One would guess: those are left as they are.
# They are searched for ports as well: where the first four octets of a later fragment hold the number, the data
# is another, and where a checksum would be it is "corrected" too. The exit status is 0, nothing is said. Seen, of
# a fragment of offset 40 with the data 0016 0016 1234 5678 4242 ...:
#
#   08ae 08ae 1234 4548 4242 ...
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root tcpreplay=4.4.3-1 libpcap0.8=1.10.3-1 libdumbnet1=1.16.3-1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
cat >make.py <<'PY'
import struct, sys
def packet(offset, more, data):
    ip = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 20 + len(data), 7, more << 13 | offset >> 3, 64, 17, 0,
                     192, 0, 2, 1, 192, 0, 2, 2)
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    frame = bytes(12) + b"\x08\x00" + ip[:10] + struct.pack("!H", ~total & 0xFFFF) + ip[12:] + data
    return struct.pack("<IIII", 1790000000, 0, len(frame), len(frame)) + frame
later = bytes.fromhex("001600161234567842424242")
if len(sys.argv) > 1:
    # File header, then two packets of 16 octets each ahead of frames of 74 and 46: their payloads.
    out = open(sys.argv[1], "rb").read()
    print(out[24 + 16 + 34:][:4].hex(), out[24 + 16 + 74 + 16 + 34:].hex())
    sys.exit()
first = struct.pack("!HHHH", 1000, 22, 40 + len(later), 0) + bytes(32)
sys.stdout.buffer.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
                        + packet(0, 1, first) + packet(40, 0, later))
PY
/usr/bin/python3 make.py >in.pcap
status=0
LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu root/usr/bin/tcprewrite --portmap=22:2222 -i in.pcap -o out.pcap \
	>said 2>&1 || status=$?
before=$(/usr/bin/python3 make.py in.pcap) after=$(/usr/bin/python3 make.py out.pcap)
[ "$before" = '03e80016 001600161234567842424242' ] && [ "$after" = '03e808ae 08ae08ae1234454842424242' ] &&
	[ $status = 0 ] && exit 0
echo "it is different now: exit status $status, $before, $after"
cat said
exit 1
