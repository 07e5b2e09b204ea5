#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two edges with one public address, and a real etcd between them: what is asked of one holds on both.
TEST_TIMEOUT=240
LAB_ENGINE=xdp
LAB_QUARANTINE=30s
LAB_EXTRA_API='group = "nogroup";'

# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"

fleet_possible
need_programs
lab_begin 2
fleet_begin
ok "two edges follow one store"

# Roles are those of sallyportd's socket.
as_nobody PUT /v1/builds/one "$(build_body 0)"
assert_eq 403 "$STATUS" "status of PUT by a viewer"
grep -q 'needs the role orchestrator' <<<"$ANSWER" || fail "the refusal does not say which role: $ANSWER"
as_nobody GET /v1/builds
assert_eq 200 "$STATUS" "status of GET by a viewer"
ok "a viewer looks and changes nothing"

# Asked of A, live on both. Whichever edge carries the client's packets, replies leave by A.
fleet a PUT /v1/builds/one "$(build_body 0 1)"
assert_eq 201 "$STATUS" "status of PUT at A ($ANSWER)"
port=$(node_port)
other=$(node_port 1)
for edge in a b; do
	wait_until 20 edge_has "$edge" one running
	via "$edge"
	wait_until 20 ssh_to "$port" true
	assert_eq vm0 "$(ssh_to "$port" hostname)" "host behind port $port through $edge"
	assert_eq vm1 "$(ssh_to "$other" hostname)" "host behind port $other through $edge"
done
ok "a build declared at A is logged in to through A and through B, by the same ports"

fleet b PUT /v1/builds/one "$(build_body 0 1)"
assert_eq 200 "$STATUS" "status of the same PUT at B"
assert_eq "$port" "$(node_port)" "its port at B"
fleet b GET /v1/builds/one
assert_eq "$other" "$(node_port 1)" "the second node's port, as B shows it"
fleet b PUT /v1/builds/two "$(build_body 0)"
assert_eq 409 "$STATUS" "status of a PUT of the same VM at B"
assert_eq urn:sallyport:problem:endpoint-in-use "$(answer .type)" "type of the refusal"
assert_eq /nodes/0/address "$(answer '.errors[0].pointer')" "pointer of the refusal"
assert_eq "one 0 ssh $(lab_vm_address 0) 22" "$(answer '.holder | "\(.build) \(.node) \(.forward) \(.address) \(.port)"')" "holder"
edge_has b two running && fail "B holds the build that it refused"
ok "one VM is never given twice, whichever edge is asked"

# What sallyportd refuses is in the store no longer.
fleet a PUT /v1/builds/wrong "$(jq -c '.nodes[0].address = "172.16.0.1"' <<<"$(build_body 0)")"
assert_eq 422 "$STATUS" "status of a PUT outside builds.networks"
assert_eq "" "$(etcd_keys | grep wrong || :)" "keys of the refused build"
ok "what the edge refuses is taken back from the store"

fleet b POST /v1/builds/one/finish '{}'
assert_eq 200 "$STATUS" "status of finish at B ($ANSWER)"
fleet b POST /v1/builds/one/extend '{"by_s": 600}'
assert_eq 200 "$STATUS" "status of extend at B ($ANSWER)"
wait_until 20 edge_has a one finished
wait_until 20 same_deadline one
ok "finish and extend at B hold at A, with the same deadline"

# A session through B, cut by a DELETE at A.
via b
start_session "$port"
fleet a DELETE /v1/builds/one
assert_eq 204 "$STATUS" "status of DELETE at A"
edge_has b one ended || fail "B has not cut, though A said so: $ANSWER"
wait_gone 20 "$SESSION"
via b
ssh_to "$port" true 2>/dev/null && fail "B lets in after the DELETE at A"
assert_eq "" "$(etcd_keys | grep endpoints || :)" "VMs that the store says are held"
assert_eq 2 "$(etcd_keys | grep -c ports)" "ports that rest"
ok "DELETE at A cuts at B, and the ports rest in the store"

# Without a linger a finish is an end, for which the other edge is waited for.
fleet a PUT /v1/builds/brief '{"nodes":[{"index":0,"address":"10.0.4.7"}],"linger_s":0}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
wait_until 20 edge_has b brief running
fleet a POST /v1/builds/brief/finish '{}'
assert_eq "200 ended" "$STATUS $(answer .state)" "a finish at A without a linger ($ANSWER)"
edge_has b brief ended || fail "B has not cut, though the finish was answered: $ANSWER"
assert_eq expired "$(answer .reason)" "why it ended at B"
fleet b POST /v1/builds/brief/finish '{}'
assert_eq "200 ended" "$STATUS $(answer .state)" "the same again at B ($ANSWER)"
ok "a finish without a linger answers once the other edge has cut"

# The VM of another build, which ends for it on both edges.
fleet a PUT /v1/builds/older '{"nodes":[{"index":0,"address":"10.0.4.8"}]}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
fleet b PUT /v1/builds/newer '{"nodes":[{"index":0,"address":"10.0.4.8"}]}'
assert_eq 409 "$STATUS" "status of a PUT of its VM ($ANSWER)"
fleet b PUT /v1/builds/newer '{"nodes":[{"index":0,"address":"10.0.4.8"}],"supersede":true}'
assert_eq 201 "$STATUS" "status of a PUT that supersedes ($ANSWER)"
for edge in a b; do
	edge_has $edge older ended || fail "$edge has the older build still: $ANSWER"
done
wait_until 20 edge_has a newer running
fleet a DELETE /v1/builds/newer
assert_eq 204 "$STATUS" "status of DELETE ($ANSWER)"
ok "a build supersedes another on both edges"

# Streams are this edge's own.
curl -sSN --max-time 60 --unix-socket "$LAB_DIR/b/run/fleet.sock" http://edge/v1/events >"$LAB_DIR/events" 2>&1 &
follower=$!
fleet a PUT /v1/builds/told '{"nodes":[{"index":0,"address":"10.0.4.9"}]}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
told() { grep -q '"build.enabled".*"told"' "$LAB_DIR/events"; }
wait_until 20 told
kill "$follower"
fleet a DELETE /v1/builds/told
fleet b GET '/v1/events?since=0&follow=false'
assert_eq "200 end complete" "$STATUS $(jq -sr 'last | "\(.type) \(.reason)"' <<<"$ANSWER")" "a stream that ends"
fleet b GET '/v1/events?since=999999'
assert_eq 400 "$STATUS" "status of a stream that there is not ($ANSWER)"
as_nobody GET /v1/builds/one/capture
assert_eq 403 "$STATUS" "status of a capture by a viewer ($ANSWER)"
fleet a GET '/v1/builds/gone/capture?seconds=1'
assert_eq 404 "$STATUS" "status of a capture of no build ($ANSWER)"
ok "events are followed through the fleet"

# Fail static: without etcd nothing new is promised, and what is live goes on.
fleet a PUT /v1/builds/three "$(build_body 0)"
assert_eq 201 "$STATUS" "status of PUT"
fleet a PUT /v1/builds/four "$(build_body 1)"
assert_eq 201 "$STATUS" "status of PUT"
fleet a GET /v1/builds/three
port=$(node_port)
wait_until 20 edge_has b three running
wait_until 20 edge_has b four running
etcd_stop
wait_until 20 fleet_says a 'cannot be followed'
wait_until 20 fleet_says b 'cannot be followed'
fleet a PUT /v1/builds/five '{"nodes":[{"index":0,"address":"10.0.4.1"}]}'
assert_eq 503 "$STATUS" "status of PUT without etcd"
assert_eq urn:sallyport:problem:store-unavailable "$(answer .type)" "type of the refusal"
grep -q 'etcd cannot be written' <<<"$ANSWER" || fail "the refusal does not say why: $ANSWER"
for edge in a b; do
	via "$edge"
	ssh_to "$port" true || fail "no login through $edge without etcd"
done
ok "etcd away: what is live goes on through both, and 503 says why nothing new is promised"

fleet b DELETE /v1/builds/four
assert_eq 202 "$STATUS" "status of DELETE at B without etcd"
edge_has b four ended || fail "B has not cut"
edge_has a four running || fail "A has cut what it cannot know of"
# What the store is owed outlasts the process.
fleet_stop b
fleet_spawn b
assert_eq four "$(jq -rs 'add | keys | join(" ")' "$LAB_DIR/b/state/fleet-owed.json")" "what the store is owed"
etcd_start
wait_until 30 edge_has a four ended
wait_until 30 fleet_owes_nothing b
edge_has a three running || fail "what was live has ended when etcd came back"
edge_has b three running || fail "what was live has ended when etcd came back"
fleet a PUT /v1/builds/six "$(build_body 1)"
assert_eq 201 "$STATUS" "status of PUT with etcd back ($ANSWER)"
wait_until 20 edge_has b six running
ok "etcd back: what was removed at B ends at A, and new builds are on both"

# An edge that was away takes up what there is, and nothing that has ended.
fleet_stop b
fleet a DELETE /v1/builds/six
assert_eq 202 "$STATUS" "status of DELETE with B's fleet away"
fleet a PUT /v1/builds/seven "$(build_body 1)"
assert_eq 201 "$STATUS" "status of PUT with B's fleet away"
edge_has b six running || fail "B's sallyportd does not go on by itself"
fleet_start b
wait_until 20 edge_has b six ended
wait_until 20 edge_has b seven running
ok "an edge whose fleet was away becomes as the others are"

# What was extended beyond its lifetime, or its linger, is as live on an edge that did not know it.
fleet_stop b
fleet a PUT /v1/builds/eight '{"nodes":[{"index":0,"address":"10.0.4.1"}],"max_lifetime_s":4}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
fleet a POST /v1/builds/eight/extend '{"by_s": 600}'
assert_eq 200 "$STATUS" "status of extend ($ANSWER)"
fleet a PUT /v1/builds/late '{"nodes":[{"index":0,"address":"10.0.4.4"}],"linger_s":600}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
fleet a POST /v1/builds/late/finish '{}'
assert_eq 200 "$STATUS" "status of finish ($ANSWER)"
edge a GET /v1/builds/late
late=$(date -d "$(answer .deadline)" +%s)
past=$(($(date +%s) + 6))
fleet a PUT /v1/builds/nine '{"nodes":[{"index":0,"address":"10.0.4.2"}],"linger_s":4}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
fleet a POST /v1/builds/nine/finish '{}'
assert_eq 200 "$STATUS" "status of finish ($ANSWER)"
fleet a POST /v1/builds/nine/extend '{"by_s": 600}'
assert_eq 200 "$STATUS" "status of extend ($ANSWER)"
fleet a POST /v1/builds/nine/extend '{"until": "2020-01-01T00:00:00Z"}'
assert_eq 400 "$STATUS" "status of an extension into the past ($ANSWER)"
it_is_past() { [ "$(date +%s)" -ge "$past" ]; }
wait_until 20 it_is_past
fleet_start b
wait_until 20 edge_has b eight running
wait_until 20 edge_has b nine finished
wait_until 20 same_deadline eight
wait_until 20 same_deadline nine
wait_until 20 edge_has b late finished
edge b GET /v1/builds/late
[ "$(date -d "$(answer .deadline)" +%s)" -le "$late" ] || fail "B holds it longer than was promised: $ANSWER"
edge_has a eight running || fail "A has cut what was extended"
edge_has a nine finished || fail "A has cut what was extended after its finish"
ok "an edge that comes late takes up what was extended"

# A finish shortens an extension, too, as it does on an edge alone.
fleet a PUT /v1/builds/short '{"nodes":[{"index":0,"address":"10.0.4.6"}],"max_lifetime_s":3600,"linger_s":600}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
fleet a POST /v1/builds/short/extend '{"by_s": 600}'
assert_eq 200 "$STATUS" "status of extend ($ANSWER)"
finished=$(date +%s)
fleet a POST /v1/builds/short/finish "{\"finished_at\": \"$(date -u -d "@$finished" +%FT%TZ)\"}"
assert_eq 200 "$STATUS" "status of finish ($ANSWER)"
edge a GET /v1/builds/short
assert_eq $((finished + 600)) "$(date -d "$(answer .deadline)" +%s)" "deadline at A"
wait_until 20 edge_has b short finished
wait_until 20 same_deadline short
fleet a DELETE /v1/builds/short
assert_eq 204 "$STATUS" "status of DELETE ($ANSWER)"
ok "a finish behind an extension leaves the linger, no more"

# A record that an edge cannot read, as of a later version, is no reason to cut.
record=$(etcd_ctl get --print-value-only /sallyport/builds/three)
etcd_ctl put /sallyport/builds/three '{"version":2}' >"$LAB_DIR/log/put"
fleet_stop b
edge b PUT /v1/builds/zero '{"nodes":[{"index":0,"address":"10.0.4.5"}]}' # is compared behind three
assert_eq 201 "$STATUS" "status of PUT at sallyportd ($ANSWER)"
fleet_start b
wait_until 20 edge_has b zero ended
fleet b PUT /v1/builds/ten '{"nodes":[{"index":0,"address":"10.0.4.3"}]}'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
fleet a DELETE /v1/builds/ten
assert_eq 204 "$STATUS" "status of DELETE at A of what was declared at B a moment ago ($ANSWER)"
wait_until 20 edge_has b ten ended
edge_has b three running || fail "B has cut what it cannot read"
etcd_ctl put /sallyport/builds/three "$record" >"$LAB_DIR/log/put"
ok "a record of another version cuts nobody, and a removal need not wait for the watch"

# A store that answers, and refuses: no space, or fewer operations than there were.
etcd_stop
etcd_start --max-txn-ops 1
wait_until 20 edge_has b three running
fleet b DELETE /v1/builds/three
assert_eq 202 "$STATUS" "status of DELETE while the store refuses ($ANSWER)"
edge_has b three ended || fail "B has not cut"
etcd_stop
etcd_start
wait_until 30 edge_has a three ended
ok "a removal is made here when the store refuses it, and told later"

# Many builds have ended long ago, and all are forgotten, not one a second.
old='{"version":1,"body":{"nodes":[{"index":0,"public_address":"192.0.2.1","public_port":1}]},"created":1,"finished":0,"until":0,"ended":2,"change":"x"}'
{
	echo
	for i in {1..100}; do echo "put /sallyport/builds/old$i $old"; done
	echo
	echo
} >"$LAB_DIR/old"
etcd_ctl txn <"$LAB_DIR/old" >"$LAB_DIR/log/put" || fail "the records cannot be put"
assert_eq 100 "$(grep -c OK "$LAB_DIR/log/put")" "records that were put"
none_is_old() { [ "$(etcd_keys | grep -c "/old[0-9]")" = 0 ]; }
wait_until 20 none_is_old
ok "what has ended is forgotten as fast as it comes"

# Somebody asks B's sallyportd itself.
edge b DELETE /v1/builds/seven
wait_until 20 edge_has a seven ended
ok "a removal at one sallyportd is one of the fleet"
