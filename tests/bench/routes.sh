#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# How long one flow through a router and two edges is silent, in ms: while the edge by which it goes is drained,
# while it is announced again, while all its processes are killed (the kernel's part carries still), and while
# its host dies (it has no way to VMs besides, so nothing is carried until BFD has expired). A datagram each
# millisecond, echoed by the VM, so that no timer of TCP's is measured.
#
#   ROUTES_ROUNDS (5)
TEST_TIMEOUT=${TEST_TIMEOUT:-600}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/../e2e/_fleet.sh"
# shellcheck source=tests/e2e/_routes.sh
. "$(dirname "$0")/../e2e/_routes.sh"

routes_possible
need_programs
lab_begin 1
members_start
router_start
edge_start a
edge_start b
both_routed() { routed a && routed b; }
wait_until 20 both_routed

routes_spawn vm0 echo "$LAB_TOOLS/echo.py" serve 7000
fleet a PUT /v1/builds/echo '{"nodes":[{"index":0,"address":"10.0.3.7",
	"forwards":[{"name":"echo","port":7000,"protocol":"udp"}]}]}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
port=$(answer '.nodes[0].forwards[0].public_port')
wait_until 20 edge_has b echo running

# A flow that goes by B: VMs' replies leave by A, which so can live.
probe_by_b() {
	for _ in {1..20}; do
		: >"$LAB_DIR/answers"
		routes_spawn client probe "$LAB_TOOLS/echo.py" probe "$LAB_PUBLIC_ADDRESS" "$port" "$LAB_DIR/answers"
		find_carrier a b || fail "neither edge carries"
		[ "$CARRIER" = a ] || return 0
		kill "$(cat "$LAB_DIR/probe.pid")"
	done
	fail "twenty flows went by A"
}

answered() { [ "$(wc -l <"$LAB_DIR/answers")" -ge "$1" ]; }
more_answers() { wait_until 20 answered $(($(wc -l <"$LAB_DIR/answers") + 200)); }

# silence WHAT COMMAND…: from the command until all is quiet again.
silence() {
	local what=$1 from

	shift
	more_answers
	from=$(now_ns)
	"$@"
	more_answers
	echo "$what $("$LAB_TOOLS/echo.py" silence "$LAB_DIR/answers" "$from" "$(now_ns)")"
}

drain() { sallyport_at b drain --wait 1 >"$LAB_DIR/said"; }

undrain() {
	sallyport_at b undrain >"$LAB_DIR/said"
	wait_until 20 both_routed
}

crash() {
	edge_crash b
	wait_until 20 not_routed b
}

# Its kernel says no goodbye for those who are killed.
die() {
	lab_in edge2 nft -f - <<-EOT
		table inet dead {
			chain out {
				type filter hook output priority 0; policy drop;
			}
		}
	EOT
	ip -n "$LAB_NS-edge2" link set builds down
	crash
}

nothing() { more_answers; }

probe_by_b
for ((round = 0; round < ${ROUTES_ROUNDS:-5}; round++)); do
	silence nothing nothing
	silence drain drain
	silence undrain undrain
	silence killed crash
	edge_start b
	wait_until 20 both_routed
	silence dead die
	lab_in edge2 nft delete table inet dead
	ip -n "$LAB_NS-edge2" link set builds up
	edge_start b
	wait_until 20 both_routed
done | tee "$LAB_DIR/silences"
echo "longest silence in ms, median and worst of each:"
for what in nothing drain undrain killed dead; do
	grep "^$what " "$LAB_DIR/silences" | sort -k2n | awk -v what="$what" '
		{ value[NR] = $2 } END { print what, value[int((NR + 1) / 2)], value[NR] }'
done
