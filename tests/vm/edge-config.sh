#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# In the edge: its addresses, by systemd-networkd as an operator has them, so that they are there again
# after a reboot, and its configuration.
#
#	edge-config.sh ENGINE PAIR [VLANS]	dpdk or xdp, on the NICs publicPAIR and buildsPAIR
#
# VLANS: `interfaces` for VLAN 100 of public and VLAN 200 of builds as interfaces of their own, `trunks`
# for the NICs as trunks of these.
set -euo pipefail
engine=$1 pair=$2 vlans=${3:-}

# network NAME LINE…: an interface with lines of its section [Network].
network() {
	local name=$1

	shift
	{
		printf '[Match]\nName=%s\n[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\n' "$name"
		printf '%s\n' "$@"
	} >"/etc/systemd/network/20-$name.network"
	names+=("$name")
}

# side NAME VLAN ADDRESS…: a NIC, or its VLAN, with addresses.
side() {
	local name=$1 vlan=$2

	shift 2
	if [ -z "$vlans" ]; then
		network "$name" "${@/#/Address=}"
		return
	fi
	printf '[NetDev]\nName=%s\nKind=vlan\n[VLAN]\nId=%s\n' "$name.$vlan" "$vlan" \
		>"/etc/systemd/network/10-$name.$vlan.netdev"
	network "$name" "VLAN=$name.$vlan"
	network "$name.$vlan" "${@/#/Address=}"
}

# in_config NAME VLAN: the interface as the configuration has it.
in_config() {
	case $vlans in
	interfaces) echo "interface = \"$1.$2\";" ;;
	trunks) echo "interface = \"$1\"; vlan = $2;" ;;
	*) echo "interface = \"$1\";" ;;
	esac
}

for other in /sys/class/net/{public,builds}?.*; do
	[ ! -e "$other" ] || ip link del "${other##*/}"
done
for other in /sys/class/net/{public,builds}?; do
	other=${other##*/}
	[ "${other: -1}" != "$pair" ] || continue
	ip addr flush dev "$other"
	ip link set "$other" down
done
rm -f /etc/systemd/network/20-* /etc/systemd/network/10-*.netdev
names=()
side "public$pair" 100 192.0.2.1/24 2001:db8:1::1/64
side "builds$pair" 200 10.0.0.1/16 2001:db8:2::1/64
networkctl reload
networkctl reconfigure "public$pair" "builds$pair"
/lib/systemd/systemd-networkd-wait-online --timeout=120 "${names[@]/#/--interface=}"

mkdir -p /etc/sallyport
cat >/etc/sallyport/sallyport.conf <<CONF
public: {
	$(in_config "public$pair" 100)
	addresses = ( { bind = "192.0.2.1"; ports = [ "64535-65535" ]; } );
};
builds: {
	$(in_config "builds$pair" 200)
	networks = [ "10.0.0.0/16" ];
};
limits: { syn_per_source = "20/s"; };
dataplane: { engine = "$engine"; hugepages = false; failover = "${FAILOVER:-50ms}"; };
CONF
