#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A consumer of the events that is killed with -9 at random moments, and asks for what comes after the
# last whole line it has: every sequence number reaches it once, across crashes of sallyportd too.
#
#   EVENTS_KILLS (100)   EVENTS_SEED (of the clock)
TEST_TIMEOUT=${TEST_TIMEOUT:-240}
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

KILLS=${EVENTS_KILLS:-100}
SEED=${EVENTS_SEED:-$EPOCHSECONDS}
SEEN=0

consumer_start() {
	: >"$LAB_DIR/stream"
	curl -sN --unix-socket "$LAB_SOCKET" "http://edge/v1/events?since=$SEEN" \
		>"$LAB_DIR/stream" 2>/dev/null </dev/null &
	CONSUMER=$!
}

# Ends it, and keeps the whole lines; the last may be half one.
consumer_crash() {
	kill -KILL "$CONSUMER"
	wait "$CONSUMER" 2>/dev/null || :
	jq -rR 'fromjson? | select(.type != "heartbeat" and .type != "end") | .seq // empty' \
		"$LAB_DIR/stream" >>"$LAB_DIR/seen"
	SEEN=$(tail -n1 "$LAB_DIR/seen")
	SEEN=${SEEN:-0}
}

moment_past() {
	[ "${EPOCHREALTIME/./}" -ge "$1" ]
}

newest() {
	lab_api GET '/v1/events?follow=0' | grep '^{' | tail -n1 | jq .seq
}

# make_events ID: a session from its beginning to its end, while the consumer reads.
make_events() {
	put_build "$1" 0
	api DELETE "/v1/builds/$1"
	assert_eq 204 "$STATUS" "status of DELETE"
}

stream_has() {
	grep -qE "\"seq\": ?$1[,}]" "$LAB_DIR/stream"
}

need_programs
lab_begin 1
control_start
: >"$LAB_DIR/seen"
echo "seed $SEED, $KILLS kills"
RANDOM=$SEED
for ((i = 1; i <= KILLS; i++)); do
	consumer_start
	wait_until 5 moment_past $((${EPOCHREALTIME/./} + RANDOM))
	make_events "b$i"
	wait_until 5 moment_past $((${EPOCHREALTIME/./} + RANDOM / 4))
	consumer_crash
	if [ $((i % 20)) = 0 ]; then
		daemon_crash control
		control_start
	fi
done
last=$(newest)
consumer_start
if [ "$SEEN" -lt "$last" ]; then
	wait_until 20 stream_has "$last"
fi
consumer_crash
assert_eq "$(seq 1 "$last")" "$(cat "$LAB_DIR/seen")" "sequence numbers that the consumer has seen"
ok "$last events, each seen once and in order by a consumer that was killed $KILLS times"
