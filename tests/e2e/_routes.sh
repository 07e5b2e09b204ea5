# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-3-Clause
#
# A router that spreads one address over up to three edges, by BGP and a hash of flows: BIRD on the router, BIRD
# on edges a and b, FRR on c where it is installed; three members of etcd; VMs whose replies all leave by a. Edges run
# nothing until edge_start; with LAB_BARE=1 they have neither the address nor the interfaces that announce it.
# Source it after _fleet.sh; lab_begin makes its network instead of the usual one.
#
#   client 192.0.2.2 - 192.0.2.254 [router] 10.9.N.1 - 10.9.N.2 [edge N] 10.0.0.N - [bridge] - vmN
#                                            the edges have 203.0.113.1 in common

# shellcheck source=tests/lab/routes.sh
. "$LAB_TOOLS/routes.sh"

LAB_PUBLIC_ADDRESS=203.0.113.1
ROUTER_ADDRESS=192.0.2.254
MEMBERS=(10.0.0.9 10.0.0.10 10.0.0.11)
LAB_ENGINE=xdp

routes_possible() {
	fleet_possible
	command -v bird >/dev/null && command -v birdc >/dev/null || skip "BIRD is not installed (bird2)"
}

edge_number() {
	case $1 in a) echo 1 ;; b) echo 2 ;; c) echo 3 ;; esac
}

edge_ns() {
	case $1 in a) echo edge ;; b) echo edge2 ;; c) echo edge3 ;; esac
}

edge_dir() {
	if [ "$1" = a ]; then echo "$LAB_DIR"; else echo "$LAB_DIR/$1"; fi
}

edge_bpf() {
	if [ "$1" = a ]; then echo "$LAB_BPF_DIR"; else echo "$LAB_BPF_DIR-$1"; fi
}

routes_edge() {
	local edge=$1 n ns

	n=$(edge_number "$edge")
	ns=$(edge_ns "$edge")
	mkdir -p "$(edge_dir "$edge")/run" "$(edge_dir "$edge")/state"
	network_namespace "$ns"
	ip -n "$LAB_NS-router" link add "edge$n" type veth peer name public netns "$LAB_NS-$ns"
	ip -n "$LAB_NS-net" link add "edge$n" type veth peer name builds netns "$LAB_NS-$ns"
	ip -n "$LAB_NS-$ns" -batch - <<-EOT
		addr add 10.9.$n.2/24 dev public
		addr add 2001:db8:9:$n::2/64 dev public nodad
		addr add 10.0.0.$n/16 dev builds
		link set public up
		link set builds up
		route add default via 10.9.$n.1
	EOT
	ip -n "$LAB_NS-router" -batch - <<-EOT
		addr add 10.9.$n.1/24 dev edge$n
		addr add 2001:db8:9:$n::1/64 dev edge$n nodad
		link set edge$n up
	EOT
	ip -n "$LAB_NS-net" link set "edge$n" master br0 up
	network_end "$ns" public
	network_end "$ns" builds
	network_end router "edge$n"
	lab_in net ethtool -K "edge$n" gro on >/dev/null 2>&1
	[ -z "${LAB_BARE:-}" ] || return 0
	ip -n "$LAB_NS-$ns" route add local "$LAB_PUBLIC_ADDRESS/32" dev lo
	announce_interfaces "$ns"
}

# Instead of that of network.sh.
network_up() {
	local edge i

	network_namespace net
	network_namespace client
	network_namespace router
	ip -n "$LAB_NS-client" link add eth0 type veth peer name client netns "$LAB_NS-router"
	ip -n "$LAB_NS-router" -batch - <<-EOT
		addr add $ROUTER_ADDRESS/24 dev client
		link set client up
	EOT
	ip -n "$LAB_NS-client" -batch - <<-EOT
		addr add $LAB_CLIENT_ADDRESS/24 dev eth0
		link set eth0 up
		route add default via $ROUTER_ADDRESS
	EOT
	lab_in router sysctl -qw net.ipv4.ip_forward=1 net.ipv4.fib_multipath_hash_policy=1
	ip -n "$LAB_NS-net" -batch - <<-EOT
		link add br0 type bridge mcast_snooping 0
		$(printf 'addr add %s/16 dev br0\n' "${MEMBERS[@]}")
		link set br0 up
	EOT
	network_end client eth0
	network_end router client
	for edge in a b c; do
		routes_edge "$edge"
	done
	for ((i = 0; i < $1; i++)); do
		network_vm "$i"
	done
}

# Prints the members' URLs as the configuration has them.
members_urls() {
	local urls

	urls=$(printf '"http://%s:2379", ' "${MEMBERS[@]}")
	echo "${urls%, }"
}

# member_start NUMBER: one that was there goes on with what it has.
member_start() {
	local at=${MEMBERS[$1]}

	routes_spawn net "etcd$1" etcd --name "m$1" --data-dir "$LAB_DIR/etcd$1" \
		--listen-client-urls "http://$at:2379" --advertise-client-urls "http://$at:2379" \
		--listen-peer-urls "http://$at:2380" --initial-advertise-peer-urls "http://$at:2380" \
		--initial-cluster "m0=http://${MEMBERS[0]}:2380,m1=http://${MEMBERS[1]}:2380,m2=http://${MEMBERS[2]}:2380"
}

member_stop() {
	local pid

	pid=$(cat "$LAB_DIR/etcd$1.pid")
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || :
}

members_start() {
	local i

	for i in 0 1 2; do
		member_start $i
	done
	wait_until 30 etcd_ctl endpoint health
}

edge_config() {
	(
		LAB_EXTRA="$LAB_ANNOUNCE metrics: { listen = \"\"; };
			fleet: { etcd = [ $(members_urls) ]; socket = \"$(edge_dir "$1")/run/fleet.sock\";
				edge_ttl = \"3s\"; fence_after = \"${LAB_FENCE:-6s}\"; clock_bound = \"${LAB_CLOCK_BOUND:-0s}\"; };"
		LAB_BPF_DIR=$(edge_bpf "$1")
		LAB_DIR=$(edge_dir "$1")
		LAB_NAME=$1
		LAB_SOCKET=$LAB_DIR/run/api.sock
		config_write
	)
}

# In machine $1, a program of others' as a child of this shell that ends with it; $2 is what its log and its pid
# are called.
routes_spawn() {
	setsid nsenter --net="/run/netns/$LAB_NS-$1" setpriv --pdeathsig KILL "${@:3}" \
		>>"$LAB_DIR/log/$2" 2>&1 </dev/null &
	echo $! >"$LAB_DIR/$2.pid"
}

bird_spawn() {
	routes_spawn "$1" "bird-$1" bird -f -c "$LAB_DIR/bird-$1.conf" -s "$LAB_DIR/bird-$1.ctl" \
		-P "$LAB_DIR/bird-$1.bird"
}

router_start() {
	{
		cat <<-EOT
			router id $ROUTER_ADDRESS;
			protocol device { }
			protocol bfd { interface "edge*" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
			protocol kernel { ipv4 { import none; export all; }; merge paths yes limit 16; }
			filter from_edge {
				if (65535, 0) ~ bgp_community then bgp_local_pref = 0;
				accept;
			}
		EOT
		for n in 1 2 3; do
			cat <<-EOT
				protocol bgp edge$n {
					local as 65000; neighbor 10.9.$n.2 as 65010;
					bfd on; connect retry time 2; error wait time 1, 2; connect delay time 1;
					ipv4 { import filter from_edge; export none; };
				}
				protocol bgp edge${n}v6 {
					local as 65000; neighbor 2001:db8:9:$n::2 as 65010;
					bfd on; connect retry time 2; error wait time 1, 2; connect delay time 1;
					ipv6 { import filter from_edge; export none; };
				}
			EOT
		done
	} >"$LAB_DIR/bird-router.conf"
	bird_spawn router
}

# The example of configs/, with this edge's own numbers.
routes_config() {
	local n

	n=$(edge_number "$1")
	sed "s/10\.9\.1\./10.9.$n./g; s/db8:9:1:/db8:9:$n:/g" "$LAB_TOOLS/../../configs/$2"
}

frr_installed() {
	[ -x /usr/lib/frr/bgpd ] && [ -x /usr/lib/frr/bfdd ] && command -v vtysh >/dev/null
}

# Edge $1's daemons read nothing by themselves: what is for which of them vtysh knows. Not every socket of theirs
# can be named, so their /run/frr is the lab's own. mgmtd is there from FRR 10 on.
frr_spawn() {
	local dir=$LAB_DIR/frr-$1 daemon options

	mkdir -p "$dir"
	: >"$dir/none.conf"
	chown -R frr:frr "$dir"
	for daemon in mgmtd zebra bgpd bfdd; do
		[ -x "/usr/lib/frr/$daemon" ] || continue
		options=(-u frr -g frr)
		[ $daemon = mgmtd ] || options+=(-f "$dir/none.conf")
		# shellcheck disable=SC2016
		routes_spawn "$(edge_ns "$1")" "frr-$1-$daemon" unshare --mount sh -ec \
			'mkdir -p /run/frr; mount --bind "$0" /run/frr; exec "$@"' "$dir" "/usr/lib/frr/$daemon" "${options[@]}"
		wait_until 10 test -S "$dir/$daemon.vty"
	done
	routes_config "$1" frr/frr.conf >"$dir/frr.conf"
	vtysh --vty_socket "$dir" -f "$dir/frr.conf" >"$LAB_DIR/log/vtysh-$1" 2>&1
}

# speaker_start EDGE: what speaks BGP there; BIRD or FRR.
speaker_start() {
	if [ "$1" = c ] && frr_installed; then
		frr_spawn c
	else
		routes_config "$1" bird/bird.conf >"$LAB_DIR/bird-$(edge_ns "$1").conf"
		bird_spawn "$(edge_ns "$1")"
	fi
}

# edge_start EDGE: everything of it, until the router sends it traffic.
edge_start() {
	speaker_start "$1"
	edge_config "$1" >"$(edge_dir "$1")/sallyport.conf"
	edge_spawn "$1" control control/sallyportd
	wait_until 20 edge_up "$1"
	fleet_start "$1"
	wait_until 30 routed "$1"
}

# Kills everything of an edge as a crash does, but what the kernel has; prints nothing.
edge_crash() {
	local file pids=()

	for file in "$LAB_DIR"/{control,fleet}-"$1".pid "$LAB_DIR"/bird-"$(edge_ns "$1")".pid "$LAB_DIR"/frr-"$1"-*.pid; do
		[ -e "$file" ] && pids+=("$(cat "$file")")
	done
	kill -KILL "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null || :
}

# The routes that the router's kernel has to the shared address.
routes() {
	ip -n "$LAB_NS-router" route show "$LAB_PUBLIC_ADDRESS/32"
}

routed() {
	grep -q "via 10\.9\.$(edge_number "$1")\.2 " <<<"$(routes) "
}

not_routed() {
	! routed "$1"
}

# Sallyport's CLI at an edge.
sallyport_at() {
	SALLYPORT_SOCKET=$(edge_dir "$1")/run/api.sock "$(lab_cli_path)" "${@:2}"
}

# Bytes that edge $1 has carried to VMs.
carried() {
	edge "$1" GET /v1/status
	answer .engines.xdp.bytes.to_vm
}

# Sets CARRIER to the one of these edges by which requests come while somebody sends some.
find_carrier() {
	local edge
	declare -A before

	for edge in "$@"; do
		before[$edge]=$(carried "$edge")
	done
	CARRIER=
	wait_until 10 carrier_is_seen "$@"
	for edge in "$@"; do
		[ "$(carried "$edge")" -gt $((before[$edge] + 2000)) ] && CARRIER=$edge
	done
	[ -n "$CARRIER" ]
}

carrier_is_seen() {
	local edge

	for edge in "$@"; do
		[ "$(carried "$edge")" -gt $((before[$edge] + 2000)) ] && return 0
	done
	return 1
}

other_of() {
	if [ "$1" = a ]; then echo b; else echo a; fi
}
