#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A stop of sallyportd in the middle of requests: those who send one then are told or see their
# connection closed, nothing of it is done, and the end is as clean as any.
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

need_programs
lab_begin 1
config_write | sed "s|^\(\s*\)socket = .*|&\n\1viewer_socket = \"$LAB_DIR/run/viewer.sock\";|" >"$LAB_CONFIG"
daemon_child control
wait_until 15 control_ready
put_build asked 0
sallyport events >"$LAB_DIR/events" 2>&1 &
follower=$!
wait_line 10 "$LAB_DIR/events" 'build.enabled'
# HTTP/1.0 has no other sign of an end than what the stream says.
curl -sN0 --unix-socket "$LAB_SOCKET" http://edge/v1/events >"$LAB_DIR/events-1.0" &
follower_1_0=$!
wait_line 10 "$LAB_DIR/events-1.0" 'build.enabled'

# Requests that are there when the daemon gets to its SIGTERM: on connections it knows, and on
# new ones. Prints a line for each: the status, or "closed".
stop_amid_requests() {
	python3 - "$LAB_SOCKET" "$(daemon_pid control)" <<-'EOF'
	import os, pathlib, signal, socket, sys, time

	path, pid = sys.argv[1], int(sys.argv[2])
	FINISH = (b"POST /v1/builds/asked/finish HTTP/1.1\r\nHost: edge\r\n"
	          b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	LOOK = b"GET /v1/builds/asked HTTP/1.1\r\nHost: edge\r\n\r\n"

	def client(request):
	    made = socket.socket(socket.AF_UNIX)
	    made.settimeout(20)
	    made.connect(path)
	    made.sendall(request)
	    return made

	def answer(of):
	    try:
	        text = of.recv(65536)
	    except ConnectionResetError:
	        text = b""
	    return text.split()[1].decode() if text else "closed"

	known = [client(LOOK) for _ in range(3)]
	if [answer(one) for one in known] != ["200"] * 3:
	    sys.exit("no answer before the stop")
	os.kill(pid, signal.SIGSTOP)
	until = time.monotonic() + 10
	while any("State:\tT" not in it.read_text() for it in pathlib.Path(f"/proc/{pid}/task").glob("*/status")):
	    if time.monotonic() > until:
	        sys.exit("it does not stop")
	os.kill(pid, signal.SIGTERM)
	for one in known:
	    one.sendall(FINISH)
	asked = known + [client(FINISH) for _ in range(3)]
	os.kill(pid, signal.SIGCONT)
	for one in asked:
	    print(answer(one))
	EOF
}

stop_amid_requests >"$LAB_DIR/answers"
wait_gone 10 "$(daemon_pid control)"
status=0
wait "$(daemon_pid control)" || status=$?
assert_eq 0 "$status" "what sallyportd ends with"
if grep -E 'Sanitizer|runtime error' "$LAB_DIR/log/control"; then
	fail "the sanitizers of this build found something"
fi
for socket in "$LAB_SOCKET" "$LAB_DIR/run/viewer.sock"; do
	[ ! -e "$socket" ] || fail "$socket is left behind"
done
ok "a stop amid requests ends cleanly"

status=0
wait "$follower" || status=$?
assert_eq 3 "$status" "exit status of who follows events ($(tail -n1 "$LAB_DIR/events"))"
assert_match '^sallyport: the events end here, as sallyportd stops; on with --since [0-9]+$' "$LAB_DIR/events" \
	"what it is told"
wait "$follower_1_0" || fail "who follows events by HTTP/1.0 sees an error"
assert_eq 'end stopping' "$(tail -n1 "$LAB_DIR/events-1.0" | jq -r '"\(.type) \(.reason)"')" "the last line"
ok "who follows events sees their end"

assert_eq 6 "$(wc -l <"$LAB_DIR/answers")" "clients that are not left waiting"
assert_eq "" "$(grep -vxE '503|closed' "$LAB_DIR/answers" || :)" "other answers"
assert_ge "$(grep -cx 503 "$LAB_DIR/answers")" 1 "requests that came while it closed"
control_start
api GET /v1/builds/asked
assert_eq running "$(answer .state)" "state of the build after the restart"

# follow_until_crash COMMAND…: it reads events until sallyportd is killed. Its exit status in STATUS.
follow_until_crash() {
	: >"$LAB_DIR/events"
	"$@" >"$LAB_DIR/events" 2>"$LAB_DIR/events-err" &
	follower=$!
	wait_line 10 "$LAB_DIR/events" 'build.enabled'
	daemon_crash control
	STATUS=0
	wait "$follower" || STATUS=$?
	control_start
}

follow_until_crash curl -sN0 --unix-socket "$LAB_SOCKET" http://edge/v1/events
assert_eq 0 "$STATUS" "exit status of curl, which sees no break in HTTP/1.0"
! grep -q '"type":"end"' "$LAB_DIR/events" || fail "a stream that broke says that it ended"
follow_until_crash sallyport events
assert_eq 3 "$STATUS" "exit status of sallyport events"
assert_match '^sallyport: the events broke off: ' "$LAB_DIR/events-err" "what sallyport events says"
ok "who follows events can tell a break from an end"
ok "who asks then is sent away, and nothing of it is done: $(sort "$LAB_DIR/answers" | uniq -c | xargs)"
