#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# nfdump 1.7.1-2+deb12u1. `-A srcip` adds up flows by their source, and `-o json` is to print each record in
# full, for which the manual page would have -o csv given up (nfdump(1)). One would guess: an object
# for each source, with its address, packets and bytes, as -o csv and "fmt:" have them.
# There is an object for each source, and none of the three is in it, so that all are alike; the exit status
# is 0. Without -A they are there. Seen, of packets of 128 bytes, three from 10.0.0.1 and one from 10.0.0.3:
#
#   fmt:%sa %pkt %byt:  10.0.0.1  3  384 and 10.0.0.3  1  128
#   json, twice: { "type": "FLOW", "sampled": 0, "export_sysid": 0, "label": "<none>" }
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root nfdump=1.7.1-2+deb12u1 libpcap0.8=1.10.3-1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
/usr/bin/python3 - >in.pcap <<'PY'
import struct, sys
def packet(second, source):
    ip = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 128, 0, 0, 64, 17, 0, 10, 0, 0, source, 10, 0, 0, 2)
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack("!H", ~total & 0xFFFF) + ip[12:]
    frame = bytes(12) + b"\x08\x00" + ip + struct.pack("!HHHH", 1000, 2000, 108, 0) + bytes(100)
    return struct.pack("<IIII", 1790000000 + second, 0, len(frame), len(frame)) + frame
sys.stdout.buffer.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
                        + b"".join(packet(second, 3 if second == 1 else 1) for second in range(4)))
PY
mkdir flows
timeout 60 root/usr/bin/nfpcapd -r in.pcap -l flows >log 2>&1
status=0
root/usr/bin/nfdump -q -r flows/nfcapd.* -A srcip -o 'fmt:%sa %pkt %byt' >fmt
root/usr/bin/nfdump -r flows/nfcapd.* -o json >each
root/usr/bin/nfdump -r flows/nfcapd.* -A srcip -o json >sum || status=$?
[ "$(tr -s ' ' <fmt | sort | tr -d '\n')" = ' 10.0.0.1 3 384 10.0.0.3 1 128' ] && [ $status = 0 ] &&
	/usr/bin/python3 - <<'PY' && exit 0
import json, sys
each, added = json.load(open("each")), json.load(open("sum"))
flows = sorted((flow["src4_addr"], flow["in_packets"], flow["in_bytes"]) for flow in each)
sys.exit(not (flows == [("10.0.0.1", 3, 384), ("10.0.0.3", 1, 128)] and len(added) == 2
              and all(sorted(flow) == ["export_sysid", "label", "sampled", "type"] for flow in added)))
PY
echo "it is different now: exit status $status"
cat fmt each sum
exit 1
