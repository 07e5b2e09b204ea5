#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a flood of SYNs costs others. In forged names, as fast as this machine makes them, they go to one
# lease and to ports of leases that have ended or are reserved. Another session copies a file meanwhile,
# and has datagrams with numbers come back through a forward of its own. The same beside as many SYNs a
# second (or as many as get through) that are none of ours, for an address that is not this host's, and
# that end before its stack: what those leave is what the machine has, whoever looks at the packets.
# Both in each round, and the copy alone first. Client, edge and VMs share this machine's CPUs, so only
# the ratios of one run mean anything.
#
#   FLOOD_ROUNDS (5)   FLOOD_ENGINES (xdp dpdk)   FLOOD_MEGABYTES (32) of each copy
#   FLOOD_DATAGRAMS (1000) a second
#   FLOOD_CHECK=1: fail where a flood costs more than sallyport promises
TEST_TIMEOUT=${TEST_TIMEOUT:-900}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"
# shellcheck source=tests/bench/statistics.sh
. "$(dirname "$0")/statistics.sh"

ROUNDS=${FLOOD_ROUNDS:-5}
ENGINES=${FLOOD_ENGINES:-xdp dpdk}
MEGABYTES=${FLOOD_MEGABYTES:-32}
DATAGRAMS=${FLOOD_DATAGRAMS:-1000}
HERE=$(cd "$(dirname "$0")" && pwd)
NOBODY=192.0.2.77
UDP_PORT=7001
PER_LEASE=50 # limits.syn_per_lease, as it comes
NOT_ENDED=60 # seconds: more than a copy takes

record() {
	echo "$3" >>"$LAB_DIR/$1-$2"
}

# in_background MACHINE COMMAND…: sets PID.
in_background() {
	local machine=$1

	shift
	nsenter --net="/run/netns/$LAB_NS-$machine" "$@" </dev/null &
	PID=$!
}

# What is sent waits for the wire, as before any NIC, and is not lost before it; the VM counts the SYNs
# that reach it.
wires() {
	local machine

	for machine in client vm0 vm1; do
		lab_in "$machine" tc qdisc replace dev eth0 root pfifo
	done
	lab_in net tc qdisc replace dev edge root pfifo
	lab_in vm0 nft -f - <<-EOT
		table netdev bench {
			chain in {
				type filter hook ingress device eth0 priority 0
				tcp flags & (syn | ack) == syn counter
			}
		}
	EOT
	lab_in edge nft -f - <<-EOT
		table netdev bench {
			chain in {
				type filter hook ingress device public priority 0
				ip daddr $NOBODY drop
			}
		}
	EOT
	EDGE_MAC=$(lab_in edge ip -j link show dev public | jq -r '.[0].address')
	in_background vm1 "$HERE/flood.py" echo "$UDP_PORT" >"$LAB_DIR/echo"
	disown
	wait_line 10 "$LAB_DIR/echo" up
}

syns_at_vm() {
	lab_in vm0 nft -j list chain netdev bench in | jq '[.. | .counter? // empty | .packets] | add'
}

notes_lost() {
	lab_api GET /metrics | awk '$1 == "sallyport_notes_lost_total" { printf "%d", $2 }'
}

# leases: one that is flooded, some whose ports are dead, one of the session beside them.
leases() {
	local i

	PORTS=
	for i in 0 1 2; do
		put_build "over$i" 0
		PORTS+=,$(node_port 0)
		api DELETE "/v1/builds/over$i"
		api PUT "/v1/builds/soon$i" '{"nodes":[{"index":0}]}'
		PORTS+=,$(node_port 0)
	done
	put_build flooded 0
	PORTS=$(node_port 0)$PORTS
	api PUT /v1/builds/calm "{\"user\":\"ubuntu\",\"nodes\":[{\"index\":0,\"address\":\"$(lab_vm_address 1)\",
		\"port\":22,\"forwards\":[{\"name\":\"count\",\"port\":$UDP_PORT,\"protocol\":\"udp\"}]}]}"
	assert_eq 201 "$STATUS" "PUT of the calm build: $ANSWER"
	CALM=$(node_port 0)
	COUNT=$(answer '.nodes[0].forwards[0].public_port')
}

# ended PID: what was told to end has ended.
ended() {
	kill -TERM "$1"
	wait "$1"
}

# session NAME: the copy and the datagrams beside it.
session() {
	local probe begun sent lost

	in_background client "$HERE/flood.py" probe "$LAB_PUBLIC_ADDRESS" "$COUNT" "$DATAGRAMS" >"$LAB_DIR/probe"
	probe=$PID
	begun=${EPOCHREALTIME/./}
	lab_client scp "${SSH_OPTIONS[@]}" -P "$CALM" /tmp/calm "ubuntu@$LAB_PUBLIC_ADDRESS:calm" ||
		fail "$1: the copy"
	record "$1" copy "$(jq -n "$MEGABYTES * 1e6 / (${EPOCHREALTIME/./} - $begun)")"
	ended "$probe"
	read -r sent lost <"$LAB_DIR/probe"
	record "$1" sent "$sent"
	record "$1" lost "$lost"
	record "$1" loss "$(jq -n "100 * $lost / $sent")"
}

# beside NAME ADDRESS RATE: a session beside SYNs for that address; sets REACHED, their rate.
beside() {
	local syns

	in_background client "$LAB_DIR/load" syns eth0 "$EDGE_MAC" "$2" "$PORTS" "$3" $NOT_ENDED >"$LAB_DIR/syns"
	syns=$PID
	session "$1"
	ended "$syns"
	REACHED=$(cat "$LAB_DIR/syns")
	record "$1" rate "$REACHED"
}

flooded() {
	local before lost begun

	before=$(syns_at_vm) lost=$(notes_lost) begun=${EPOCHREALTIME/./}
	beside "$1-flood" "$LAB_PUBLIC_ADDRESS" 0
	# The first of them may all come at once.
	record "$1-flood" vm "$(jq -n "($(syns_at_vm) - $before - $PER_LEASE) * 1e6 / (${EPOCHREALTIME/./} - $begun)")"
	record "$1-flood" notes "$(($(notes_lost) - lost))"
}

carry_with() {
	LAB_ENGINE=$1
	config_write >"$LAB_CONFIG"
	lab_start
	leases
}

carry_no_more() {
	lab_stop
	lab_in edge "$(lab_control_path)" -c "$LAB_CONFIG" --detach 2>>"$LAB_DIR/log/detach"
	rm -rf "$LAB_DIR/state"
	mkdir "$LAB_DIR/state"
}

# sum NAME WHAT
sum() {
	awk '{ sum += $1 } END { printf "%d", sum }' "$LAB_DIR/$1-$2"
}

# figure LABEL NAME WHAT UNIT
figure() {
	mapfile -t values <"$LAB_DIR/$2-$3"
	spread "$1" "$4" "${values[@]}"
}

report() {
	local kind

	for kind in alone unrelated flood; do
		figure "$1, copy, $kind" "$1-$kind" copy MB/s
	done
	for kind in unrelated flood; do
		figure "$1, SYNs, $kind" "$1-$kind" rate /s
	done
	ratios "$1, SYNs, flood : unrelated" "$LAB_DIR/$1-flood-rate" "$LAB_DIR/$1-unrelated-rate"
	ratios "$1, copy, flood : unrelated" "$LAB_DIR/$1-flood-copy" "$LAB_DIR/$1-unrelated-copy" | tee "$LAB_DIR/$1-ratio"
	for kind in alone unrelated flood; do
		figure "$1, datagrams lost, $kind" "$1-$kind" loss "%"
		echo "$1, datagrams lost, $kind: $(sum "$1-$kind" lost) of $(sum "$1-$kind" sent)"
	done
	figure "$1, SYNs at the VM ($PER_LEASE/s are allowed)" "$1-flood" vm /s
	echo "$1, notes lost: $(sum "$1-flood" notes)"
}

# median NAME WHAT
median() {
	sort -n "$LAB_DIR/$1-$2" | jq -s 'sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2'
}

# Medians: on a machine that does other work too, a round in which it stands still says nothing.
check() {
	local copy loss seen

	copy=$(sed 's/.*: \([0-9.]*\) x.*/\1/' "$LAB_DIR/$1-ratio")
	loss=$(median "$1-flood" loss) seen=$(median "$1-flood" vm)
	jq -en "$copy >= 0.8" >/dev/null || fail "$1: a copy beside a flood is $copy x as fast"
	jq -en "$loss < 0.1" >/dev/null || fail "$1: $loss % of a session's packets are lost"
	jq -en "$seen <= $PER_LEASE" >/dev/null || fail "$1: the VM sees $seen SYNs a second"
	assert_eq 0 "$(sum "$1-flood" notes)" "$1: notes lost"
	ok "$1: a flood leaves a copy $copy x, $loss % of the datagrams are lost, no note is"
}

need_programs
lab_begin 2
cc -O2 -D_GNU_SOURCE -o "$LAB_DIR/load" "$HERE/load.c"
wires
lab_client bash -c "head -c ${MEGABYTES}000000 /dev/urandom >/tmp/calm"
for engine in $ENGINES; do
	carry_with "$engine"
	for ((round = 0; round < ROUNDS; round++)); do
		session "$engine-alone"
		flooded "$engine"
		beside "$engine-unrelated" "$NOBODY" "$REACHED"
	done
	report "$engine"
	carry_no_more
done
if [ "${FLOOD_CHECK:-0}" = 1 ]; then
	for engine in $ENGINES; do
		check "$engine"
	done
fi
