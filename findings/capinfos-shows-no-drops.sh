#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# wireshark-common 4.0.17-0+deb12u3. A capture's interface statistics say how many packets were lost:
# isb_ifdrop (draft-ietf-opsawg-pcapng, 4.6). One would guess: capinfos, which lists statistics of
# interfaces, shows the number, and editcap IN OUT, which changes nothing else, keeps it.
# capinfos says only that there are statistics, and editcap leaves them out without a word. What does
# survive is the drop count of a packet, epb_dropcount. Seen:
#
#   in.pcapng: Number of stat entries = 1, and no 7000
#   out.pcapng: Number of stat entries = 0; the packet's drop count of 7000 is in the file
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
cat >make.py <<'PY'
import struct, sys
def option(code, data):
    return struct.pack("<HH", code, len(data)) + data + bytes(-len(data) % 4)
def block(kind, body):
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length
end, drops = option(0, b""), struct.pack("<Q", 7000)
if len(sys.argv) > 1:
    sys.exit(option(4, drops) not in open(sys.argv[1], "rb").read())
sys.stdout.buffer.write(
    block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    + block(1, struct.pack("<HHI", 1, 0, 128) + option(2, b"eth0") + end)
    + block(6, struct.pack("<IIIII", 0, 0, 1000, 60, 60) + bytes(60) + option(4, drops) + end)
    + block(5, struct.pack("<III", 0, 0, 2000) + option(4, struct.pack("<Q", 7001))
            + option(5, drops) + end))
PY
/usr/bin/python3 make.py >in.pcapng
root/usr/bin/editcap in.pcapng out.pcapng >edits 2>&1
root/usr/bin/capinfos in.pcapng >before 2>&1
root/usr/bin/capinfos out.pcapng >after 2>&1
grep -q 'Number of stat entries = 1' before && ! grep -q 7000 before && [ ! -s edits ] &&
	grep -q 'Number of stat entries = 0' after && /usr/bin/python3 make.py out.pcapng && exit 0
echo "it is different now"
cat before edits after
exit 1
