#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Clocks of a fleet's edges that are wrong: one that is ahead ends builds on its own edge alone, and one that
# nobody synchronises makes no promises.
TEST_TIMEOUT=240
LAB_ENGINE=xdp
LAB_QUARANTINE=30s
LAB_CLOCK_BOUND=500ms

# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"

AHEAD_S=0
LOST=

edge_variables() {
	echo "LD_PRELOAD=$(realpath "$SALLYPORT_BUILD/tests/e2e/libother_clock.so")"
	[ "$1" = a ] || echo "OTHER_CLOCK_S=$AHEAD_S"
	[ -z "$LOST" ] || echo "OTHER_CLOCK_LOST=1"
}

declare_build() {
	fleet a PUT "/v1/builds/$1" "{\"nodes\":[{\"index\":0,\"address\":\"10.0.4.$2\"}],\"max_lifetime_s\":$3}"
	assert_eq 201 "$STATUS" "status of PUT of $1 ($ANSWER)"
}

# What B's fleet owes the store is told in rounds. Once this removal is known at A, a whole one has passed.
a_round_of_b() {
	declare_build "round$1" "$2" 7200
	wait_until 20 edge_has b "round$1" running
	edge b DELETE "/v1/builds/round$1"
	wait_until 20 edge_has a "round$1" ended
}

record_says() {
	[ "$(etcd_ctl get --print-value-only "/sallyport/builds/$1" | jq "$2")" = "$3" ]
}

fleet_possible
need_programs
lab_begin 2
AHEAD_S=3600
fleet_begin
wait_until 20 edge_is a b '.clock.ahead_ms > 3500000 and .clock.synchronised'
wait_until 20 edge_is b a '.clock.ahead_ms < -3500000'
ok "each edge knows how far the clock of the other is from its own"

# Half an hour is over already by B's clock; two hours are one there.
declare_build short 1 1800
declare_build long 2 7200
wait_until 20 edge_has b long running
wait_until 20 edge_is a b '.behind == 0'
edge_has b short running && fail "B's clock is not ahead"
a_round_of_b 1 3
a_round_of_b 2 4
edge_has a short running || fail "an edge whose clock is ahead has ended a build for all: $ANSWER"
record_says short .ended 0 || fail "the store has the build as ended"
fleet b POST /v1/builds/short/extend '{"by_s": 3600}'
assert_eq 409 "$STATUS" "status of an extension at B of what has ended by its clock ($ANSWER)"
record_says short .until 0 || fail "the store has the extension that B refused"
ok "an edge whose clock is ahead keeps the end of a build to itself"

# An end that both clocks have seen is in the store, and frees the VM.
declare_build brief 5 2
wait_until 30 edge_has a brief ended
is_ended() { record_says brief '.ended > 0' true; }
wait_until 30 is_ended
declare_build next 5 7200
ok "what has ended by all clocks has ended in the store"

# Ports rest by the slowest clock, too: of what ended now, an hour has passed for B.
fleet a DELETE /v1/builds/long
assert_eq 204 "$STATUS" "status of DELETE ($ANSWER)"
a_round_of_b 3 6
a_round_of_b 4 7
record_says long '.ended > 0' true || fail "ports that rest were given back early"
ok "an edge whose clock is ahead gives back no port early"

# Nobody synchronises A's clock any more.
fleet_stop a
LOST=1
fleet_start a
wait_until 20 is_current a true
fleet a PUT /v1/builds/new '{"nodes":[{"index":0,"address":"10.0.4.9"}]}'
assert_eq 503 "$STATUS" "status of PUT by a clock that nobody synchronises ($ANSWER)"
assert_eq urn:sallyport:problem:clock-unsynchronised "$(answer .type)" "type of the refusal"
grep -q 'chrony' <<<"$ANSWER" || fail "the refusal does not say what to do: $ANSWER"
wait_until 20 edge_is b a '.clock.synchronised | not'
fleet a DELETE /v1/builds/next
assert_eq 204 "$STATUS" "status of DELETE by that clock ($ANSWER)"
fleet b PUT /v1/builds/new '{"nodes":[{"index":0,"address":"10.0.4.9"}]}'
assert_eq 201 "$STATUS" "status of PUT at the other edge ($ANSWER)"
ok "an edge whose clock is not synchronised promises nothing, and removes all the same"

# sallyportd away is not the store's fault.
kill -TERM "$(cat "$LAB_DIR/control-b.pid")"
wait "$(cat "$LAB_DIR/control-b.pid")" || fail "B's sallyportd ended with $?"
fleet b GET /v1/builds/new
assert_eq 503 "$STATUS" "status of GET without sallyportd"
assert_eq urn:sallyport:problem:daemon-unavailable "$(answer .type)" "type of the refusal"
ok "an edge without its sallyportd says so"
