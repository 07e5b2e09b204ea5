#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The XDP engine and DPDK over AF_XDP against nftables DNAT: the same wires, the same client and
# server, frames of MTU size, one after the other in each round, medians of the ratios. Client,
# carrier and server share this machine's CPUs, so only the ratios of one run mean anything.
#
#   nft        nftables DNAT; GRO off at both hosts, as on a wire each frame goes its way alone
#   nft-gro    the same with GRO on at both hosts, which those behind an XDP engine need: a veth
#              takes what XDP redirects to it only then
#   nft-rps    nft with receive packet steering over all CPUs, what nft can have of napi_threads
#   nft-apart  nft-gro with the hosts' stacks as for dpdk-apart
#   xdp        the XDP engine as it comes: on a veth with threads (dataplane.napi_threads)
#   xdp-inline the same without
#   dpdk       sallyport-dp on CPU 1, which it shares with what the hosts' stacks do for its packets
#   dpdk-apart the same with threads on CPU 0 for the hosts' stacks, as hosts of their own have theirs
#              elsewhere
#
#   ENGINES_ROUNDS (5)   ENGINES_SECONDS (3) for each measurement
#   ENGINES (all of the above)   ENGINES_NICE (-10): so that others disturb less
#   ENGINES_CHECK=1: fail below the figures that sallyport promises
TEST_TIMEOUT=${TEST_TIMEOUT:-1200}
# shellcheck disable=SC2034
LAB_DIRECT=1
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"
# shellcheck source=tests/bench/statistics.sh
. "$(dirname "$0")/statistics.sh"
# shellcheck source=tests/bench/load.sh
. "$(dirname "$0")/load.sh"

ROUNDS=${ENGINES_ROUNDS:-5}
SECONDS_EACH=${ENGINES_SECONDS:-3}
ENGINES=${ENGINES:-nft nft-gro nft-rps nft-apart xdp xdp-inline dpdk dpdk-apart}
NICE=${ENGINES_NICE:--10}
renice -n "$NICE" -p $$ >/dev/null
HERE=$(cd "$(dirname "$0")" && pwd)
IPERF_PORT=5201
LOAD_PORT=7000

in_background() {
	local machine=$1

	shift
	nsenter --net="/run/netns/$LAB_NS-$machine" "$@" </dev/null &
	disown
}

load() {
	local machine=$1

	shift
	lab_in "$machine" "$LAB_DIR/load" "$@"
}

servers() {
	in_background vm0 iperf3 -s --forceflush -p $IPERF_PORT >"$LAB_DIR/iperf3" 2>&1
	in_background vm0 "$LAB_DIR/load" serve $LOAD_PORT >"$LAB_DIR/serve" 2>&1
	wait_line 10 "$LAB_DIR/iperf3" 'Server listening'
	wait_line 10 "$LAB_DIR/serve" up
	flood_ends_at_vm
	lab_in edge ethtool -K public gro off >/dev/null
	lab_in edge ethtool -K builds gro off >/dev/null
}

hosts_gro() {
	lab_in client ethtool -K eth0 gro "$1"
	lab_in vm0 ethtool -K eth0 gro "$1"
}

host_threads() {
	ps -eo pid,comm | awk '$2 ~ /^napi\/eth0-/ { print $1 }' | sort
}

# hosts_apart 0|1: whether the hosts' stacks have threads of their own, and away from CPU 1.
hosts_apart() {
	local machine pid others

	others=$(host_threads)
	for machine in client vm0; do
		ip netns exec "$LAB_NS-$machine" sh -c "echo $1 >/sys/class/net/eth0/threaded"
	done
	for pid in $(comm -13 <(echo "$others") <(host_threads)); do
		taskset -p 1 "$pid" >/dev/null
		renice -n "$NICE" -p "$pid" >/dev/null
	done
}

# edge_rps MASK: the CPUs that the edge's interfaces steer packets to, 0 for where they arrive.
edge_rps() {
	ip netns exec "$LAB_NS-edge" sh -c "for link in public builds; do
		echo $1 >/sys/class/net/\$link/queues/rx-0/rps_cpus; done"
}

carry_with() {
	case $1 in
	nft*)
		case $1 in
		nft) hosts_gro off ;;
		nft-rps) hosts_gro off && edge_rps 3 ;;
		nft-apart) hosts_apart 1 ;;
		esac
		lab_in edge nft -f - <<-EOT
			table ip bench {
				chain in {
					type nat hook prerouting priority dstnat
					iifname public tcp dport $IPERF_PORT dnat to $(lab_vm_address 0):$IPERF_PORT
					iifname public tcp dport $LOAD_PORT dnat to $(lab_vm_address 0):$LOAD_PORT
				}
			}
		EOT
		lab_in edge sysctl -qw net.ipv4.ip_forward=1
		iperf_public=$IPERF_PORT load_public=$LOAD_PORT
		;;
	xdp* | dpdk*)
		LAB_ENGINE=${1%-*}
		LAB_NAPI_THREADS=auto
		[ "$1" != xdp-inline ] || LAB_NAPI_THREADS=off
		config_write >"$LAB_CONFIG"
		lab_start
		[ "$1" != dpdk-apart ] || hosts_apart 1
		api PUT /v1/builds/bench "$(jq -nc --arg vm "$(lab_vm_address 0)" \
			"{nodes: [{index: 0, address: \$vm, port: $IPERF_PORT},
				{index: 1, address: \$vm, port: $LOAD_PORT}]}")"
		iperf_public=$(node_port 0) load_public=$(node_port 1)
		;;
	esac
	wait_until 10 load client ping "$LAB_PUBLIC_ADDRESS" "$load_public" 0
}

carry_no_more() {
	case $1 in
	nft*)
		[ "$1" != nft-apart ] || hosts_apart 0
		hosts_gro on
		edge_rps 0
		lab_in edge nft flush ruleset
		lab_in edge sysctl -qw net.ipv4.ip_forward=0
		;;
	*)
		[ "$1" != dpdk-apart ] || hosts_apart 0
		api DELETE /v1/builds/bench
		lab_stop
		lab_in edge "$(lab_control_path)" -c "$LAB_CONFIG" --detach 2>>"$LAB_DIR/log/detach"
		rm -rf "$LAB_DIR/state"
		mkdir "$LAB_DIR/state"
		;;
	esac
}

# Prints the CPU time this machine has spent on anything, in hundredths of a second.
busy() {
	awk '/^cpu / { print $2 + $3 + $4 + $6 + $7 + $8 }' /proc/stat
}

record() {
	echo "$3" >>"$LAB_DIR/$1-$2"
}

bulk() {
	local before bits

	before=$(busy)
	bits=$(lab_in client iperf3 -J -c "$LAB_PUBLIC_ADDRESS" -p "$iperf_public" -t "$SECONDS_EACH" |
		jq .end.sum_received.bits_per_second)
	record "$1" bulk "$(jq -n "$bits / 1e9")"
	record "$1" cpu "$(jq -n "($(busy) - $before) / 100 / ($bits * $SECONDS_EACH / 8e9)")"
}

small_packets() {
	local before mac

	mac=$(lab_in edge ip -j link show dev public | jq -r '.[0].address')
	before=$(lab_packets vm0 eth0 rx)
	load client flood eth0 "$mac" "$LAB_CLIENT_ADDRESS" "$LAB_PUBLIC_ADDRESS" "$load_public" \
		"$SECONDS_EACH" >/dev/null
	record "$1" small "$(jq -n "($(lab_packets vm0 eth0 rx) - $before) / $SECONDS_EACH / 1000")"
}

measure() {
	local trips

	carry_with "$1"
	bulk "$1"
	record "$1" connections "$(load client connections "$LAB_PUBLIC_ADDRESS" "$load_public" "$SECONDS_EACH")"
	small_packets "$1"
	trips=$(load client ping "$LAB_PUBLIC_ADDRESS" "$load_public" "$SECONDS_EACH")
	record "$1" p50 "${trips% *}"
	record "$1" p99 "${trips#* }"
	carry_no_more "$1"
}

WHAT=(bulk connections small p50 p99 cpu)
declare -A NAME=([bulk]="bulk TCP" [connections]="new connections" [small]="60-byte packets"
	[p50]="round trip, p50" [p99]="round trip, p99" [cpu]="CPU time of all, bulk")
declare -A UNIT=([bulk]=Gbit/s [connections]=/s [small]=kpps [p50]=us [p99]=us [cpu]="s/GB")

# compare ENGINE OTHER: the ratios of all that both were measured for.
compare() {
	local what

	for what in "${WHAT[@]}"; do
		if [ ! -e "$LAB_DIR/$1-$what" ] || [ ! -e "$LAB_DIR/$2-$what" ]; then
			continue
		fi
		ratios "$1 : $2, ${NAME[$what]}" "$LAB_DIR/$1-$what" "$LAB_DIR/$2-$what" |
			tee -a "$LAB_DIR/ratios"
	done
}

report() {
	local engine what

	for what in "${WHAT[@]}"; do
		for engine in $ENGINES; do
			mapfile -t values <"$LAB_DIR/$engine-$what"
			spread "${NAME[$what]}, $engine" "${UNIT[$what]}" "${values[@]}"
		done
	done
	echo
	for engine in $ENGINES; do
		[ "$engine" = nft ] || compare "$engine" nft
	done
	compare dpdk-apart nft-apart
}

# at_least NAME RATIO: the median of a ratio is as promised.
at_least() {
	local median

	median=$(sed -n "s/^$1: \\([0-9.]*\\) x.*/\\1/p" "$LAB_DIR/ratios")
	jq -en "$median >= $2" >/dev/null || fail "$1: $median x, less than $2 x"
	ok "$1: $median x, at least $2 x"
}

need_programs
lab_begin 1
cc -O2 -D_GNU_SOURCE -o "$LAB_DIR/load" "$HERE/load.c"
servers
for ((round = 0; round < ROUNDS; round++)); do
	for engine in $ENGINES; do
		measure "$engine"
	done
done
report
if [ "${ENGINES_CHECK:-0}" = 1 ]; then
	at_least "xdp : nft, bulk TCP" 1.35
	at_least "xdp : nft, new connections" 1.15
	at_least "xdp : nft, 60-byte packets" 1.45
	at_least "dpdk-apart : nft, bulk TCP" 0.9
fi
