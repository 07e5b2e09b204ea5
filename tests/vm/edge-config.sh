#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# In the edge: its addresses, by systemd-networkd as an operator has them, so that they are there again
# after a reboot, and its configuration.
#
#	edge-config.sh ENGINE PAIR	dpdk or xdp, on the NICs publicPAIR and buildsPAIR
set -euo pipefail
engine=$1 pair=$2

# network NAME ADDRESS…: an interface with addresses.
network() {
	local name=$1

	shift
	{
		printf '[Match]\nName=%s\n[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\n' "$name"
		printf 'Address=%s\n' "$@"
	} >"/etc/systemd/network/20-$name.network"
}

for other in /sys/class/net/{public,builds}?; do
	other=${other##*/}
	[ "${other: -1}" != "$pair" ] || continue
	ip addr flush dev "$other"
	ip link set "$other" down
done
rm -f /etc/systemd/network/20-*
network "public$pair" 192.0.2.1/24 2001:db8:1::1/64
network "builds$pair" 10.0.0.1/16 2001:db8:2::1/64
networkctl reload
networkctl reconfigure "public$pair" "builds$pair"
/lib/systemd/systemd-networkd-wait-online --timeout=120 -i "public$pair" -i "builds$pair"

mkdir -p /etc/sallyport
cat >/etc/sallyport/sallyport.conf <<CONF
public: {
	interface = "public$pair";
	addresses = ( { bind = "192.0.2.1"; ports = [ "64535-65535" ]; } );
};
builds: {
	interface = "builds$pair";
	networks = [ "10.0.0.0/16" ];
};
limits: { syn_per_source = "20/s"; };
dataplane: { engine = "$engine"; hugepages = false; failover = "${FAILOVER:-50ms}"; };
CONF
