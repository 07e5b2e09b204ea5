#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Three edges and three members of etcd under calls at all edges, while faults that are drawn from a seed befall
# them: processes are killed and stopped, machines cut off from each other, the leader moves, history is compacted,
# clocks step. No port and no VM is in two leases, nothing that was acknowledged is lost, nothing lives too long, and
# behind every twenty faults all edges are as the store is.
#
#   FAULTS_NUMBER (20; the full draw is 1000)   FAULTS_SEED (77; `make soak` draws it)   FAULTS_RATE (200 calls a second)
#   FAULTS_LOGS: where all logs are to be kept

# shellcheck disable=SC2034
LAB_ENGINE=xdp LAB_QUARANTINE=5s LAB_PORTS=40000-49999 LAB_UNLIMITED=1
LAB_FENCE=9s # also of an edge whose sallyport-fleet and sallyportd fail one behind the other
TEST_TIMEOUT=${TEST_TIMEOUT:-400}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"
# shellcheck source=tests/e2e/_routes.sh
. "$(dirname "$0")/_routes.sh"

NUMBER=${FAULTS_NUMBER:-20}
SEED=${FAULTS_SEED:-77}
LAB_PUBLIC_ADDRESS=192.0.2.1
LAB_ANNOUNCE='announce: { interface = "sallyport"; last_resort = "sallyport-last"; hold = "2s"; };'

# Edge $1 has the public address on a wire of its own to the client.
faults_edge() {
	local n ns

	n=$(edge_number "$1")
	ns=$(edge_ns "$1")
	mkdir -p "$(edge_dir "$1")/run" "$(edge_dir "$1")/state"
	network_namespace "$ns"
	ip -n "$LAB_NS-client" link add "eth$((n - 1))" type veth peer name public netns "$LAB_NS-$ns"
	ip -n "$LAB_NS-net" link add "edge$n" type veth peer name builds netns "$LAB_NS-$ns"
	ip -n "$LAB_NS-$ns" -batch - <<-EOT
		addr add $LAB_PUBLIC_ADDRESS/24 dev public
		addr add 10.0.0.$n/16 dev builds
		link set public up
		link set builds up
	EOT
	ip -n "$LAB_NS-client" link set "eth$((n - 1))" up
	ip -n "$LAB_NS-net" link set "edge$n" master br0 up
	network_end "$ns" public
	network_end "$ns" builds
	lab_in net ethtool -K "edge$n" gro on >/dev/null 2>&1
	announce_interfaces "$ns"
}

# A machine on the builds' bridge, with address $2.
faults_machine() {
	network_namespace "$1"
	ip -n "$LAB_NS-$1" link add eth0 type veth peer name "$1" netns "$LAB_NS-net"
	ip -n "$LAB_NS-net" link set "$1" master br0 up
	ip -n "$LAB_NS-$1" addr add "$2/16" dev eth0
	ip -n "$LAB_NS-$1" link set eth0 up
}

# Instead of that of network.sh: three edges, a machine for each member, and one that is all VMs.
network_up() {
	local edge i

	network_namespace net
	network_namespace client
	ip -n "$LAB_NS-net" link add br0 type bridge mcast_snooping 0
	ip -n "$LAB_NS-net" link set br0 up
	for edge in a b c; do
		faults_edge "$edge"
	done
	for i in 0 1 2; do
		faults_machine "member$i" "${MEMBERS[$i]}"
	done
	faults_machine vms 10.0.0.100
	ip -n "$LAB_NS-vms" -batch - <<-EOT
		route add local 10.0.16.0/20 dev lo
		route add local 10.0.32.0/19 dev lo
		route add local 10.0.64.0/18 dev lo
		route add local 10.0.128.0/17 dev lo
	EOT
	ip -n "$LAB_NS-client" addr add "$LAB_CLIENT_ADDRESS/24" dev eth0
}

fleet_possible
need_programs
lab_begin 0
for edge in a b c; do
	LAB_CLOCK_BOUND=500ms edge_config "$edge" >"$(edge_dir "$edge")/sallyport.conf"
done
echo "seed $SEED, $NUMBER faults"
status=0
"$LAB_TOOLS/../fleet/faults/faults.py" "$LAB_NS" "$LAB_DIR" "$(realpath "$SALLYPORT_BUILD")" "$LAB_BPF_DIR" \
	"$NUMBER" "$SEED" "${FAULTS_RATE:-200}" >"$LAB_DIR/out" 2>&1 || status=$?
[ -z "${FAULTS_LOGS:-}" ] || cp -r "$LAB_DIR/log" "$LAB_DIR/out" "$FAULTS_LOGS"
[ "$status" = 0 ] || fail "$(tail -n 60 "$LAB_DIR/out")"
assert_match "^$NUMBER faults under" "$LAB_DIR/out" "the faults"
ok "ports, VMs, deadlines and what was acknowledged hold: $(tail -n 1 "$LAB_DIR/out")"
