#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Each fault of a host that is planted here is named by `sallyportd --check --host` and by `sallyport
# doctor`, in the same words, and the command that both print mends it.
TEST_TIMEOUT=300
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"

LAB_PORTS=64535-64540
# shellcheck disable=SC2034
LAB_ADDRESSES=", { bind = \"$LAB_PUBLIC_ADDRESS6\"; ports = [ \"64535-64540\" ]; }"
# shellcheck disable=SC2034
LAB_NETWORKS=', "2001:db8:2::/64"'

need_programs
command -v nft >/dev/null || skip "needs nft"
lab_begin 1

# The edge's host has an /etc of its own, so that cures may add users to it.
cp -a /etc "$LAB_DIR/etc"
nsenter --net="/run/netns/$LAB_NS-edge" unshare --mount --propagation private \
	sh -c 'mount --bind "$1/etc" /etc && echo $$ >"$1/host.pid" && exec tail -f /dev/null' sh "$LAB_DIR" &
has_host() {
	[ -s "$LAB_DIR/host.pid" ]
}
wait_until 10 has_host

host=$(cat "$LAB_DIR/host.pid")
at_host() {
	nsenter --target "$host" --mount --net "$@"
}

# look [CONFIG]: what both say goes to $LAB_DIR/check and findings; CODE is that of the check.
look() {
	local config=${1:-$LAB_CONFIG}

	CODE=0
	at_host "$(lab_control_path)" --check --host "$config" >"$LAB_DIR/check" 2>&1 || CODE=$?
	at_host "$(lab_cli_path)" -s "$LAB_SOCKET" -o json doctor "$config" >"$LAB_DIR/findings" 2>&1 || :
}

# Prints the lines of the check about fact $1 that match $2, and what follows each.
said() {
	grep -E -A1 "^[a-z]+ +$1: .*$2" "$LAB_DIR/check"
}

# named FACT SEVERITY PATTERN: both name it, in the same words and with the same cure, now in CURE.
named() {
	local says

	said "$1" "$3" >"$LAB_DIR/said" || fail "$1: --check --host does not say '$3': $(cat "$LAB_DIR/check")"
	assert_match "^$2 +$1: " "$LAB_DIR/said" "severity of $1"
	says=$(head -n1 "$LAB_DIR/said" | sed -E "s/^[a-z]+ +$1: //")
	CURE=$(sed -nE '2s/^ +cure: //p' "$LAB_DIR/said")
	assert_eq "$says|$CURE" "$(jq -r --arg name "$1" --arg says "$says" \
		'.[] | select(.check == $name and .says == $says) | .says + "|" + (.cure // "")' \
		"$LAB_DIR/findings")" "what doctor says of $1"
}

# unnamed FACT PATTERN: neither names it.
unnamed() {
	! said "$1" "$2" || fail "$1: --check --host still says '$2'"
	jq -e --arg name "$1" --arg says "$2" 'all(.[]; .check != $name or (.says | test($says) | not))' \
		"$LAB_DIR/findings" >/dev/null || fail "$1: doctor still says '$2'"
}

# cures FACT SEVERITY PATTERN [CONFIG]: named, and after the command that is printed not any more.
cures() {
	look "${4:-}"
	named "$1" "$2" "$3"
	[ "$2" != refuse ] || assert_eq 1 "$CODE" "exit status with $1"
	[ -n "$CURE" ] || fail "$1: no cure is printed"
	cp "$LAB_DIR/check" "$LAB_DIR/check.ill"
	at_host sh -c "$CURE" >"$LAB_DIR/cured" 2>&1 || fail "$1: '$CURE' fails: $(cat "$LAB_DIR/cured")"
	look "${4:-}"
	unnamed "$1" "$3"
	ok "$1: $CURE"
}

# with SED_EXPRESSION: a configuration that differs so; its path is in CHANGED.
with() {
	CHANGED=$LAB_DIR/changed.conf
	sed -E "$1" "$LAB_CONFIG" >"$CHANGED"
}

look
assert_eq "" "$(grep -vE '^(hint|host:|risk +(clock|neighbours): |slow +hugepages: | +cure: | +gone after )' "$LAB_DIR/check")" \
	"complaints with all well"
assert_eq 0 "$CODE" "exit status with all well"
ok "a host that is well: $(tail -n1 "$LAB_DIR/check")"

# Units do not start a daemon again that ends with 78.
with 's/linger =/lingre =/'
for command in "$(lab_control_path) -c" "$(lab_dp_path) -c"; do
	code=0
	# shellcheck disable=SC2086
	at_host $command "$CHANGED" >"$LAB_DIR/refused" 2>&1 || code=$?
	assert_eq 78 "$code" "exit status of ${command##*/} with a bad configuration"
	assert_match leases.lingre "$LAB_DIR/refused" "what it says"
done
look "$CHANGED"
assert_eq 1 "$CODE" "exit status of --check --host with a bad configuration"
ok "a bad configuration is told apart from a bad host"

at_host ip link set builds down
cures link silent 'builds is down'
at_host ip addr del "$LAB_PUBLIC_ADDRESS/24" dev public
cures address silent "$LAB_PUBLIC_ADDRESS is not this host's"
assert_match 'gone after a reboot unless it is in the network configuration' "$LAB_DIR/check.ill" "where it is kept"
at_host ip addr del "$LAB_PUBLIC_ADDRESS/32" dev public
at_host ip addr add "$LAB_PUBLIC_ADDRESS/32" dev builds
look
named swapped risk "$LAB_PUBLIC_ADDRESS, for clients, is on builds"
at_host ip addr add "$LAB_PUBLIC_ADDRESS/24" dev public
look
unnamed swapped "$LAB_PUBLIC_ADDRESS"
at_host ip addr del "$LAB_PUBLIC_ADDRESS/32" dev builds
ok "an address of clients on the builds' interface"
at_host ip link property add dev builds altname enp9s9
with '/^\t*builds: /,/\}/s/interface = .*/interface = "enp9s9";/'
look "$CHANGED"
named interface refuse 'builds.interface: enp9s9 is another name of the interface builds: write that'
at_host "$(lab_control_path)" -c "$CHANGED" >"$LAB_DIR/refused" 2>&1 && fail "a start by another name"
assert_match 'builds.interface: enp9s9 is another name of the interface builds: write that' "$LAB_DIR/refused" "a start"
at_host ip link property del dev builds altname enp9s9
ok "another name of an interface is told with its own, by the check and by a start"
at_host ip -6 addr flush dev builds scope link
cures link-local silent 'builds has no link-local'
with 's,networks = \[,networks = [ "10.99.0.0/16"\,,'
look "$CHANGED"
named route silent 'no route leads to 10.99.0.0/16 by builds'
at_host ip route add 10.99.7.0/24 via 10.0.3.7 dev builds
look "$CHANGED"
unnamed route 10.99
at_host ip route del 10.99.7.0/24
ok "a network without a route is named, one with a route to a part of it is not"
at_host sysctl -qw net.ipv4.conf.builds.forwarding=1
cures forwarding risk 'builds forwards'
at_host sysctl -qw net.ipv4.ip_local_port_range='32768 65535' net.ipv4.ip_local_reserved_ports=64538
cures 'local ports' risk 'use 10 ports of the pool'

# Linux tells what devices take since 6.3.
lab_in net ethtool -K edge gro off
look
if said mode 'GRO'; then
	named mode slow 'builds is a veth, .* only while its peer has GRO on .*: else both interfaces will be in generic mode'
	control_start
	look
	named mode slow 'The programs on public and builds .drivers veth and veth. are in generic mode: .* builds is a veth'
	named mode slow 'may end open sessions'
	assert_match '^systemctl stop sallyportd && sallyportd .*--detach && systemctl start sallyportd$' <(echo "$CURE") "the cure"
	assert_eq 1 "$(jq '[.[] | select(.says | test("generic mode|ndo_xdp_xmit"))] | length' "$LAB_DIR/findings")" \
		"findings of the mode"
	sallyport status >"$LAB_DIR/status"
	assert_match '^warning: public and builds are in the slower generic mode: .*ndo_xdp_xmit.: of a veth, the peer wants ethtool -K PEER gro on' \
		"$LAB_DIR/status" "status"
	at_host "$(lab_control_path)" -c "$LAB_CONFIG" --detach >/dev/null 2>&1 && fail "a detach under a running sallyportd"
	daemon_stop control
	at_host "$(lab_control_path)" -c "$LAB_CONFIG" --detach >/dev/null 2>&1
	lab_in net ethtool -K edge gro on
	look
	unnamed mode generic
	ok "a veth whose peer has no GRO, said once, with the cure"
else
	[ "$(uname -r | cut -d. -f1)" -lt 6 ] || [ "$(uname -r | cut -d. -f1-2)" = 6.1 ] || fail "a veth whose peer has no GRO is not named"
	lab_in net ethtool -K edge gro on
fi

# One that carries is not to be taken off its interfaces.
control_start
with "s,bpf_dir = .*,bpf_dir = \"$LAB_BPF_DIR-other\";,"
look "$CHANGED"
named program refuse 'public carries for another sallyportd, or for this one with another edge.bpf_dir'
assert_match '^bpftool .*map show' <(echo "$CURE") "the cure"
daemon_stop control
at_host "$(lab_control_path)" -c "$LAB_CONFIG" --detach >/dev/null 2>&1
ok "program: $CURE"

object=$(field_foreign)
at_host ip link set dev public xdpgeneric obj "$object" sec xdp
cures program refuse "public has somebody else's XDP program: somebody"

with 's/^\t*api: \{/&\n roles = ( { group = "spdebug"; role = "viewer"; }, { user = "spviewer"; role = "viewer"; } );/'
cures users refuse 'group "spdebug"' "$CHANGED"
cures users refuse 'user "spviewer"' "$CHANGED"

mkdir -p "$LAB_DIR/bpf"
with "s,bpf_dir = .*,bpf_dir = \"$LAB_DIR/bpf\";,"
cures bpffs refuse 'not on a BPF file system' "$CHANGED"
mkdir -p "$LAB_DIR/noise"
head -c 8192 /dev/zero >"$LAB_DIR/noise/journal.db"
with "s,state_dir = .*,state_dir = \"$LAB_DIR/noise\";,"
look "$CHANGED"
assert_eq 1 "$CODE" "exit status with a damaged journal"
said journal "the journal $LAB_DIR/noise/journal.db is damaged" >/dev/null ||
	fail "a damaged journal is not named: $(cat "$LAB_DIR/check")"
assert_eq journal.db "$(ls "$LAB_DIR/noise")" "what lies beside it"
ok "journal: one that is damaged is named by the check alone"

mkdir -p "$LAB_DIR/mounted"
at_host mount -t tmpfs -o ro tmpfs "$LAB_DIR/mounted"
for state in mounted mounted/state; do
	at_host mount -o remount,ro "$LAB_DIR/mounted"
	with "s,state_dir = .*,state_dir = \"$LAB_DIR/$state\";,"
	cures doors refuse "edge.state_dir: $LAB_DIR/mounted is on a read-only file system" "$CHANGED"
done

at_host ip link add many numrxqueues 65 numtxqueues 65 type veth peer name many1 numrxqueues 65 numtxqueues 65
at_host ip link set many1 up
at_host ip link set many up
with '/^\t*builds: /,/\}/s/interface = .*/interface = "many";/'
cures queues refuse 'many receives by 65 queues' "$CHANGED"
at_host ip link set many1 mtu 3600
cures mtu slow 'many1 has an MTU of 3600' "$CHANGED"

at_host ip link add br9 type bridge
at_host ip link set many1 master br9
at_host ethtool -K many1 gro on
at_host ip link set br9 up
at_host ip link set dev br9 xdpgeneric obj "$object" sec xdp
at_host ethtool -K many1 gro on
with '/^\t*builds: /,/\}/s/interface = .*/interface = "br9";/'
cures merging silent 'many1 is below br9 and merges packets \(gro\)' "$CHANGED"
named checksums hint 'br9 is a bridge'
# This kernel's bridges may know no VLANs.
at_host mount -t tmpfs none /sys/class/net
at_host sh -c 'mkdir -p /sys/class/net/br9/bridge; echo 0 >/sys/class/net/br9/bridge/vlan_filtering'
look "$CHANGED"
named 'vlans mixed' hint 'br9 is a bridge that takes frames of any VLAN'
assert_eq 'ip link set dev br9 type bridge vlan_filtering 1' "$CURE" "the cure of mixed VLANs"
with '/^\t*builds: /,/\}/s/interface = .*/interface = "br9"; vlan = 7;/'
look "$CHANGED"
named 'vlan without tags' silent 'br9 is a bridge, .* no frame is of VLAN 7'
unnamed 'vlans mixed' br9
at_host umount /sys/class/net
ok "VLANs on a bridge"
at_host ip link del many

at_host ip route add default via 10.0.3.7 dev builds
at_host sysctl -qw net.ipv4.conf.public.rp_filter=1
cures rp_filter risk 'rp_filter of public is 1, and the default route leads by builds'

at_host nft -f - <<-EOT
	table inet filter {
		chain base { tcp dport 22 accept; }
		chain input {
			type filter hook input priority 0; policy drop;
			ct state established,related accept
			iifname "lo" accept
			jump base
		}
	}
EOT
cures firewall silent '"inet filter input" drops what comes in by public for port 64535'
at_host nft flush ruleset
at_host nft -f - <<-EOT
	table inet filter {
		chain input {
			type filter hook input priority 0; policy drop;
			ct state vmap { established : accept, related : accept }
			ct state invalid drop
			tcp dport 64535-65535 accept
		}
	}
	table inet asleep {
		flags dormant
		chain input {
			type filter hook input priority 0; policy drop;
		}
	}
EOT
look
unnamed conntrack .
unnamed firewall asleep
at_host sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
cures conntrack silent 'drops what conntrack calls invalid'
at_host nft insert rule inet filter input ct mark 1 accept
at_host nft delete rule inet filter input handle "$(at_host nft -a list chain inet filter input |
	sed -n 's/.*"public" tcp dport 64535-64540 accept # handle //p')"
look
unnamed conntrack . # something unsure may have accepted it before
at_host nft -f - <<-EOT
	flush chain inet filter input
	add rule inet filter input ct state established,related accept
	add rule inet filter input ct state invalid drop
	add rule inet filter input tcp dport 64535-65535 accept
EOT
cures conntrack silent 'drops what conntrack calls invalid'
at_host nft flush ruleset
at_host nft -f - <<-EOT
	table ip filter {
		chain INPUT {
			type filter hook input priority 0; policy drop;
			limit rate 1/second accept
			tcp dport 22 accept
		}
	}
EOT
cures 'firewall untold' hint '"ip filter INPUT" drops what comes in by public for port 64535'
at_host nft flush ruleset

control_start
daemon_stop control # it would mend this by itself
rxvlan() {
	at_host ethtool -k public | sed -n 's/^rx-vlan-offload: //p'
}
assert_eq off "$(rxvlan)" "rxvlan after a start"
at_host ethtool -K public rxvlan on
cures rxvlan silent 'public takes VLAN tags off'
at_host ethtool -K public rx-vlan-stag-hw-parse on
cures rxvlan silent 'public takes VLAN tags off .rx-vlan-stag-hw-parse'
at_host sysctl -qw net.ipv4.conf.lo.forwarding=0
cures 'forwarding of lo' silent 'ipv4/conf/lo/forwarding is 0'

at_host "$(lab_control_path)" -c "$LAB_CONFIG" --detach
assert_eq on "$(rxvlan)" "rxvlan after --detach"
ok "--detach puts rxvlan back"

kill "$host"
