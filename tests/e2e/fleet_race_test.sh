#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Calls for one build at two edges, each the moment that the other has answered: no edge says that it does not know
# what the fleet has promised, or that a build is in its own way.
TEST_TIMEOUT=240
LAB_ENGINE=xdp
LAB_QUARANTINE=1s
LAB_PORTS=40000-49999

# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"

# As many clients of one user as the fleet takes, all at once.
CROWD='import sys
sys.path.insert(0, sys.argv[1])
import unix_http
apis = [unix_http.Connection(sys.argv[2]) for _ in range(48)]
for api in apis:
    api.request("GET", "/v1/builds?limit=1")
print("asked", flush=True)
print(*sorted({api.getresponse().status for api in apis}), flush=True)'

fleet_possible
need_programs
lab_begin 0
fleet_begin
wait_until 20 is_current a true
wait_until 20 is_current b true
"$LAB_TOOLS/../fleet/calls_race.py" "$(edge_dir a)/run/fleet.sock" "$(edge_dir b)/run/fleet.sock" 40 >"$LAB_DIR/out" 2>&1 ||
	fail "$(tail -n 3 "$LAB_DIR/out")"
ok "what one edge has answered the other counts on at once"

kill -STOP "$(cat "$LAB_DIR/control-a.pid")"
python3 -B -c "$CROWD" "$LAB_TOOLS" "$(edge_dir a)/run/fleet.sock" >"$LAB_DIR/crowd" 2>&1 &
crowd=$!
wait_line 20 "$LAB_DIR/crowd" asked
kill -CONT "$(cat "$LAB_DIR/control-a.pid")"
wait "$crowd" || fail "$(tail -n 3 "$LAB_DIR/crowd")"
assert_eq 200 "$(tail -n 1 "$LAB_DIR/crowd")" "statuses of what many clients asked at once"
ok "many clients of one edge are not too many for its sallyportd"

# B hears of an extension when the build has ended there already.
fleet a PUT /v1/builds/longer '{"nodes":[{"index":0,"address":"10.0.4.1"}],"max_lifetime_s":15}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
wait_until 10 edge_has b longer running
lab_in edge2 nft -f - <<-EOT
	table ip partition {
		chain output { type filter hook output priority 0; ip daddr $ETCD_ADDRESS drop; }
	}
EOT
wait_until 20 is_current b false
fleet a POST /v1/builds/longer/extend '{"by_s": 600}'
assert_eq 200 "$STATUS" "status of an extension while B is cut off ($ANSWER)"
wait_until 30 edge_has b longer ended
edge_has a longer running || fail "A has ended what was extended: $ANSWER"
lab_in edge2 nft delete table ip partition
wait_until 30 edge_has b longer running
wait_until 20 same_deadline longer
wait_until 20 is_current b true
ok "what was extended while an edge was cut off is back there once it may be"

# A lifetime counts from when it was told: a sallyportd that hung does not count it from when it goes on.
STATUS=$(curl -sS -o "$LAB_DIR/late" -w '%{http_code}' --unix-socket "$LAB_DIR/run/api.sock" -X PUT \
	-H 'Content-Type: application/json' -H 'Sallyport-Not-After: 1' -d '{"nodes":[{"index":0}]}' http://edge/v1/builds/late)
assert_eq 408 "$STATUS" "status of what came too late ($(cat "$LAB_DIR/late"))"
edge a GET /v1/builds/late
assert_eq 404 "$STATUS" "status of a build that came too late"
kill -STOP "$(cat "$LAB_DIR/control-b.pid")"
fleet a POST /v1/sync '{"generation":1,"builds":[
	{"id":"slow1","nodes":[{"index":0,"address":"10.0.4.11"}],"max_lifetime_s":600},
	{"id":"slow2","nodes":[{"index":0,"address":"10.0.4.12"}],"max_lifetime_s":600}]}'
case $STATUS in 200 | 202) ;; *) fail "status of a sync while B hangs: $STATUS $ANSWER" ;; esac
until_s=$(($(date +%s) + 5))
it_is_past() { [ "$(date +%s)" -ge "$until_s" ]; }
wait_until 20 it_is_past
kill -CONT "$(cat "$LAB_DIR/control-b.pid")"
for build in slow1 slow2; do
	wait_until 20 edge_has b "$build" running
	edge a GET "/v1/builds/$build"
	ends_s=$(date -d "$(answer .deadline)" +%s)
	edge b GET "/v1/builds/$build"
	assert_le "$(date -d "$(answer .deadline)" +%s)" $((ends_s + 2)) "end of $build at B, which hung"
done
ok "an edge whose sallyportd hung holds no build longer than was promised"
