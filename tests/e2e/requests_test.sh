#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# api.log_requests: a line for each request, with who asked and what became of it, and nothing secret.
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# ask_with HEADER METHOD PATH [BODY]
ask_with() {
	lab_in edge curl -sS --unix-socket "$LAB_SOCKET" -H 'Content-Type: application/json' -H "$1" -X "$2" ${4:+-d "$4"} "http://edge$3" >/dev/null
}

# lines: how many requests the log has, and how many it says that it has not.
lines() {
	grep -c ': Request\. ' "$LOG" || :
}

unsaid() {
	sed -n 's/.*Requests were not logged.* requests=//p' "$LOG" | awk '{ sum += $1 } END { print sum + 0 }'
}

accounted() {
	lab_api GET /v1/version >/dev/null
	asked=$((asked + 1))
	[ $(($(lines) + $(unsaid))) -ge "$asked" ]
}

need_programs
lab_begin 1
LOG=$LAB_DIR/log/control
control_start
lab_api GET /v1/version >/dev/null
assert_eq 0 "$(lines)" "requests in the log by default"
ok "requests are not logged unless that is asked for"

sed -i 's/^[[:space:]]*api: *{/& log_requests = true;/' "$LAB_CONFIG"
lab_in edge "$(lab_control_path)" -c "$LAB_CONFIG" --reload || fail "the reload"
ask_with 'X-Request-Id: from-ci 7"' PUT /v1/builds/logged '{"nodes":[{"index":0}],"title":"secret-title"}'
ask_with 'X-Secret: secret-header' GET '/v1/builds/none/diagnose?client=203.0.113.99'
ask_with 'Authorization: Bearer secret-token' GET /nowhere
uid=$(id -u)
assert_match ": Request\\. socket=api method=PUT route=/v1/builds/\\{id\\} path=/v1/builds/logged status=201 duration_us=[0-9]+ bytes_in=46 bytes_out=[1-9][0-9]* peer_uid=$uid peer_pid=[1-9][0-9]* request_id=\"from-ci 7\\\\\"\"$" "$LOG" "a change"
assert_match 'method=GET route=/v1/builds/\{id\}/diagnose path=/v1/builds/none/diagnose status=404 .* request_id=[0-9]+$' "$LOG" "a refusal"
assert_match 'method=GET route=- path=/nowhere status=404 ' "$LOG" "no route"
! grep -E 'secret|203\.0\.113\.99' "$LOG" || fail "the log has what is nobody's business"
ok "each request is a line: route, status, duration, bytes, who, and its id"

before=$(lines) asked=600
lab_in edge curl -sS --unix-socket "$LAB_SOCKET" 'http://edge/v1/version?unused=[1-600]' >/dev/null
asked=$((before + asked))
wait_until 20 accounted || fail "$(lines) and $(unsaid) of $asked requests"
assert_eq "$asked" $(($(lines) + $(unsaid))) "requests that are logged or counted"
ok "of too many requests in a second the log has the number"

sed -i 's/log_requests = true;//' "$LAB_CONFIG"
lab_in edge "$(lab_control_path)" -c "$LAB_CONFIG" --reload || fail "the reload"
before=$(lines)
lab_api GET /v1/version >/dev/null
assert_eq "$before" "$(lines)" "requests in the log after they were turned off"
ok "a reload turns it off"
