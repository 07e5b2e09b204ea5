#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The API's contract, route by route, against a real sallyportd (api_test.py); then what only its
# signals show: reload, restart, and a clean end.
LAB_ENGINE=xdp
TEST_TIMEOUT=480
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# Two users of this host without any other right; ids that nobody has.
OPERATOR_UID=64701
VIEWER_UID=64702
EVENTS_KEPT=1000
LAB_EXTRA="metrics: { listen = \"127.0.0.1:19464\"; }; events: { kept = $EVENTS_KEPT; };"

# The lab's configuration with roles and a second socket.
api_config() {
	config_write | sed "s|^\(\s*\)socket = .*|&\n\1viewer_socket = \"$LAB_DIR/run/viewer.sock\";\n\
\1roles = ( { uid = $OPERATOR_UID; role = \"operator\"; } );|"
}

need_programs
lab_begin 1
api_config >"$LAB_CONFIG"
control_start
chmod 0666 "$LAB_SOCKET"

API_SOCKET=$LAB_SOCKET API_VIEWER_SOCKET=$LAB_DIR/run/viewer.sock API_BPF_DIR=$LAB_BPF_DIR \
	API_PID=$(daemon_pid control) API_OPERATOR_UID=$OPERATOR_UID API_VIEWER_UID=$VIEWER_UID \
	API_METRICS_PORT=19464 API_EVENTS_KEPT=$EVENTS_KEPT \
	nsenter --net="/run/netns/$LAB_NS-edge" python3 -B "$(dirname "$TEST_FILE")/api_test.py" ||
	fail "the API's contract"

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

daemon_crash control
[ -e "$LAB_SOCKET" ] || fail "kill -9 leaves the socket behind"
control_start
ok "a socket left over by a crash is replaced"

daemon_stop control
if grep -E 'Sanitizer|runtime error' "$LAB_DIR/log/control"; then
	fail "the sanitizers of this build found something"
fi
ok "nothing leaks and nothing is out of bounds, where the build can tell"
