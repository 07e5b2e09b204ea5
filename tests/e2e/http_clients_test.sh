#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What the HTTP clients that orchestrators are written with make of sallyportd: answers that are lost,
# connections that have become stale, sockets that are not there. docs/ORCHESTRATOR.md tells of it.
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# Prints the seconds since 1970 of the build's deadline.
deadline() {
	api GET /v1/builds/lost
	date -d "$(answer .deadline)" +%s
}

# relay_start: a socket whose first connection loses its second answer, as if sallyportd had died then.
relay_start() {
	rm -f "$LAB_DIR/relay.sock"
	python3 -B "$LAB_TOOLS/http_relay.py" "$LAB_DIR/relay.sock" "$LAB_SOCKET" 2>/dev/null &
	RELAY=$!
	wait_until 30 test -S "$LAB_DIR/relay.sock"
}

relay_stop() {
	kill "$RELAY"
	wait "$RELAY" 2>/dev/null || :
}

# said_by COMMAND…: its second line, in SECOND; its first is 200.
said_by() {
	"$@" >"$LAB_DIR/said" 2>&1 || fail "$1: $(cat "$LAB_DIR/said")"
	assert_match '^200' <(head -n1 "$LAB_DIR/said") "the first request"
	SECOND=$(sed -n 2p "$LAB_DIR/said")
}

# extended_once: the deadline moved by 60 s since the last call.
extended_once() {
	EXTENDED=$((EXTENDED + 60))
	assert_eq "$EXTENDED" "$(deadline)" "the deadline after $1"
}

# curl_ends STATUS OPTION…: curl's exit status; what it says in $LAB_DIR/curl-err.
curl_ends() {
	local wanted=$1 status=0

	shift
	curl --no-progress-meter --max-time 20 -o "$LAB_DIR/curl-out" "$@" 2>"$LAB_DIR/curl-err" || status=$?
	assert_eq "$wanted" "$status" "exit status of curl $*: $(cat "$LAB_DIR/curl-err")"
}

begin 1
api PUT /v1/builds/lost '{"nodes":[{"index":0}]}'
api POST /v1/builds/lost/finish '{}'
EXTENDED=$(deadline)
EXTEND=(POST /v1/builds/lost/extend '{"by_s":60}')

# --- Go
gccgo -O1 -o "$LAB_DIR/http_go" "$LAB_TOOLS/http_go.go"
said_by "$LAB_DIR/http_go" "$LAB_SOCKET" proxy GET /v1/builds '' ''
assert_eq "200 OK" "$SECOND" "a request as to a proxy, with a whole URI"
relay_start
said_by "$LAB_DIR/http_go" "$LAB_DIR/relay.sock" direct "${EXTEND[@]}" ''
relay_stop
assert_match 'EOF$' <(echo "$SECOND") "an answer lost to Go, without a key"
extended_once "Go without a key"
relay_start
said_by "$LAB_DIR/http_go" "$LAB_DIR/relay.sock" direct "${EXTEND[@]}" go-1
relay_stop
assert_eq "200 OK" "$SECOND" "an answer lost to Go, with a key: it asks again by itself"
extended_once "Go with a key"
ok "Go sends a POST again only with an Idempotency-Key, and that extends once"

# --- Node
relay_start
: >"$LAB_DIR/go-on"
said_by node "$LAB_TOOLS/http_node.js" "$LAB_DIR/relay.sock" "$LAB_DIR/go-on" "${EXTEND[@]}"
relay_stop
assert_eq "ECONNRESET reused true" "$SECOND" "an answer lost to Node"
extended_once "Node"
for call in "GET /v1/version" "PUT /v1/builds/stale {}" "DELETE /v1/builds/stale"; do
	rm "$LAB_DIR/go-on"
	# shellcheck disable=SC2086
	node "$LAB_TOOLS/http_node.js" "$LAB_SOCKET" "$LAB_DIR/go-on" $call >"$LAB_DIR/said" &
	node=$!
	wait_line 10 "$LAB_DIR/said" '^200'
	daemon_stop control
	control_start
	: >"$LAB_DIR/go-on"
	wait "$node"
	assert_match '^(EPIPE|ECONNRESET) reused true$' <(sed -n 2p "$LAB_DIR/said") "Node on a stale connection: $call"
done
ok "Node sends nothing again, on a stale connection neither: EPIPE or ECONNRESET, reusedSocket is true"

# --- curl
# One process, two requests, one connection: curl takes the second for one that never arrived.
relay_start
curl_ends 0 --unix-socket "$LAB_DIR/relay.sock" http://edge/v1/version --next --no-progress-meter \
	--unix-socket "$LAB_DIR/relay.sock" -o "$LAB_DIR/curl-out" -H 'Content-Type: application/json' \
	-d '{"by_s":60}' http://edge/v1/builds/lost/extend
relay_stop
EXTENDED=$((EXTENDED + 60))
extended_once "curl without a key, twice"
relay_start
curl_ends 0 --unix-socket "$LAB_DIR/relay.sock" http://edge/v1/version --next --no-progress-meter \
	--unix-socket "$LAB_DIR/relay.sock" -o "$LAB_DIR/curl-out" -H 'Content-Type: application/json' \
	-H 'Idempotency-Key: curl-1' -d '{"by_s":60}' http://edge/v1/builds/lost/extend
relay_stop
extended_once "curl with a key"
ok "curl sends a POST again by itself on a connection that it has used: with a key, that extends once"

api PUT /v1/builds/holder "$(build_body 0)"
edge=(--unix-socket "$LAB_SOCKET" -X PUT -H 'Content-Type: application/json' -d "$(build_body 0)" http://edge/v1/builds/other)
curl_ends 0 "${edge[@]}"
grep -q endpoint-in-use "$LAB_DIR/curl-out" || fail "not 409: $(cat "$LAB_DIR/curl-out")"
curl_ends 22 --fail-with-body "${edge[@]}"
curl_ends 22 --fail-with-body --retry 2 "${edge[@]}"
curl_ends 7 --retry 1 --retry-connrefused --unix-socket "$LAB_DIR/none.sock" http://edge/v1/version
! grep -q 'Will retry' "$LAB_DIR/curl-err" || fail "curl tries again without a socket"
daemon_crash control
curl_ends 7 --unix-socket "$LAB_SOCKET" http://edge/v1/version
curl_ends 7 --retry 1 --retry-connrefused --unix-socket "$LAB_SOCKET" http://edge/v1/version
assert_match 'Will retry' "$LAB_DIR/curl-err" "curl where nobody listens"
ok "curl: 409 is success without --fail-with-body; 7 without a socket, and only a dead one is tried again"
