#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two edges, and a session in which nobody says a word, whichever way its packets went: it is cut with its build.
TEST_TIMEOUT=240
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"

# records EDGE ID FILTER: what is recorded there of a build's connections is that, by jq.
records() {
	edge "$1" GET "/v1/connections?build=$2" && [ "$STATUS" = 200 ] && jq -e ".connections | $3" <<<"$ANSWER" >/dev/null
}

has_records() {
	wait_until 20 records "$@" || fail "records of $2 at $1: $ANSWER"
}

# typing_session PORT NAME: an open session of what is written to 9, with SESSION its pid.
typing_session() {
	mkfifo "$LAB_DIR/typed-$2"
	exec 9<>"$LAB_DIR/typed-$2"
	ssh_to "$1" 'echo in; exec cat' <"$LAB_DIR/typed-$2" >"$LAB_DIR/idle-$2" 2>/dev/null 9>&- &
	SESSION=$!
	wait_line 20 "$LAB_DIR/idle-$2" '^in$'
}

# declared NAME BODY: a build at A, which B has as well, with port its first.
declared() {
	fleet a PUT "/v1/builds/$1" "$2"
	assert_eq 201 "$STATUS" "status of PUT of $1 ($ANSWER)"
	port=$(node_port)
	wait_until 20 edge_has b "$1" running
}

# removed EDGE NAME
removed() {
	fleet "$1" DELETE "/v1/builds/$2"
	assert_eq 204 "$STATUS" "status of DELETE of $2 at $1 ($ANSWER)"
}

fleet_possible
need_programs
lab_begin 2
fleet_begin

# Replies leave by A. Requests come by B: A sees no answer of the client to the VM, and B nothing of the VM.
declared split "$(build_body 0)"
via b
idle_session "$port" split
removed b split
wait_gone 20 "$SESSION" || fail "the session goes on: $(cat "$LAB_DIR/log/control-a")"
has_records a split 'length == 1 and .[0].closed_by == "session ended" and .[0].bytes_to_client > 1000 and .[0].bytes_to_vm > 1000'
records b split 'length == 0' || fail "B has a record of what it cannot know: $ANSWER"
ok "requests through B, replies through A: cut, and recorded with its bytes where the VM is heard"

# Through A both ways, then requests by B: a router's hash has changed.
declared moved "$(build_body 1)"
via a
idle_session "$port" moved
via b
removed b moved
wait_gone 20 "$SESSION" || fail "the session goes on: $(cat "$LAB_DIR/log/control-a")"
has_records a moved 'length == 1 and .[0].closed_by == "session ended"'
ok "opened through A, requests through B since: cut"

# Opened through A, and all packets by B since, replies too: the end is seen where nobody knows the connection.
declared ended "$(build_body 1)"
via a
typing_session "$port" ended
has_records a ended 'length == 1 and .[0].closed_at == null'
via b
ip -n "$LAB_NS-vm1" route replace default via "$EDGE_B_BUILDS"
echo moved >&9
wait_line 20 "$LAB_DIR/idle-ended" '^moved$'
exec 9>&-
wait_gone 20 "$SESSION"
has_records a ended 'length == 1 and .[0].closed_by == "closed by the VM, at edge b" or .[0].closed_by == "closed by the client, at edge b"'
records a ended '.[0].bytes_to_client > 3000 and .[0].bytes_to_vm > 3000' || fail "its bytes: $ANSWER"
records b ended 'length == 0' || fail "B has a record of its own: $ANSWER"
ip -n "$LAB_NS-vm1" route replace default via 10.0.0.1
ok "an end that another edge has seen is in the one record, with that edge's name"

# Requests by B and replies by A all along: A hears the VM, and is told of the client's end.
declared halves "$(build_body 0)"
typing_session "$port" halves
exec 9>&-
wait_gone 20 "$SESSION"
has_records a halves 'length == 1 and (.[0].closed_by | endswith(", at edge b"))'
records a halves '.[0].bytes_to_client > 3000 and .[0].bytes_to_vm > 3000' || fail "its bytes: $ANSWER"
removed a halves
ok "and so is the client's end of a connection whose requests and replies go by two edges"

# By its deadline, which each edge keeps for itself.
declared timed "$(jq -c '.linger_s = 6' <<<"$(build_body 0)")"
idle_session "$port" timed
fleet a POST /v1/builds/timed/finish '{}'
assert_eq 200 "$STATUS" "status of finish ($ANSWER)"
wait_gone 30 "$SESSION" || fail "the session goes on: $(cat "$LAB_DIR/log/control-a")"
ok "and when a linger is over"
