# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# Sourced behind _init.sh by tests of sallyport-hooks, whose hooks are in $LAB_DIR/hooks.d.
HOOKS=$SALLYPORT_BUILD/control/hooks/sallyport-hooks

# hooks_start [OPTION…]: returns at once.
hooks_start() {
	nsenter --net="/run/netns/$LAB_NS-edge" "$HOOKS" -s "$LAB_SOCKET" -S "$LAB_DIR/cursor" \
		-d "$LAB_DIR/hooks.d" -r 20ms -R 200ms "$@" >>"$LAB_DIR/log/hooks" 2>&1 </dev/null &
	HOOKS_PID=$!
}

hooks_crash() {
	kill -KILL "$HOOKS_PID"
	wait "$HOOKS_PID" || :
}

hooks_stop() {
	local status=0

	kill -TERM "$HOOKS_PID"
	wait "$HOOKS_PID" || status=$?
	assert_eq 0 "$status" "exit status of sallyport-hooks after SIGTERM"
}

# A hook, from standard input.
hook() {
	cat >"$LAB_DIR/hook.new"
	chmod 755 "$LAB_DIR/hook.new"
	mv "$LAB_DIR/hook.new" "$LAB_DIR/hooks.d/$1"
}

newest() {
	lab_api GET '/v1/events?follow=0' | grep '^{' | tail -n1 | jq .seq
}

all_acknowledged() {
	[ "$(cat "$LAB_DIR/cursor")" = "$(newest)" ]
}

cursor_is() {
	[ "$(cat "$LAB_DIR/cursor")" = "$1" ]
}

# make_events ID: a session from its beginning to its end.
make_events() {
	put_build "$1" 0
	api DELETE "/v1/builds/$1"
	assert_eq 204 "$STATUS" "status of DELETE"
}

# delivered FILE FROM TO: the numbers at the beginning of its lines are all there and in order.
delivered() {
	cut -d' ' -f1 "$1" | sort -nc || fail "$1 is out of order"
	assert_eq "$(seq "$2" "$3")" "$(cut -d' ' -f1 "$1" | uniq)" "events in $1"
}
