#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A whole set at one edge of a fleet: what it names is on both, what it does not has ended on both, and a sync that
# was broken off is finished by the next, at whichever edge.
TEST_TIMEOUT=240
LAB_ENGINE=xdp
LAB_PORTS=60000-65535
LAB_QUARANTINE=30s

# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"

MANY=3000

# set_of GENERATION ID=ADDRESS…
set_of() {
	local build builds=()

	for build in "${@:2}"; do
		builds+=("{\"id\":\"${build%=*}\",\"nodes\":[{\"index\":0,\"address\":\"${build#*=}\"}]}")
	done
	(
		IFS=,
		printf '{"generation":%s,"builds":[%s]}' "$1" "${builds[*]}"
	)
}

# sync_at a|b BODY: the counts of the answer in COUNTS.
sync_at() {
	fleet "$1" POST /v1/sync "$2"
	COUNTS=$(answer '"\(.created) \(.changed) \(.cancelled) \(.unchanged) \(.ended)"' 2>/dev/null || :)
}

many_of() {
	seq "$MANY" | jq -sc "{generation: $1, builds: map({id: \"m\(.)\", nodes: [{index: 0,
		address: \"10.0.\(16 + (. / 250 | floor)).\(1 + . % 250)\"}]})}"
}

nr_records() { etcd_keys | grep -c '/builds/m' || :; }

some_are_written() { [ "$(nr_records)" -gt 0 ]; }

# has_many a|b: builds of the large set that run there.
has_many() {
	edge "$1" GET /v1/status && [ "$(answer .builds.running)" = "$MANY" ]
}

fleet_possible
need_programs
lab_begin 2
fleet_begin

sync_at a "$(set_of 5 one="$(lab_vm_address 0)" two="$(lab_vm_address 1)")"
assert_eq "200 2 0 0 0 0" "$STATUS $COUNTS" "a sync at A ($ANSWER)"
assert_eq "one created" "$(answer '.changes[] | select(.id == "one") | "\(.id) \(.change)"')" "its result for one"
edge_has a one running || fail "A does not have what the sync said: $ANSWER"
port=$(node_port)
wait_until 20 edge_has b one running
wait_until 20 edge_has b two running
via b
wait_until 20 ssh_to "$port" true
assert_eq vm0 "$(ssh_to "$port" hostname)" "host behind the port, through B"
sync_at b "$(set_of 5 one="$(lab_vm_address 0)" two="$(lab_vm_address 1)")"
assert_eq "200 0 0 0 2 0" "$STATUS $COUNTS" "the same at B ($ANSWER)"
ok "a sync at A is live on both, and the same at B changes nothing"

sync_at b "$(set_of 4 one="$(lab_vm_address 0)")"
assert_eq "409 urn:sallyport:problem:stale-sync" "$STATUS $(answer .type)" "an earlier generation at B"
sync_at b '{"builds":[]}'
assert_eq "422 urn:sallyport:problem:empty-sync" "$STATUS $(answer .type)" "an empty set"
sync_at b '{"builds":[],"surprise":1}'
assert_eq "400 /surprise" "$STATUS $(answer '.errors[0].pointer')" "a member that there is not"
sync_at a "$(set_of 6 one="$(lab_vm_address 0)" two="$(lab_vm_address 1)" far=172.16.0.1)"
assert_eq "422 /builds/2/nodes/0/address" "$STATUS $(answer '.errors[0].pointer')" "a set with a build outside"
assert_eq "" "$(etcd_keys | grep far || :)" "keys of the refused set"
sync_at a "$(jq -c '.dry_run = true' <<<"$(set_of 6 two="$(lab_vm_address 1)")")"
assert_eq "200 0 0 1 1 0" "$STATUS $COUNTS" "a dry run ($ANSWER)"
edge_has a one running || fail "a dry run has ended a build"
ok "what is wrong with a set is said, and nothing of it is made"

# The VM of a build that ends with the set is given to a new one of the same set.
sync_at b "$(set_of 6 two="$(lab_vm_address 1)" three="$(lab_vm_address 0)")"
assert_eq "200 1 0 1 1 0" "$STATUS $COUNTS" "a set without one at B ($ANSWER)"
for edge in a b; do
	edge_has $edge one ended || fail "$edge has not cut, though the sync was answered: $ANSWER"
done
wait_until 20 edge_has a three running
sync_at a "$(set_of 7 one=10.0.4.1 two="$(lab_vm_address 1)" three="$(lab_vm_address 0)")"
assert_eq "200 0 0 0 2 1" "$STATUS $COUNTS" "a set with one that has ended ($ANSWER)"
ok "what a set does not name has ended on both edges once it is answered"

# One edge refuses one build of many, as its networks are others': the rest of the batch is made there.
cp "$(edge_dir b)/sallyport.conf" "$LAB_DIR/whole.conf"
sed -i 's|"10.0.0.0/16"|"10.0.0.0/17"|' "$(edge_dir b)/sallyport.conf"
kill -TERM "$(cat "$LAB_DIR/control-b.pid")"
wait "$(cat "$LAB_DIR/control-b.pid")" || :
edge_spawn b control control/sallyportd
wait_until 20 edge_up b
wait_until 20 is_current b true
sync_at a "$(set_of 7 two="$(lab_vm_address 1)" three="$(lab_vm_address 0)" k{1..9}=10.0.5.{1..9} odd=10.0.200.1)"
assert_eq 400 "$STATUS" "a set with an id twice ($ANSWER)"
builds=()
for i in {1..20}; do builds+=("k$i=10.0.5.$i"); done
sync_at a "$(set_of 7 two="$(lab_vm_address 1)" three="$(lab_vm_address 0)" odd=10.0.200.1 "${builds[@]}")"
assert_eq "200 21 0 0 2 0" "$STATUS $COUNTS" "a set of which B refuses one ($ANSWER)"
for i in {1..20}; do wait_until 20 edge_has b "k$i" running; done
b_refuses_odd() { grep -q 'refuses a build.*odd' "$LAB_DIR/log/fleet-b"; }
wait_until 20 b_refuses_odd
assert_eq 1 "$(grep -c 'refuses a build' "$LAB_DIR/log/fleet-b")" "refusals that B tells of"
cp "$LAB_DIR/whole.conf" "$(edge_dir b)/sallyport.conf"
kill -TERM "$(cat "$LAB_DIR/control-b.pid")"
wait "$(cat "$LAB_DIR/control-b.pid")" || :
told_away() { grep -c 'sallyportd does not answer: the fleet' "$LAB_DIR/log/fleet-b" || [ $? -eq 1 ]; }
before=$(told_away)
for i in {1..8}; do
	fleet a PUT "/v1/builds/away$i" "{\"nodes\":[{\"index\":0,\"address\":\"10.0.6.$i\"}]}"
	assert_eq 201 "$STATUS" "status of PUT at A while B's sallyportd is away ($ANSWER)"
done
edge_spawn b control control/sallyportd
wait_until 20 edge_has b away8 running
assert_eq $((before + 1)) "$(told_away)" "how often B says that its sallyportd is away"
for i in {1..8}; do fleet a DELETE "/v1/builds/away$i"; done
wait_until 20 edge_has b odd running
ok "what an edge refuses of a batch keeps back nothing else, and is made once it may be"

# B's fleet hangs, and cannot confirm what ends with a set.
kill -STOP "$(cat "$LAB_DIR/fleet-b.pid")"
fleet_naming a POST /v1/sync "$(set_of 7 two="$(lab_vm_address 1)" "${builds[@]}")"
kill -CONT "$(cat "$LAB_DIR/fleet-b.pid")"
assert_eq "202 b" "$STATUS $UNCONFIRMED" "a set while B hangs"
assert_eq 2 "$(answer .cancelled)" "builds that it ends"
wait_until 20 edge_has b three ended
wait_until 20 is_current b true
ok "a set names the edges that have not confirmed what it ends"

# The edge that writes is killed in the middle; the next sync finds a part of it, at the other edge.
many_of 8 >"$LAB_DIR/many"
curl -sS --max-time 60 --unix-socket "$LAB_DIR/run/fleet.sock" -X POST --data-binary "@$LAB_DIR/many" \
	http://edge/v1/sync >"$LAB_DIR/broken" 2>&1 &
asker=$!
wait_until 30 some_are_written
kill -KILL "$(cat "$LAB_DIR/fleet-a.pid")"
wait "$asker" "$(cat "$LAB_DIR/fleet-a.pid")" 2>/dev/null || :
written=$(nr_records)
# A counts as alive as long as etcd keeps its lease, and may not have cut what the set has ended: 202 then.
fleet_naming b POST /v1/sync "@$LAB_DIR/many"
[ "$STATUS $UNCONFIRMED" = "202 a" ] || assert_eq "200 " "$STATUS $UNCONFIRMED" "the same set at B ($ANSWER)"
assert_eq "$MANY" "$(answer '.created + .unchanged')" "builds of the set at B ($written of it were written)"
assert_eq "$MANY" "$(nr_records)" "records of it"
has_many b || fail "B does not have what it answered: $ANSWER"
fleet_start a
wait_until 60 has_many a
[ "$written" -lt "$MANY" ] || echo "# all was written before the kill"
ok "a sync that was broken off is finished by the next one, at another edge"

# Without etcd there is no sync, and what it says is tried again.
etcd_stop
fleet b POST /v1/sync "@$LAB_DIR/many"
assert_eq "503 urn:sallyport:problem:store-unavailable" "$STATUS $(answer .type)" "a sync without etcd"
etcd_start
follows_again() { fleet b POST /v1/sync "@$LAB_DIR/many" && [ "$STATUS $(answer .unchanged)" = "200 $MANY" ]; }
wait_until 30 follows_again
has_many a || fail "A has lost builds"
ok "etcd away: 503, and the same set again finds nothing to do"
