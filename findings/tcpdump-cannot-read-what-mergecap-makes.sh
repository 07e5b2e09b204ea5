#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# wireshark-common 4.0.17-0+deb12u3, tcpdump 4.99.3-1 with libpcap 1.10.3-1. In pcapng each interface has a
# snapshot length of its own (draft-ietf-opsawg-pcapng, 4.2), and libpcap reads pcapng. mergecap puts a
# capture that was taken whole and one that was cut at 128 bytes into one file. One would guess: tcpdump
# reads it, as Ethernet is the only kind of link in it, and a length is only a limit.
# It shows no packet at all and fails: every interface of a file must have the length of the first. tcpdump
# reads each of the two parts, and Wireshark's tools read the whole. Seen:
#
#   capinfos: 2 packets; tcpdump: exit status 1, no packet, "an interface has a snapshot length 128
#   different from the snapshot length of the first interface"
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=4.0.17-0+deb12u3
apt-get download -qq -o APT::Sandbox::User=root "wireshark-common=$version" "libwiretap13=$version" \
	"libwsutil14=$version" libglib2.0-0=2.74.6-2+deb12u9 tcpdump=4.99.3-1 libpcap0.8=1.10.3-1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
/usr/bin/python3 - <<'PY'
import struct
def write(name, second, snapshot):
    ip = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 28, 0, 0, 64, 17, 0, 192, 0, 2, 1, 192, 0, 2, 2)
    frame = bytes(12) + b"\x08\x00" + ip + struct.pack("!HHHH", 1000, 2000, 8, 0)
    with open(name, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snapshot, 1))
        out.write(struct.pack("<IIII", second, 0, len(frame), len(frame)) + frame)
write("whole.pcap", 1790000000, 262144)
write("cut.pcap", 1790000001, 128)
PY
root/usr/bin/mergecap -w both.pcapng whole.pcap cut.pcap
root/usr/bin/capinfos -Mc both.pcapng >count
for part in whole cut; do root/usr/bin/tcpdump -nr $part.pcap; done >parts 2>log
status=0
root/usr/bin/tcpdump -nr both.pcapng >shown 2>said || status=$?
grep -q 'Number of packets: *2$' count && [ "$(wc -l <parts)" = 2 ] && [ $status = 1 ] && [ ! -s shown ] &&
	grep -q 'a snapshot length 128 different from the snapshot length of the first' said && exit 0
echo "it is different now: exit status $status"
cat count parts shown said
exit 1
