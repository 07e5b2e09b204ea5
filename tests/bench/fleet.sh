#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A fleet of three edges with three members of etcd, all of them real, on this one machine: 60,000 leases by one
# sync at one edge, until that is answered and until the other two have them; beside it what one edge without a
# fleet takes for the same set, in the same round. Then single PUTs at one edge, each until all three have it,
# beside what etcd takes for a put (etcdctl check perf is no such thing: it is asked as sallyport-fleet asks it).
#
#   FLEET_ROUNDS (3)   FLEET_LEASES (60000)   FLEET_PUTS (300)
TEST_TIMEOUT=${TEST_TIMEOUT:-1800}
# shellcheck disable=SC2034
LAB_PORTS=1024-65535
LAB_QUARANTINE=1s
# The journals and etcd's logs are to be on a disk, where durable means something.
SALLYPORT_LAB_ROOT=${SALLYPORT_LAB_ROOT:-/var/tmp/sallyport-lab}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/../e2e/_fleet.sh"
# shellcheck source=tests/e2e/_routes.sh
. "$(dirname "$0")/../e2e/_routes.sh"
# shellcheck source=tests/bench/statistics.sh
. "$(dirname "$0")/statistics.sh"

ROUNDS=${FLEET_ROUNDS:-3}
LEASES=${FLEET_LEASES:-60000}
PUTS=${FLEET_PUTS:-300}
HERE=$(cd "$(dirname "$0")" && pwd)
ROUTES=(10.0.16.0/20 10.0.32.0/19 10.0.64.0/18 10.0.128.0/17)
EDGES=(a b c)

# No edge is announced to anybody.
LAB_ANNOUNCE='limits: { builds = 1048576; };'

# All VMs are behind one router.
network_of_vms() {
	local edge route

	for edge in "${EDGES[@]}"; do
		for route in "${ROUTES[@]}"; do
			ip -n "$LAB_NS-$(edge_ns "$edge")" route add "$route" via "$(lab_vm_address 0)"
		done
	done
	for route in "${ROUTES[@]}"; do
		ip -n "$LAB_NS-vm0" route add local "$route" dev lo
	done
}

# An edge that has never had a build.
edge_fresh() {
	edge_config "$1" >"$(edge_dir "$1")/sallyport.conf"
	edge_spawn "$1" control control/sallyportd
	wait_until 20 edge_up "$1"
}

edge_forget() {
	local name

	for name in fleet control; do
		[ -e "$LAB_DIR/$name-$1.pid" ] || continue
		kill -TERM "$(cat "$LAB_DIR/$name-$1.pid")"
		wait "$(cat "$LAB_DIR/$name-$1.pid")" || :
		rm "$LAB_DIR/$name-$1.pid"
	done
	lab_in "$(edge_ns "$1")" "$(lab_control_path)" --detach -c "$(edge_dir "$1")/sallyport.conf" >/dev/null 2>&1
	rm -rf "$(edge_dir "$1")/state"
	mkdir "$(edge_dir "$1")/state"
}

store_forget() {
	local i

	for i in 0 1 2; do
		[ ! -e "$LAB_DIR/etcd$i.pid" ] || member_stop $i
		rm -rf "$LAB_DIR/etcd$i"
	done
	members_start
}

# Prints the seconds of CPU time that these programs have taken since they began, all together.
cpu_s() {
	local name pids=()

	for name in "$@"; do
		pids+=("/proc/$(cat "$LAB_DIR/$name.pid")/stat")
	done
	cat "${pids[@]}" | awk -v ticks="$(getconf CLK_TCK)" '{ sum += $14 + $15 } END { print sum / ticks }'
}

# A fresh fleet was given one sync: what each part of it took for that, with its start.
report_cpu() {
	local edge members=(etcd0 etcd1 etcd2)

	for edge in "${EDGES[@]}"; do
		echo "CPU time of sallyport-fleet, edge $edge|s|$(cpu_s "fleet-$edge")"
		echo "CPU time of sallyportd, edge $edge|s|$(cpu_s "control-$edge")"
	done
	echo "CPU time of etcd, all members|s|$(cpu_s "${members[@]}")"
}

sockets() {
	local edge

	for edge in "${EDGES[@]}"; do
		echo "$(edge_dir "$edge")/run/$1.sock"
	done
}

routes_possible
need_programs
lab_begin 1
network_of_vms
for ((round = 0; round < ROUNDS; round++)); do
	edge_fresh a
	"$HERE/fleet.py" alone "$(edge_dir a)/run/api.sock" "$LEASES"
	echo "CPU time of sallyportd, one edge alone|s|$(cpu_s control-a)"
	edge_forget a
	store_forget
	for edge in "${EDGES[@]}"; do
		edge_fresh "$edge"
		fleet_start "$edge"
		wait_until 20 is_current "$edge" true
	done
	# shellcheck disable=SC2046
	"$HERE/fleet.py" sync "$(edge_dir a)/run/fleet.sock" "$LEASES" $(sockets api)
	report_cpu
	if ((round == ROUNDS - 1)); then
		# shellcheck disable=SC2046
		lab_in net "$HERE/fleet.py" puts "$(edge_dir a)/run/fleet.sock" "$PUTS" \
			"http://${MEMBERS[0]}:2379" $(sockets api)
	fi
	for edge in "${EDGES[@]}"; do
		edge_forget "$edge"
	done
done | tee "$LAB_DIR/figures"
echo "$LEASES leases, 3 edges, 3 members of etcd, $(cut -d ' ' -f 1-3 /proc/loadavg) load"
while IFS='|' read -r name unit; do
	mapfile -t list < <(awk -F'|' -v name="$name" '$1 == name { print $3 }' "$LAB_DIR/figures")
	spread "$name" "$unit" "${list[@]}"
done < <(awk -F'|' '!seen[$1]++ { print $1 "|" $2 }' "$LAB_DIR/figures")
awk -F'|' '$1 == "live on the others" { print $3 }' "$LAB_DIR/figures" >"$LAB_DIR/fleet"
awk -F'|' '$1 == "one edge alone" { print $3 }' "$LAB_DIR/figures" >"$LAB_DIR/alone"
ratios "live on the others : one edge alone" "$LAB_DIR/fleet" "$LAB_DIR/alone"
