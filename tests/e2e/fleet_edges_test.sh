#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The edges of a fleet know of each other: who is alive and how far, and which of them a removal has reached.
TEST_TIMEOUT=240
LAB_ENGINE=xdp
LAB_QUARANTINE=30s

# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"

declare_build_of() {
	fleet a PUT "/v1/builds/$1" "{\"nodes\":[{\"index\":0,\"address\":\"10.0.4.$2\"}]}"
	assert_eq 201 "$STATUS" "status of PUT of $1 ($ANSWER)"
}

declare_build() {
	declare_build_of "$1" "$2"
	wait_until 20 edge_has b "$1" running
}

# B and etcd do not hear of each other.
partition_begin() {
	lab_in edge2 nft -f - <<-EOT
		table ip partition {
			chain output { type filter hook output priority 0; ip daddr $ETCD_ADDRESS drop; }
			chain input { type filter hook input priority 0; ip saddr $ETCD_ADDRESS drop; }
		}
	EOT
}

partition_end() {
	lab_in edge2 nft delete table ip partition
}

fleet_possible
need_programs
lab_begin 2
fleet_begin
for edge in a b; do
	wait_until 20 is_current "$edge" true
	for other in a b; do
		wait_until 20 edge_is "$edge" "$other" '.alive and .behind == 0'
	done
done
ok "each edge knows of both, and has what the store has"

declare_build one 1
wait_until 20 edge_is a b '.behind == 0 and .applied > 0'
remove one
assert_eq "204 " "$STATUS $UNCONFIRMED" "a removal that B confirms"
edge_has b one ended || fail "B still has what A said is removed everywhere"
ok "a DELETE answers once the other edge has cut"

# B's fleet hangs: its sallyportd goes on.
declare_build two 2
kill -STOP "$(cat "$LAB_DIR/fleet-b.pid")"
remove two
assert_eq "202 b" "$STATUS $UNCONFIRMED" "a removal while B hangs"
edge_has b two running || fail "B has cut, though its fleet hangs"
edge_is a b '.alive | not' || fail "A takes B for alive: $ANSWER"
kill -CONT "$(cat "$LAB_DIR/fleet-b.pid")"
wait_until 20 edge_has b two ended
wait_until 20 edge_is a b .alive
wait_until 20 is_current b true
remove two
assert_eq "204 " "$STATUS $UNCONFIRMED" "the same removal, asked again with B back"
ok "a DELETE names an edge that hangs, and asked again says when it has cut"

# A process that is killed is started again under the same name, and nobody is lost.
kill -KILL "$(cat "$LAB_DIR/fleet-b.pid")"
fleet_start b
wait_until 20 is_current b true
edge_is a b .alive || fail "A has lost B: $ANSWER"
ok "an edge whose fleet is started again keeps its name"

fleet_stop b
etcd_ctl put /sallyport/edges/b '{"version":1,"id":"somebody","applied":1,"removed":1,"since":1}' >"$LAB_DIR/log/put"
fleet_start b
wait_until 20 fleet_says b 'has the same edge.name'
is_current b false || fail "an edge without a name says that it is well: $ANSWER"
etcd_ctl del /sallyport/edges/b >"$LAB_DIR/log/put"
wait_until 20 is_current b true
ok "one name is not that of two living edges"

# B's sallyportd cannot confirm a removal, as with a worker that hangs: neither does B.
fleet_stop b
setpriv --pdeathsig KILL python3 "$(dirname "$0")/../lab/refusing.py" "$LAB_DIR/b/run/refusing.sock" "$LAB_DIR/b/run/api.sock" \
	"$LAB_DIR/gate" 2>"$LAB_DIR/log/refusing" &
wait_until 20 test -S "$LAB_DIR/b/run/refusing.sock"
cp "$LAB_DIR/b/sallyport.conf" "$LAB_DIR/b/own.conf"
sed -i "s|$LAB_DIR/b/run/api.sock|$LAB_DIR/b/run/refusing.sock|" "$LAB_DIR/b/sallyport.conf"
fleet_start b
wait_until 20 is_current b true
declare_build stuck 6
declare_build other 7
: >"$LAB_DIR/gate"
remove stuck
assert_eq "202 b" "$STATUS $UNCONFIRMED" "a removal that B's sallyportd does not confirm"
edge_has b stuck running || fail "B has cut, though its sallyportd says that it has not"
declare_build later 8
wait_until 20 is_current b false
rm "$LAB_DIR/gate"
wait_until 20 edge_has b stuck ended
wait_until 20 is_current b true
remove other
assert_eq "204 " "$STATUS $UNCONFIRMED" "a removal once B's sallyportd confirms again"
remove later
assert_eq "204 " "$STATUS $UNCONFIRMED" "a removal once B's sallyportd confirms again"

# Nor is a VM given to the next build before B has confirmed the end of the one that has it.
heir() {
	fleet a PUT /v1/builds/heir '{"nodes":[{"index":0,"address":"10.0.4.9"}],"supersede":true}'
}
declare_build held 9
: >"$LAB_DIR/gate"
heir
assert_eq 503 "$STATUS" "a PUT that supersedes what B still has ($ANSWER)"
[[ $(answer .detail) == *"carry it still: b."* ]] || fail "who has not confirmed: $ANSWER"
rm "$LAB_DIR/gate"
heir
assert_eq 201 "$STATUS" "the same again once B can confirm ($ANSWER)"
edge_has b held ended || fail "B has the build still whose VM was given away: $ANSWER"
remove heir
assert_eq "204 " "$STATUS $UNCONFIRMED" "a removal once B's sallyportd confirms again"
ok "a build that is superseded has ended on the other edge before its VM is given again"

# What is asked of B has not been made there yet when A removes it: B does not confirm, and nothing stays.
echo late filler >"$LAB_DIR/gate"
declare_build_of filler 21
(fleet b PUT /v1/builds/late '{"nodes":[{"index":0,"address":"10.0.4.22"}]}') &
wait_until 20 edge_has a late running
echo late >"$LAB_DIR/gate.new"
(remove late && echo "$STATUS $UNCONFIRMED" >"$LAB_DIR/removed") &
removal=$!
wait_until 20 edge_has a late ended
mv "$LAB_DIR/gate.new" "$LAB_DIR/gate"
wait_until 20 edge_has b filler running
wait "$removal"
assert_eq "202 b" "$(cat "$LAB_DIR/removed")" "a removal before B has made the build"
rm "$LAB_DIR/gate"
wait_until 20 edge_has b late ended
remove late
assert_eq "204 " "$STATUS $UNCONFIRMED" "the same removal once B has ended it"
ok "a build that is being made where it was asked for is not there behind its removal"

# Asked of B, whose sallyportd refuses it in the end, and of A meanwhile, which takes it.
echo twice >"$LAB_DIR/gate"
body='{"nodes":[{"index":0,"address":"10.0.4.23"}]}'
(fleet b PUT /v1/builds/twice "$body" && echo "$STATUS" >"$LAB_DIR/refused") &
refused=$!
wait_until 20 edge_has a twice running
fleet a PUT /v1/builds/twice "$body"
assert_eq 200 "$STATUS" "status of the same PUT at A ($ANSWER)"
echo '!twice' >"$LAB_DIR/gate.new"
mv "$LAB_DIR/gate.new" "$LAB_DIR/gate"
wait "$refused"
assert_eq 503 "$(cat "$LAB_DIR/refused")" "status of the PUT at B"
rm "$LAB_DIR/gate"
wait_until 20 edge_has b twice running
edge_has a twice running || fail "B has taken back what A has promised: $ANSWER"
ok "what one edge takes back is not what another has promised meanwhile"
fleet_stop b
mv "$LAB_DIR/b/own.conf" "$LAB_DIR/b/sallyport.conf"
fleet_start b
wait_until 20 is_current b true
ok "an edge whose sallyportd does not confirm a removal does not either, and takes up new builds all the same"

# B is cut off from etcd, A is not.
declare_build three 3
declare_build four 4
partition_begin
wait_until 20 is_current b false
remove three
assert_eq "202 b" "$STATUS $UNCONFIRMED" "a removal while B is cut off"
edge_has b three running || fail "B has cut what it cannot know of"
is_current a true || fail "A is not ready: $ANSWER"
partition_end
wait_until 30 edge_has b three ended
wait_until 20 is_current b true
edge_has b four running || fail "B has cut what goes on"
ok "an edge that is cut off says so, and takes up what it missed"

# One that was lost long ago is no longer waited for.
fleet_stop b
wait_until 20 edge_is a b '.alive | not'
fenced() { edge_is a b '(now - (.lost_at | fromdate)) > 6'; }
wait_until 20 fenced
remove four
assert_eq "204 " "$STATUS $UNCONFIRMED" "a removal when B has been away for long"
ok "an edge that has no routes any more is not waited for"

# etcd away from all: no edge is better than the other, and a removal says who cannot know.
fleet_start b
declare_build five 5
declare_build six 25
wait_until 20 is_current b true
etcd_stop
for edge in a b; do
	wait_until 20 is_current "$edge" false
done
remove five
assert_eq "202 b, *" "$STATUS $UNCONFIRMED" "a removal without etcd"
edge_has b five running || fail "B has cut what it cannot know of"
fleet_stop b
fleet_spawn b
answers() { fleet b GET /v1/status && [ "$STATUS" = 200 ]; }
wait_until 20 answers
remove six b
assert_eq "202 *" "$STATUS $UNCONFIRMED" "a removal by an edge that knows of no others, as it was started without etcd"
edge_has a six running || fail "A has cut what it cannot know of"
etcd_start
wait_until 30 edge_has a six ended
for edge in a b; do
	wait_until 30 is_current "$edge" true
done
wait_until 20 edge_has b five ended
ok "etcd away: neither edge is better than the other, and a removal says who cannot know"
