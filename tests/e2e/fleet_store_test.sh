#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A store that has lost its data: it ends nothing on any edge before somebody says that it counts, not even once
# something new was declared in it.
TEST_TIMEOUT=240
LAB_ENGINE=xdp
LAB_QUARANTINE=30s

# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"

# Of edge a or b, by its fleet's socket.
fleet_verb() {
	"$SALLYPORT_BUILD/control/cli/sallyport" --socket "$(edge_dir "$1")/run/fleet.sock" fleet "${@:2}"
}

fleet_possible
need_programs
lab_begin 2
fleet_begin
wait_until 20 is_current a true
wait_until 20 is_current b true
fleet a PUT /v1/builds/one '{"nodes":[{"index":0,"address":"10.0.4.1"}]}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
fleet a PUT /v1/builds/two '{"nodes":[{"index":0,"address":"10.0.4.2"}]}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
wait_until 20 edge_has b two running
wait_until 20 edge_is a b '.behind == 0'
fleet_verb a >"$LAB_DIR/fleet.txt"
grep -qE "^b +yes +- .* 0 +0.000 s " "$LAB_DIR/fleet.txt" || fail "sallyport fleet does not show B: $(cat "$LAB_DIR/fleet.txt")"
ok "sallyport fleet shows the edges"

# All is gone but for one build.
record=$(etcd_ctl get --print-value-only /sallyport/builds/two)
etcd_stop
rm -r "$LAB_DIR/etcd"
etcd_start
etcd_ctl put /sallyport/builds/two "$record" >"$LAB_DIR/log/put"
for edge in a b; do
	wait_until 30 fleet_says "$edge" 'has lost its data'
done
is_other() { fleet "$1" GET /v1/fleet && [ "$(answer '.store | .followed and (.adopted | not)')" = true ]; }
for edge in a b; do
	wait_until 30 is_other "$edge"
	is_current "$edge" false || fail "$edge takes that store for its own: $ANSWER"
	edge_has "$edge" one running || fail "$edge has ended what the store has lost"
	fleet "$edge" PUT /v1/builds/three '{"nodes":[{"index":0,"address":"10.0.4.3"}]}'
	assert_eq 503 "$STATUS" "status of PUT at $edge"
	grep -q 'lost its data' <<<"$ANSWER" || fail "the refusal does not say why: $ANSWER"
done
fleet b DELETE /v1/builds/two
assert_eq 202 "$STATUS" "status of DELETE at B ($ANSWER)"
edge_has b two ended || fail "B has not cut"
ok "a store that has lost its data ends nothing, and a removal is made here"

# An edge that is started again knows it still.
fleet_stop b
fleet_spawn b
wait_until 30 fleet_says b 'has lost its data'
wait_until 30 is_other b
edge_has b one running || fail "B has ended what the store has lost"
ok "an edge that is started again remembers which store is its own"

fleet_verb a --adopt >"$LAB_DIR/fleet.txt" || fail "A does not adopt the store"
wait_until 20 edge_has a one ended
edge_has a two running || fail "A has ended what the store has"
edge_has b one running || fail "B has ended what A alone was told to"
fleet_verb b --adopt >"$LAB_DIR/fleet.txt" || fail "B does not adopt the store"
wait_until 20 edge_has b one ended
wait_until 20 edge_has a two ended
for edge in a b; do
	wait_until 20 is_current "$edge" true
done
fleet a PUT /v1/builds/three '{"nodes":[{"index":0,"address":"10.0.4.3"}]}'
assert_eq 201 "$STATUS" "status of PUT once both edges count on it ($ANSWER)"
wait_until 20 edge_has b three running
ok "adopted, on each edge for itself, it counts"
