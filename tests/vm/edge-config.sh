#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# In the edge: its addresses, by systemd-networkd as an operator has them, so that they are there again
# after a reboot, and its configuration.
#
#	edge-config.sh ENGINE PAIR [HOW]	dpdk or xdp, on the NICs publicPAIR and buildsPAIR
#
# HOW: `interfaces` for VLAN 100 of public and VLAN 200 of builds as interfaces of their own, `trunks` for the
# NICs as trunks of these; `bond` for each NIC and that of pair 3 in an active-backup bond, `bridge` for each
# NIC in a bridge of its own.
set -euo pipefail
engine=$1 pair=$2 how=${3:-}
wanted=$(mktemp -d)
trap 'rm -r "$wanted"' EXIT

# network NAME LINE…: an interface with lines of its section [Network]. One below a bond or a bridge never gets
# a link-local address, which networkd would wait for.
network() {
	local name=$1 local_address=ipv6

	shift
	case $1 in
	Bond=* | Bridge=*) local_address=no ;;
	esac
	{
		printf '[Match]\nName=%s\n[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=%s\n' "$name" \
			"$local_address"
		printf '%s\n' "$@"
	} >"$wanted/20-$name.network"
	names+=("$name")
}

# netdev NAME KIND LINE…: an interface that networkd makes, with lines of the section of its kind.
netdev() {
	local name=$1 kind=$2

	shift 2
	printf '[NetDev]\nName=%s\nKind=%s\n' "$name" "$kind" >"$wanted/10-$name.netdev"
	[ $# -eq 0 ] || printf '%s\n' "[${kind^}]" "$@" >>"$wanted/10-$name.netdev"
}

# side NAME VLAN ADDRESS…: a NIC, or what is made above it, with addresses.
side() {
	local name=$1 vlan=$2 above=$how-${1%?}

	shift 2
	case $how in
	interfaces | trunks)
		netdev "$name.$vlan" vlan
		printf '[VLAN]\nId=%s\n' "$vlan" >>"$wanted/10-$name.$vlan.netdev"
		network "$name" "VLAN=$name.$vlan"
		name=$name.$vlan
		;;
	bond)
		netdev "$above" bond Mode=active-backup MIIMonitorSec=100ms
		network "$name" "Bond=$above" PrimarySlave=yes
		network "${name%?}3" "Bond=$above"
		name=$above
		;;
	bridge)
		netdev "$above" bridge
		network "$name" "Bridge=$above"
		name=$above
		;;
	esac
	network "$name" "${@/#/Address=}"
}

# in_config NAME VLAN: the interface as the configuration has it.
in_config() {
	case $how in
	interfaces) echo "interface = \"$1.$2\";" ;;
	trunks) echo "interface = \"$1\"; vlan = $2;" ;;
	bond | bridge) echo "interface = \"$how-${1%?}\";" ;;
	*) echo "interface = \"$1\";" ;;
	esac
}

names=()
side "public$pair" 100 192.0.2.1/24 2001:db8:1::1/64
side "builds$pair" 200 10.0.0.1/16 2001:db8:2::1/64

# What has been set up for another engine stays: networkd has it all.
has_files() {
	local file

	for file in "$wanted"/*; do
		cmp -s "$file" "/etc/systemd/network/${file##*/}" || return
	done
	[ "$(find /etc/systemd/network -name '20-*' -o -name '10-*.netdev' | wc -l)" = \
		"$(find "$wanted" -type f | wc -l)" ]
}

# networkd begins anew: one that is told to reload and to reconfigure may never say that it is done (257).
set_up() {
	local other

	rm -f /etc/systemd/network/20-* /etc/systemd/network/10-*.netdev
	for other in /sys/class/net/{public,builds}?.* /sys/class/net/{bond,bridge}-{public,builds}; do
		[ ! -e "$other" ] || ip link del "${other##*/}"
	done
	# Down: else a NIC that was below a bridge has no link-local address again, and none goes below a bond.
	for other in /sys/class/net/{public,builds}?; do
		ip addr flush dev "${other##*/}"
		ip link set "${other##*/}" down
	done
	cp "$wanted"/* /etc/systemd/network/
	systemctl restart systemd-networkd
}

has_files || set_up
/lib/systemd/systemd-networkd-wait-online --timeout=120 "${names[@]/#/--interface=}" || {
	rm -f /etc/systemd/network/20-* # the next one begins anew
	exit 1
}

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
