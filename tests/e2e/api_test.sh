#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The API's contract, route by route, against a real sallyportd (the parts below, in their order: each goes on with
# what those before it left); then what only its signals show: reload, restart, and a clean end.
LAB_ENGINE=xdp
TEST_TIMEOUT=480
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# Two users of this host without any other right; ids that nobody has.
OPERATOR_UID=64701
VIEWER_UID=64702
EVENTS_KEPT=1000
LAB_EXTRA="limits: { builds_per_actor = 100; builds_per_organisation = 100; }; metrics: { listen = \"127.0.0.1:19464\"; }; events: { kept = $EVENTS_KEPT; };"

# The lab's configuration with roles and a second socket.
api_config() {
	config_write | sed "s|^\(\s*\)socket = .*|&\n\1viewer_socket = \"$LAB_DIR/run/viewer.sock\";\n\
\1request_timeout = \"2s\";\n\1roles = ( { uid = $OPERATOR_UID; role = \"operator\"; } );|"
}

need_programs
lab_begin 1
api_config >"$LAB_CONFIG"
control_start
chmod 0666 "$LAB_SOCKET"

export API_SOCKET=$LAB_SOCKET API_VIEWER_SOCKET=$LAB_DIR/run/viewer.sock API_BPF_DIR=$LAB_BPF_DIR \
	API_OPERATOR_UID=$OPERATOR_UID API_VIEWER_UID=$VIEWER_UID API_METRICS_PORT=19464 API_EVENTS_KEPT=$EVENTS_KEPT
API_PID=$(daemon_pid control)
export API_PID
for part in builds retries sets events status peers limits; do
	nsenter --net="/run/netns/$LAB_NS-edge" python3 -B "$(dirname "$TEST_FILE")/api_$part.py" ||
		fail "the API's contract: $part"
done

# reload TEXT: SIGHUP, until the log says TEXT once more.
reload() {
	local before

	before=$(grep -c -- "$1" "$LAB_DIR/log/control") || before=0
	daemon_signal control HUP
	wait_until 10 logged "$1" "$before"
}

logged() {
	[ "$(grep -c -- "$1" "$LAB_DIR/log/control")" -gt "$2" ]
}

LAB_LINGER=7m api_config >"$LAB_CONFIG"
reload 'key=leases.linger'
put_build relinger 0
assert_eq 420 "$(answer .linger_s)" "linger after a reload"
ok "SIGHUP applies what differs"

LAB_LINGER=8m LAB_PORTS=64535-64600 api_config >"$LAB_CONFIG"
reload 'Nothing of the new configuration was applied'
assert_match 'public.addresses.*restart' "$LAB_DIR/log/control" "what needs a restart"
api PUT /v1/builds/still7 '{"nodes":[{"index":0}]}'
assert_eq 420 "$(answer .linger_s)" "linger after a reload that needs a restart"
echo 'edge: {' >"$LAB_CONFIG"
reload 'The configuration has errors'
ok "SIGHUP applies nothing if something needs a restart or is wrong, and names it"

api_config >"$LAB_CONFIG"
api GET /v1/builds/relinger
before=$(answer '[.deadline, .nodes[0].public_port]')
daemon_stop control
[ ! -e "$LAB_SOCKET" ] || fail "the socket is left behind by a clean end"
assert_eq live "$(slot "$(jq -r '.[1]' <<<"$before")" state)" "the lease after a clean end"
control_start
api GET /v1/builds/relinger
assert_eq "$before" "$(answer '[.deadline, .nodes[0].public_port]')" "deadline and port"
api GET /v1/status
assert_eq adopted "$(answer .kernel.table)" "the table after a restart"
ok "SIGTERM ends cleanly, the lease stays, and a restart finds it as it was"

api POST /v1/sync '{"builds":[],"allow_empty":true,"generation":6}'
assert_eq "409 urn:sallyport:problem:stale-sync" "$STATUS $(answer .type)" "an older set after a restart"
daemon_crash control
[ -e "$LAB_SOCKET" ] || fail "kill -9 leaves the socket behind"
control_start
ok "a socket left over by a crash is replaced"

# send_extend KEY TRIES: an extension of 60 seconds; kills the daemon after so many looks for its
# answer, which is not read. TRIES 0: once the answer has come.
send_extend() {
	python3 - "$LAB_SOCKET" "$(daemon_pid control)" "$1" "$2" <<-'EOF'
	import os, select, socket, sys

	path, pid, key, tries = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
	client = socket.socket(socket.AF_UNIX)
	client.connect(path)
	client.sendall(b"POST /v1/builds/retry/extend HTTP/1.1\r\nHost: edge\r\nIdempotency-Key: " + key.encode() +
	               b"\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"by_s\":60}")
	client.setblocking(False)
	for _ in range(tries):
	    try:
	        client.recv(1)
	    except BlockingIOError:
	        pass
	if not tries and not select.select([client], [], [], 10)[0]:
	    sys.exit("no answer")
	os.kill(pid, 9)
	EOF
}

# Prints the seconds since 1970 of the build's deadline.
deadline() {
	api GET /v1/builds/retry
	date -d "$(answer .deadline)" +%s
}

# The answer is lost, with the daemon that made it or before that: whichever, once is once.
retry() {
	api POST /v1/builds/retry/extend '{"by_s":60}' -H "Idempotency-Key: $1"
	assert_eq 200 "$STATUS" "the retry with $1: $ANSWER"
}

api PUT /v1/builds/retry '{"nodes":[{"index":0}]}'
api POST /v1/builds/retry/finish '{}'
begun=$(deadline)
send_extend lost 0
wait_gone 10 "$(daemon_pid control)"
control_start
retry lost
assert_eq $((begun + 60)) "$(deadline)" "the deadline after a retry of what was done"
for round in 1 2 3 4 5 6 7 8; do
	send_extend "round-$round" $((1 << (2 * round)))
	wait_gone 10 "$(daemon_pid control)"
	control_start
	retry "round-$round"
	retry "round-$round"
	assert_eq $((begun + 60 * (round + 1))) "$(deadline)" "the deadline after round $round"
done
ok "a retry after kill -9 at any moment has extended once"

daemon_stop control
if grep -E 'Sanitizer|runtime error' "$LAB_DIR/log/control"; then
	fail "the sanitizers of this build found something"
fi
ok "nothing leaks and nothing is out of bounds, where the build can tell"
