#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Both daemons are started, stopped, crashed and detached in random order. Whatever happens, the
# host's own traffic goes on, a live lease works while a program is attached, a foreign XDP program
# is left alone, and after --detach nothing of ours is left in the kernel.
#
#   LIFECYCLE_STEPS (200)   LIFECYCLE_SEED (of the clock)
TEST_TIMEOUT=${TEST_TIMEOUT:-600}
LAB_QUARANTINE=1s LAB_HUGEPAGES=true LAB_NAPI_THREADS=on
# shellcheck disable=SC2034
TEST_ALONE=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

STEPS=${LIFECYCLE_STEPS:-200}
SEED=${LIFECYCLE_SEED:-$EPOCHSECONDS}

edge() {
	nsenter --net="/run/netns/$LAB_NS-edge" "$@"
}

running() {
	[ "$(daemon_state "$1")" = running ]
}

# Prints the id of the XDP program on an interface of the edge, nothing if there is none.
xdp_on() {
	lab_in edge ip -j -d link show dev "$1" | jq -r '.[0].xdp.prog.id // empty'
}

# Prints the files by which DPDK keeps hugepages beyond a process's end.
huge_files() {
	awk '$3 == "hugetlbfs" { print $2 }' /proc/mounts |
		xargs -rI{} find {} -type f -name '*sallyport*'
}

# A program of somebody else's, which passes everything.
foreign_build() {
	cat >"$LAB_DIR/foreign.c" <<-'EOT'
		__attribute__((section("xdp"), used)) int foreign(void *ctx)
		{
			return 2;
		}
	EOT
	clang -O2 -g -target bpf -c "$LAB_DIR/foreign.c" -o "$LAB_DIR/foreign.o"
}

# The host's own traffic: a ping five times a second, whose answers are counted at the end.
host_traffic_start() {
	nsenter --net="/run/netns/$LAB_NS-client" ping -n -i 0.2 -W 1 "$LAB_PUBLIC_ADDRESS" \
		>"$LAB_DIR/ping" 2>&1 </dev/null &
	PING=$!
}

host_traffic_end() {
	kill -INT $PING
	wait $PING || fail "the host's own traffic: $(tail -n3 "$LAB_DIR/ping")"
	assert_match ' 0% packet loss' "$LAB_DIR/ping" "pings of the host itself"
}

# The way in works whenever programs are attached and the build is there.
lease_works() {
	[ -n "$LEASED" ] || return 0
	[ "$ATTACHED" = 1 ] || return 0
	# shellcheck disable=SC2016
	lab_client timeout 5 bash -c \
		'exec 3<>"/dev/tcp/$1/$2" && read -r -u3 banner && [[ $banner = SSH-2.0-OpenSSH* ]]' \
		bash "$LAB_PUBLIC_ADDRESS" "$LEASED" || fail "step $step ($1): the lease is dead"
}

do_control_start() {
	running control && return 0
	control_start
	ATTACHED=1
	assert_eq 2 "$(threaded)" "interfaces polled in threads"
}

do_control_stop() {
	daemon_stop control
}

do_control_crash() {
	running control || return 0
	daemon_crash control
}

do_dp_start() {
	running dp && return 0
	[ "$ATTACHED" = 1 ] || return 0
	dp_start
}

do_dp_stop() {
	daemon_stop dp
}

do_dp_crash() {
	running dp || return 0
	daemon_crash dp
}

# sallyport-dp is killed while it starts.
do_dp_crash_early() {
	running dp && return 0
	[ "$ATTACHED" = 1 ] || return 0
	daemon_spawn dp
	random_moment
	running dp && daemon_crash dp
	return 0
}

do_control_crash_early() {
	running control && return 0
	[ "$ATTACHED" = 1 ] || return 0
	daemon_spawn control
	random_moment
	running control && daemon_crash control
	return 0
}

random_moment() {
	local until_us=$((${EPOCHREALTIME/./} + RANDOM * 20))

	wait_until 5 moment_past "$until_us"
}

moment_past() {
	[ "${EPOCHREALTIME/./}" -ge "$1" ]
}

do_lease() {
	running control || return 0
	if [ -n "$LEASED" ]; then
		api DELETE "/v1/builds/$LEASE_ID"
		LEASED=
	else
		LEASE_ID=life-$step
		put_build "$LEASE_ID" 0
		LEASED=$(node_port 0)
	fi
}

do_detach() {
	daemon_stop control
	daemon_stop dp
	edge "$(lab_control_path)" -c "$LAB_CONFIG" --detach >"$LAB_DIR/detach" 2>&1 ||
		fail "step $step: --detach: $(cat "$LAB_DIR/detach")"
	ATTACHED=0
	nothing_left
	do_foreign
}

# Prints how many interfaces of the edge the kernel polls in threads.
threaded() {
	ip netns exec "$LAB_NS-edge" grep -lx 1 /sys/class/net/{public,builds}/threaded | wc -l
}

nothing_left() {
	assert_eq 0 "$(threaded)" "interfaces polled in threads after --detach"
	assert_eq "" "$(xdp_on public)$(xdp_on builds)" "XDP programs after --detach"
	[ ! -e "$LAB_BPF_DIR" ] || assert_eq "" "$(find "$LAB_BPF_DIR" -mindepth 1)" "pins after --detach"
	assert_eq "" "$(huge_files)" "files of hugepages after --detach"
	assert_eq "" "$(lab_in edge ip neigh show | grep managed)" "managed neighbours after --detach"
}

# With somebody else's program on the interface sallyportd refuses to start, and leaves it there.
do_foreign() {
	local id

	lab_in edge ip link set dev public xdp obj "$LAB_DIR/foreign.o" sec xdp
	id=$(xdp_on public)
	assert_fails "sallyportd beside a foreign XDP program" \
		edge timeout 15 "$(lab_control_path)" -c "$LAB_CONFIG"
	assert_eq "$id" "$(xdp_on public)" "the foreign XDP program, after the refusal"
	edge "$(lab_control_path)" -c "$LAB_CONFIG" --detach >"$LAB_DIR/detach" 2>&1 || :
	assert_eq "$id" "$(xdp_on public)" "the foreign XDP program, after --detach"
	lab_in edge ip link set dev public xdp off
}

ACTIONS=(control_start control_start control_stop control_crash control_crash_early dp_start
	dp_start dp_stop dp_crash dp_crash_early lease lease detach)

need_programs
lab_begin 1
foreign_build
LEASED='' ATTACHED=0 step=0
echo "seed $SEED, $STEPS steps"
RANDOM=$SEED
host_traffic_start
do_control_start
for ((step = 1; step <= STEPS; step++)); do
	action=${ACTIONS[RANDOM % ${#ACTIONS[@]}]}
	echo "step $step: $action" >>"$LAB_DIR/log/steps"
	"do_$action"
	lease_works "$action"
done
ok "$STEPS random steps: the lease works whenever a program is attached"
step=last
do_detach
ok "after --detach no program, map, neighbour or hugepage of ours is left"
ok "a foreign XDP program is refused beside, and never detached"
host_traffic_end
ok "the host's own traffic went on: $(grep -oE '[0-9]+ received, 0% packet loss' "$LAB_DIR/ping")"
