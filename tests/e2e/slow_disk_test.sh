#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A disk that hangs: a sync that does not come back holds up neither the API nor the watchdog.
# Changes are refused by 503, sessions end all the same, by DELETE, by finish and by their deadlines;
# once the disk is back nothing is owed, and a crash brings none of them back.
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# sallyportd above the gate, watched as a service manager does it.
control_start_held() {
	LD_PRELOAD=$(realpath "$SALLYPORT_BUILD/tests/e2e/libheld_sync.so") HELD_SYNC=$LAB_DIR/gate \
		NOTIFY_SOCKET=$LAB_DIR/notify WATCHDOG_USEC=4000000 control_start
}

listen() {
	exec python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode(), flush=True)' "$LAB_DIR/notify" >"$LAB_DIR/notified"
}

beats() {
	awk '/WATCHDOG=1/ { nr++ } END { print nr + 0 }' "$LAB_DIR/notified"
}

beats_are_above() {
	[ "$(beats)" -gt "$1" ]
}

build_is() {
	[ "$(lab_api GET "/v1/builds/$1" | head -n1 | jq -r '"\(.state) \(.reason)"')" = "$2" ]
}

# end_by METHOD PATH: one that ends a session, in force but written nowhere yet.
end_by() {
	api "$1" "$2"
	assert_eq 202 "$STATUS" "status of $1 $2 on a disk that hangs"
}

nothing_is_owed() {
	api GET /v1/status
	[ "$(answer .cuts.owed)" = 0 ]
}

is_taken() {
	api PUT /v1/builds/later '{"nodes":[{"index":0}]}'
	[ "$STATUS" = 201 ]
}

# A sync of builds that all linger for so many seconds.
sync_many() {
	python3 -c 'import datetime, json, sys
at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
one = [{"id": "waits", "nodes": [{"index": 0, "address": "10.0.9.3"}]}]
print(json.dumps({"builds": one + [
    {"id": f"many{i}", "linger_s": int(sys.argv[1]), "finished_at": at,
     "nodes": [{"index": 0, "address": f"10.0.8.{i + 1}"}]} for i in range(200)]}))' "$1"
}

need_programs
lab_begin 1
: >"$LAB_DIR/gate"
exec 8<"$LAB_DIR/gate"
listen &
listener=$!
trap 'code=$?; kill $listener; (exit $code); lab_end' EXIT
wait_until 10 test -S "$LAB_DIR/notify"
control_start_held
wait_until 10 grep -q READY=1 "$LAB_DIR/notified"
put_build kept 0
port=$(node_port 0)
api PUT /v1/builds/cut '{"nodes":[{"index":0,"address":"10.0.9.1"}]}'
cut=$(node_port 0)
api PUT /v1/builds/over '{"linger_s":1,"nodes":[{"index":0,"address":"10.0.9.2"}]}'
over=$(node_port 0)

flock -x 8
api PUT /v1/builds/refused '{"nodes":[{"index":0}]}'
assert_eq "503 urn:sallyport:problem:journal-unavailable" "$STATUS $(answer .type)" \
	"a PUT on a disk that hangs"
end_by DELETE /v1/builds/cut
end_by POST /v1/builds/over/finish
assert_eq ended "$(slot "$cut" state)" "the lease of the build that was cut"
wait_until 20 build_is over "ended expired"
assert_eq ended "$(slot "$over" state)" "the lease of the build that lingered"
ok "on a disk that hangs changes are refused, and sessions end by DELETE, finish and deadline"
assert_eq vm0 "$(ssh_to "$port" hostname)" "ssh on a disk that hangs"
wait_until 20 beats_are_above $(($(beats) + 2))
assert_match 'Changes are refused but for the ends of sessions' "$LAB_DIR/log/control" "its alarm"
ok "the loop turns and the watchdog hears of it, all the while"

flock -u 8
wait_until 20 nothing_is_owed
wait_until 20 is_taken
daemon_crash control
control_start
build_is cut "ended cancelled" || fail "the cut is forgotten"
build_is over "ended expired" || fail "the end is forgotten"
build_is kept "running null" || fail "the build that nobody ended is gone"
api GET /v1/builds/refused
assert_eq 404 "$STATUS" "status of GET of the refused build"
ok "once it is back all is journaled, and a crash brings back what was acknowledged and nothing else"

daemon_crash control
control_start_held
api POST /v1/sync "$(sync_many 4)"
assert_eq 200 "$STATUS" "status of the sync"
api GET /v1/builds/many7
many=$(node_port 0)
flock -x 8
wait_until 20 eval '[ "$(slot '"$many"' state)" = ended ]'
end_by DELETE /v1/builds/waits
wait_until 20 build_is many7 "ended expired"
flock -u 8
wait_until 20 nothing_is_owed
ok "a call that waits while many ends are journaled is answered, and the daemon lives on"
