#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A report of abuse names a client, a public address with its port, and a time: one command finds the build,
# its actors and the connections, also when another build had the same port before or after.
LAB_ENGINE=xdp
LAB_PORTS=64600-64600
LAB_QUARANTINE=0s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

PUBLIC=192.0.2.1:64600
HOUR_NS=3600000000000
FLOOD=20000

# run STATUS WORD…: the CLI exits so; its words are in $LAB_DIR/out and $LAB_DIR/err.
run() {
	local want=$1 status=0

	shift
	sallyport "$@" >"$LAB_DIR/out" 2>"$LAB_DIR/err" || status=$?
	assert_eq "$want" "$status" "exit status of sallyport $* ($(cat "$LAB_DIR/err"))"
}

# shows ACTOR…: those in the rows of the table of connections, in their order.
shows() {
	assert_eq "$*" "$(awk 'NR > 1 { print $2 }' "$LAB_DIR/out" | uniq | paste -sd' ')" "actors"
}

has_record() {
	api GET "/v1/connections?build=$1"
	answer -e '.connections[0].closed_at != null' >/dev/null
}

is_put() {
	api PUT "/v1/builds/$1" "{\"actors\":[\"$2\"],\"organisation\":\"acme\",\"nodes\":[{\"index\":0,
		\"address\":\"$(lab_vm_address "$3")\",\"port\":22}]}"
	[ "$STATUS" = 201 ]
}

# had BUILD ACTOR VM: a build has the port, once it is free, and a login by it.
had() {
	wait_until 10 is_put "$@" || fail "PUT of $1: $STATUS $ANSWER"
	assert_eq 64600 "$(node_port 0)" "the build's port"
	ssh_to 64600 true
	wait_until 10 has_record "$1"
}

need_programs
lab_begin 2
control_start
had first alice 0
api DELETE /v1/builds/first
had second bob 1

# An hour lies between the two.
daemon_stop control
sqlite3 "$LAB_DIR/state/journal.db" "UPDATE builds SET created_wall_ns = created_wall_ns - $HOUR_NS,
	ended_wall_ns = ended_wall_ns - $HOUR_NS WHERE id = 'first';
	UPDATE audit SET wall_ns = wall_ns - $HOUR_NS WHERE build = 'first'"
sqlite3 "$LAB_DIR/state/audit.db" "UPDATE connections SET opened_wall_ns = opened_wall_ns - $HOUR_NS,
	closed_wall_ns = closed_wall_ns - $HOUR_NS WHERE build = 'first'"
control_start
now=$(date -u +%FT%TZ) before=$(date -u -d '1 hour ago' +%FT%TZ) never=$(date -u -d '30 minutes ago' +%FT%TZ)

run 0 connections --public $PUBLIC --at "$before" --client "$LAB_CLIENT_ADDRESS"
shows alice
assert_match "^first +alice +0 +ssh +192\\.0\\.2\\.1:64600 +$LAB_CLIENT_ADDRESS +[0-9]+ +" "$LAB_DIR/out" "its row"
run 0 connections --public $PUBLIC --at "$now"
shows bob
run 0 connections --public $PUBLIC
shows alice bob
run 0 connections --client "$LAB_CLIENT_ADDRESS" --at "$before"
shows alice
run 0 connections --client "$LAB_CLIENT_ADDRESS" --build second
shows bob
ok "a public port, a time and a client find the connections, and whose build it was"

run 0 connections --public $PUBLIC --at "$now" --client 203.0.113.77
shows
assert_match "^sallyport: note: No such connection is recorded; .*attest --public $PUBLIC --at $now\$" "$LAB_DIR/err" \
	"where to look instead"
run 0 attest --public $PUBLIC --at "$now" --client 203.0.113.77
assert_match '^Build second, open from ' "$LAB_DIR/out" "the build"
assert_match '^  203\.0\.113\.77: no connection is known of$' "$LAB_DIR/out" "the client"
run 0 attest --public $PUBLIC --at "$before"
assert_match '^Build first, open from .*: its VMs were reached\.$' "$LAB_DIR/out" "the build"
assert_match '^  organisation +acme$' "$LAB_DIR/out" "its organisation"
assert_match '^  actors +alice$' "$LAB_DIR/out" "its actor"
assert_match '^  node 0 ssh +192\.0\.2\.1:64600 to 10\.0\.3\.7:22$' "$LAB_DIR/out" "its lease"
assert_match "^  $LAB_CLIENT_ADDRESS +1 connection, likely 1 login +" "$LAB_DIR/out" "its client"
assert_eq 1 "$(grep -c '^Build' "$LAB_DIR/out")" "builds"
run 4 attest --public $PUBLIC --at "$never"
assert_match "no build is known that had $PUBLIC at $never" "$LAB_DIR/err" "the error"
run 2 attest
assert_match 'an argument is missing: ID, or --public ADDR:PORT' "$LAB_DIR/err" "the error"
ok "attest says who had a port, whether or not anybody connected"

run 0 audit --public $PUBLIC --at "$before"
assert_eq "put first root,cancel first root" "$(awk 'NR > 1 { print $2, $3, $4 }' "$LAB_DIR/out" | paste -sd,)" \
	"changes of the first build"
run 0 audit --at "$(sed 's/T/ /; s/:..Z$/ UTC/' <<<"$now")"
assert_eq second "$(awk 'NR > 1 { print $3 }' "$LAB_DIR/out" | sort -u)" "builds that were changed just now"
ok "the audit of changes is asked the same way, and names users"

for verb in "connections --public $PUBLIC" "attest --public $PUBLIC" audit; do
	# shellcheck disable=SC2086
	run 2 $verb --at "$(date -u -d '1 hour' +%FT%TZ)"
	assert_match '^sallyport: --at is in the future: ' "$LAB_DIR/err" "the error of $verb"
	# shellcheck disable=SC2086
	run 2 $verb --at '2026-11-30 08:48'
	assert_match '^sallyport: --at lacks a time zone; did you mean 2026-11-30T08:48:00Z\?$' "$LAB_DIR/err" \
		"the error of $verb"
done
ok "a time may lack its seconds, but neither its zone nor its having come"

for query in public=192.0.2.1 public=host:22 client=192.0.2.1:5 at=yesterday at=2026-12-01T18:00 \
	"at=$(date -u -d '1 hour' +%FT%TZ)"; do
	api GET "/v1/connections?$query"
	assert_eq "400 true" "$STATUS $(answer ".detail | startswith(\"The query argument ${query%%=*} must be \")")" "$query"
done
ok "what is no address, port or time is refused by its name"

# Records of others, more than one page looks at, between the first build's and the last.
daemon_stop control
sqlite3 "$LAB_DIR/state/audit.db" "INSERT INTO connections (serial, build, node, forward, client, client_port,
	opened_wall_ns, closed_wall_ns, slot, generation, opened_ns, accepted_ns, seq_to_vm)
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $FLOOD)
	SELECT serial, build, node, forward, '203.0.113.5', i, opened_wall_ns, closed_wall_ns, slot, generation, opened_ns,
	accepted_ns, seq_to_vm FROM connections, n WHERE build = 'second'"
control_start
api DELETE /v1/builds/second
had third carol 0
api GET "/v1/connections?client=$LAB_CLIENT_ADDRESS&limit=2"
assert_eq "first second" "$(answer '[.connections[].build] | join(" ")')" "the first page"
api GET "/v1/connections?client=$LAB_CLIENT_ADDRESS&limit=2&after=$(answer .next)"
assert_eq "0 true" "$(answer '"\(.connections | length) \(.next > 0)"')" "a page of others"
run 0 connections --client "$LAB_CLIENT_ADDRESS"
shows alice bob carol
run 0 -o json connections --public $PUBLIC --client "$LAB_CLIENT_ADDRESS"
assert_eq "alice bob carol" "$(jq -rs '[.[].connections[].actors[0]] | join(" ")' "$LAB_DIR/out")" "actors, as JSON"
api GET "/v1/attestations?public=$PUBLIC&limit=2"
assert_eq "first second" "$(answer '[.attestations[].id] | join(" ")')" "attestations of a page"
api GET "/v1/attestations?public=$PUBLIC&limit=2&after=$(answer .next)"
assert_eq "third null" "$(answer '"\(.attestations[0].id) \(.next)"')" "the last attestation"
ok "pages go on behind what they have looked at, however many others there were"

# A login that the edge cuts stays one, though the client's last words are missing.
api DELETE /v1/builds/third
wait_until 10 is_put cut carol 1 || fail "PUT of cut: $STATUS $ANSWER"
ssh_to "$(node_port 0)" 'echo in; exec tail -f /dev/null' >"$LAB_DIR/inside" 2>&1 &
session=$!
wait_line 10 "$LAB_DIR/inside" in
is_login() {
	sallyport attest cut >"$LAB_DIR/out" && grep -qE "^  $LAB_CLIENT_ADDRESS +1 connection, likely 1 login" "$LAB_DIR/out"
}
wait_until 10 is_login || fail "while one is open: $(cat "$LAB_DIR/out")"
api DELETE /v1/builds/cut
none_is_open() {
	api GET '/v1/connections?build=cut'
	answer -e 'all(.connections[]; .closed_at != null)' >/dev/null
}
wait_until 10 none_is_open
is_login || fail "after it was cut: $(cat "$LAB_DIR/out"), $(answer -c '.connections[]')"
lab_client pkill -x ssh || :
wait "$session" || :
ok "a login that is cut is still likely one"
