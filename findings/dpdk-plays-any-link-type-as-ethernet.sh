#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# dpdk 22.11.11-0+deb12u1, net_pcap. A capture file says of which link type its packets are (pcap-savefile(5)):
# Ethernet is 1, what `tcpdump -i any` writes is "Linux cooked", 113 or 276, and a tun's packets are bare IP, 101.
# One would guess: net_pcap, whose ports are Ethernet, refuses a file of another type ("Libpcap and ring based
# PMDs" says nothing of it). It takes the octets for Ethernet frames, whatever they are: the IPv4 packet's first
# twelve octets are its MAC addresses, and testpmd, which swaps those, changes the packet. Out comes a file whose
# link type is 1. Seen:
#
#   in: type 101, IP from 192.0.2.1; testpmd --forward-mode=macswap: RX-packets: 3, TX-packets: 3, no warning
#   out: type 1, the first octets 0000 4011 0000 4500 002e 0000
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=22.11.11-0+deb12u1
for lib in bitratestats bpf bus-auxiliary bus-dpaa bus-pci bus-vdev cmdline common-dpaax common-iavf common-mlx5- \
	crypto-scheduler cryptodev eal ethdev eventdev gro gso hash ip-frag kvargs latencystats mbuf mempool \
	mempool-dpaa mempool-ring meter metrics net net-bnxt net-bond net-dpaa net-i40e net-ice net-ixgbe net-mlx5- \
	net-pcap pcapng pci pdump rcu reorder ring sched security telemetry timer; do
	set -- "$@" "librte-${lib}23=$version"
done
apt-get download -qq -o APT::Sandbox::User=root "dpdk-dev=$version" "$@" libpcap0.8=1.10.3-1 libfdt1=1.6.1-4+b1 \
	libnuma1=2.0.16-1 libibverbs1=44.0-2 ibverbs-providers=44.0-2 libnl-3-200=3.7.0-0.2+b1 \
	libnl-route-3-200=3.7.0-0.2+b1 libbsd0=0.11.7-2 libmd0=1.0.4-2 libelf1=0.188-2.1 libjansson4=2.14-2 \
	libdbus-1-3=1.14.10-1~deb12u1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
/usr/bin/python3 - >in.pcap <<'PY'
import struct, sys
ip = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 46, 0, 0, 64, 17, 0, 192, 0, 2, 1, 192, 0, 2, 2)
ip += struct.pack("!HHHH", 1000, 2000, 26, 0) + bytes(18)
sys.stdout.buffer.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)
                        + 3 * (struct.pack("<IIII", 1790000000, 0, len(ip), len(ip)) + ip))
PY
# What DPDK finds in its own folder of drivers would be loaded beside those here: the folder is hidden from it. testpmd
# ends with its standard input: it gets a line there once it carries packets.
cat >testpmd <<'T'
folder=/usr/lib/x86_64-linux-gnu/dpdk
[ ! -d $folder ] || mount -t tmpfs -o mode=0755 none $folder
LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu:root/lib/x86_64-linux-gnu exec timeout 60 root/usr/bin/dpdk-testpmd \
	-d librte_mempool_ring.so.23 -d librte_net_pcap.so.23 --lcores 0@0,1@0 --no-huge -m 128 --no-pci --no-shconf \
	--no-telemetry --vdev net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap -- --forward-mode=macswap --no-flush-rx \
	--total-num-mbufs=4096
T
mkfifo keys
unshare -m sh testpmd <keys >said 2>&1 &
testpmd=$!
exec 3>keys
until [ "$(stat -c %s out.pcap 2>/dev/null)" = 210 ] || ! kill -0 $testpmd 2>/dev/null; do sleep 0.1; done
kill -0 $testpmd && echo >&3
status=0
wait $testpmd || status=$?
# The file's link type, and the first packet's first octets.
octets="$(od -An -tx1 -j 20 -N 4 out.pcap) $(od -An -tx1 -j 40 -N 16 out.pcap)"
[ $status = 0 ] && grep -q 'RX-packets: 3 ' said && grep -q 'TX-packets: 3 ' said && ! grep -qi 'link.type\|datalink' said &&
	[ "$octets" = ' 01 00 00 00  00 00 40 11 00 00 45 00 00 2e 00 00 c0 00 02 01' ] && exit 0
echo "it is different now: exit status $status,$octets"
cat said
exit 1
