#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# wireshark-common 4.0.17-0+deb12u3. pcapng has an option that says what became of a packet:
# epb_verdict, number 7, of any length (draft-ietf-opsawg-pcapng, 4.3). Wireshark 4.0 reads and shows
# it. One would guess: editcap copies it, or leaves it out.
# It writes the same octets with the number of epb_queue, 6, which has four, and exits with 0; capinfos,
# like every reader of the family, refuses that file. The same for reordercap, mergecap and tshark -w.
# Seen:
#
#   capinfos: An error occurred after reading 0 packets from "out.pcapng".
#   (pcapng: packet block queue option length 9 is not 4)
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=4.0.17-0+deb12u3
apt-get download -qq -o APT::Sandbox::User=root "wireshark-common=$version" "libwiretap13=$version" \
	"libwsutil14=$version" libglib2.0-0=2.74.6-2+deb12u9 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
/usr/bin/python3 - >in.pcapng <<'PY'
import struct, sys
def option(code, data):
    return struct.pack("<HH", code, len(data)) + data + bytes(-len(data) % 4)
def block(kind, body):
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length
end = option(0, b"")
sys.stdout.buffer.write(
    block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    + block(1, struct.pack("<HHI", 1, 0, 128) + option(2, b"eth0") + end)
    + block(6, struct.pack("<IIIII", 0, 0, 1000, 60, 60) + bytes(60)
            + option(7, b"\x02" + struct.pack("<q", 2)) + end))
PY
before=0 edited=0 after=0
root/usr/bin/capinfos -c in.pcapng >said 2>&1 || before=$?
root/usr/bin/editcap in.pcapng out.pcapng >>said 2>&1 || edited=$?
root/usr/bin/capinfos -c out.pcapng >>said 2>&1 || after=$?
[ "$before $edited" = '0 0' ] && [ $after != 0 ] && grep -q 'queue option length 9 is not 4' said && exit 0
echo "it is different now: exit status $before, $edited, $after"
cat said
exit 1
