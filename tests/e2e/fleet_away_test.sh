#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# All members of etcd are dead for a while, with sessions open through each of three edges: none is lost, deadlines
# within that time are kept, a removal cuts where it is asked for, and nothing new is promised. Then the members are
# started again from what they have, and exactly the difference is made.
#
#   AWAY_SECONDS (8 at least; make soak has 600): how long they are dead
TEST_TIMEOUT=${TEST_TIMEOUT:-300}
LAB_QUARANTINE=20m

# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"
# shellcheck source=tests/e2e/_routes.sh
. "$(dirname "$0")/_routes.sh"

AWAY_SECONDS=${AWAY_SECONDS:-8}
DUE_SECONDS=$((AWAY_SECONDS / 2 + 30 * ${SALLYPORT_SLOW:-1}))
EDGES=(a b c)
QUIET=20
LATE_NS=1000000000 # how exact deadlines are is deadline_test's matter

# What the client sends from this address goes by that edge alone, whatever others announce.
address_by() {
	echo "192.0.2.1$(edge_number "$1")"
}

pin() {
	local n

	n=$(edge_number "$1")
	ip -n "$LAB_NS-client" addr add "$(address_by "$1")/24" dev eth0
	ip -n "$LAB_NS-router" route add "$LAB_PUBLIC_ADDRESS/32" via "10.9.$n.2" table "10$n"
	ip -n "$LAB_NS-router" rule add from "$(address_by "$1")" lookup "10$n"
}

# session NAME PORT ADDRESS: an open session from there in which both sides talk, until the connection ends.
session() {
	python3 -c "$TICKER" 100 </dev/null 2>/dev/null |
		lab_client ssh "${SSH_OPTIONS[@]}" -b "$3" -p "$2" "ubuntu@$LAB_PUBLIC_ADDRESS" \
			"python3 -c '$TICKER' 100" >"$LAB_DIR/ticks-$1" 2>"$LAB_DIR/ticks-$1.err" &
	PIDS[$1]=$!
	wait_line 30 "$LAB_DIR/ticks-$1" '^5 '
}

ticked() {
	[ "$(wc -l <"$LAB_DIR/ticks-$1")" -ge "$2" ]
}

# It is the same connection, and says more than it has.
goes_on() {
	local heard

	heard=$(wc -l <"$LAB_DIR/ticks-$1")
	wait_until 20 ticked "$1" $((heard + 10)) || fail "nothing is heard in session $1: $(cat "$LAB_DIR/ticks-$1.err")"
	process_gone "${PIDS[$1]}" && fail "session $1 has ended: $(cat "$LAB_DIR/ticks-$1.err")"
	return 0
}

# Prints the longest time in which nothing was heard in a session, in ms.
longest_silence() {
	awk 'NR > 1 && $2 - before > most { most = $2 - before } { before = $2 } END { printf "%d", most / 1000000 }' \
		"$LAB_DIR/ticks-$1"
}

declare_at() {
	fleet "$1" PUT "/v1/builds/$2" "$3"
	assert_eq 201 "$STATUS" "status of PUT of $2 ($ANSWER)"
}

live_slots() {
	"$LAB_TOOLS/table.py" live "$(edge_bpf "$1")" | sort
}

# Prints what the store has that is not over, as the first three words of live_slots.
stored_slots() {
	etcd_ctl get --prefix --print-value-only /sallyport/builds/ |
		jq -r 'select(.ended == 0) | .body.nodes[] | "\(.public_port) \(.address) \(.port // 22)"' |
		sort
}

is_as_the_store() {
	local stored

	stored=$(stored_slots) && [ "$stored" = "$(live_slots "$1" | cut -d' ' -f1-3)" ]
}

newest_event() {
	edge "$1" GET /v1/status
	answer .events.newest
}

# told EDGE SINCE: what has become of builds there since that event, as words.
told() {
	edge "$1" GET "/v1/events?since=$2&follow=false"
	jq -sr '[.[] | select(.type | strings | startswith("build.") and . != "build.warning") | "\(.build):\(.type[6:])"] | unique | join(" ")' \
		<<<"$ANSWER"
}

# Requests that edge $1's sallyportd has answered.
asked() {
	edge "$1" GET /metrics
	awk '/^sallyport_api_requests_total/ { sum += $NF } END { print sum }' <<<"$ANSWER"
}

well() {
	edge "$1" GET /v1/announcement && [ "$(answer .announced)" = "$2" ]
}

it_is_past() {
	[ "$(now_ns)" -ge "$1" ]
}

# ended_for EDGE ID REASON
ended_for() {
	edge_has "$1" "$2" ended && [ "$(answer .reason)" = "$3" ]
}

declare -A PIDS DUE_NS BEFORE RETURN ASKED
routes_possible
need_programs
lab_begin 3
members_start
router_start
for edge in "${EDGES[@]}"; do
	edge_start "$edge"
	pin "$edge"
done
declare_at a live "$(build_body 0)"
live_port=$(node_port)
declare_at b due "$(jq -c ".linger_s = $DUE_SECONDS" <<<"$(build_body 1)")"
due_port=$(node_port)
declare_at c gone "$(build_body 2)"
gone_port=$(node_port)
for ((i = 1; i <= QUIET; i++)); do
	declare_at "${EDGES[i % 3]}" "quiet$i" "{\"nodes\":[{\"index\":0,\"address\":\"10.0.4.$i\"}]}"
done
for edge in "${EDGES[@]}"; do
	wait_until 20 is_as_the_store "$edge"
	session "live-$edge" "$live_port" "$(address_by "$edge")"
	session "due-$edge" "$due_port" "$(address_by "$edge")"
	capture_start "due-$edge" vm1 eth0 -Q in \
		"tcp dst port 22 and src host $(address_by "$edge") and tcp[tcpflags] & tcp-rst = 0"
done
session live-routed "$live_port" "$LAB_CLIENT_ADDRESS"
session gone-a "$gone_port" "$(address_by a)"
session gone-b "$gone_port" "$(address_by b)"
ok "sessions are open through each of three edges"

# One build is to end by its finish, another by its lifetime, both while nobody can be asked.
for edge in "${EDGES[@]}"; do
	BEFORE[$edge]=$(newest_event "$edge")
	live_slots "$edge" >"$LAB_DIR/slots-$edge"
done
declare_at a brief "{\"nodes\":[{\"index\":0,\"address\":\"10.0.5.1\"}],\"max_lifetime_s\":$((DUE_SECONDS + 1))}"
fleet c POST /v1/builds/due/finish '{}'
assert_eq 200 "$STATUS" "status of finish ($ANSWER)"
for edge in "${EDGES[@]}"; do
	wait_until 20 edge_has "$edge" due finished
	wait_until 20 edge_has "$edge" brief running
done
for i in 0 1 2; do
	member_stop $i
done
stopped_ns=$(now_ns)
for edge in "${EDGES[@]}"; do
	wait_until 20 is_current "$edge" false
	wait_until 20 well "$edge" last-resort
	DUE_NS[$edge]=$("$LAB_TOOLS/table.py" slot "$(edge_bpf "$edge")" "$due_port" | jq .deadline_real_ns)
	assert_ge "${DUE_NS[$edge]}" "$(now_ns)" "the deadline at $edge, once it misses etcd"
done

remove gone b
assert_eq "202 a, c, *" "$STATUS $UNCONFIRMED" "a removal at B without etcd"
edge_has b gone ended || fail "B has not cut: $ANSWER"
wait_gone 20 "${PIDS[gone-b]}"
assert_eq gone "$(jq -rs 'add | keys | join(" ")' "$LAB_DIR/b/state/fleet-owed.json")" "what B owes the store"
for edge in a c; do
	edge_has "$edge" gone running || fail "$edge has cut what it cannot know of: $ANSWER"
done
ok "a removal cuts where it is asked for, and names those that cannot know"

for edge in "${EDGES[@]}"; do
	fleet "$edge" PUT /v1/builds/new '{"nodes":[{"index":0,"address":"10.0.5.2"}]}'
	assert_eq "503 urn:sallyport:problem:store-unavailable" "$STATUS $(answer .type)" "a PUT at $edge without etcd"
	assert_match 'etcd cannot be written, so nothing new is promised: .+' <(answer .detail) "why $edge refuses it"
	fleet "$edge" POST /v1/builds/live/extend '{"by_s": 600}'
	assert_eq 503 "$STATUS" "status of an extension at $edge without etcd ($ANSWER)"
	edge_has "$edge" new running && fail "$edge has made what it refused"
done
ok "nothing new is promised by any edge, which says why"

# Nobody ends a session that goes on: tail does when it is over, timeout when the time is.
lasts() {
	local left=$(($1 / 1000000000 - $(date +%s) + 1)) status=0

	[ "$left" -gt 0 ] || return 0
	timeout "$left" tail -f /dev/null --pid="${PIDS[live-a]}" || status=$?
	[ "$status" = 124 ] || fail "the session through A has ended: $(cat "$LAB_DIR/ticks-live-a.err")"
}

lasts "${DUE_NS[a]}"
for edge in "${EDGES[@]}"; do
	wait_until 20 ended_for "$edge" due expired
	wait_until 20 ended_for "$edge" brief lifetime
	wait_gone 20 "${PIDS[due-$edge]}"
	wait_until 20 it_is_past $((DUE_NS[$edge] + 2 * LATE_NS))
	capture_stop "due-$edge"
	assert_ge "$(pcap last "due-$edge")" "$stopped_ns" "last packet through $edge, before etcd was stopped"
	assert_eq 0 "$(pcap after "due-$edge" $((DUE_NS[$edge] + LATE_NS)))" "packets through $edge after the deadline"
done
ok "what ends within that time ends by each edge's own clock"

lasts $((stopped_ns + AWAY_SECONDS * 1000000000))
for name in live-{a,b,c,routed} gone-a; do
	goes_on "$name"
done
for edge in "${EDGES[@]}"; do
	wait_until 20 routed "$edge"
	is_current "$edge" false || fail "$edge says that it has what the store has: $ANSWER"
done
ends='brief:enabled brief:ended due:ended due:finished'
for edge in a c; do
	assert_eq "$ends" "$(told "$edge" "${BEFORE[$edge]}")" "what has changed at $edge"
done
assert_eq "$ends gone:ended" "$(told b "${BEFORE[b]}")" "what has changed at B"
away_s=$((($(now_ns) - stopped_ns) / 1000000000))
ok "etcd was away for $away_s s, and no session is lost"

for edge in "${EDGES[@]}"; do
	RETURN[$edge]=$(newest_event "$edge")
	ASKED[$edge]=$(asked "$edge")
done
for i in 0 1 2; do
	member_start $i
done
wait_until 60 etcd_ctl endpoint health
for edge in "${EDGES[@]}"; do
	wait_until 60 is_current "$edge" true
	wait_until 60 well "$edge" announced
	wait_until 60 edge_has "$edge" gone ended
	wait_until 60 is_as_the_store "$edge" ||
		fail "$edge is not as the store: $(diff <(stored_slots) <(live_slots "$edge" | cut -d' ' -f1-3))"
done
owes_nothing() { fleet_owes_nothing b; }
wait_until 60 owes_nothing
wait_gone 20 "${PIDS[gone-a]}"
remove gone b
assert_eq "204 " "$STATUS $UNCONFIRMED" "the same removal at B, asked again"
for name in live-{a,b,c,routed}; do
	goes_on "$name"
done

# Every slot that was not to change is the very one: its generation and its deadline say so.
for edge in "${EDGES[@]}"; do
	grep -vE "^($due_port|$gone_port) " "$LAB_DIR/slots-$edge" >"$LAB_DIR/kept"
	assert_eq $((QUIET + 1)) "$(wc -l <"$LAB_DIR/kept")" "slots of $edge that are to stay"
	live_slots "$edge" | diff "$LAB_DIR/kept" - >"$LAB_DIR/diff" || fail "slots of $edge have changed: $(cat "$LAB_DIR/diff")"
	gone=gone:ended
	[ "$edge" != b ] || gone=
	assert_eq "$gone" "$(told "$edge" "${RETURN[$edge]}")" "what $edge has made since etcd is back"
	echo "# $edge: sallyportd was asked $(($(asked "$edge") - ${ASKED[$edge]})) times; longest silence $(longest_silence "live-$edge") ms"
done
ok "etcd is back: exactly the difference is made, on edges that are as the store is"

declare_at c new '{"nodes":[{"index":0,"address":"10.0.5.2"}]}'
for edge in "${EDGES[@]}"; do
	wait_until 20 edge_has "$edge" new running
done
ok "and new builds are declared"
