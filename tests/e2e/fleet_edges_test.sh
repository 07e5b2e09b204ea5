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

# remove ID: a DELETE at A, its status in STATUS and the edges that have not confirmed it in UNCONFIRMED.
remove() {
	STATUS=$(curl -sS --max-time 30 --unix-socket "$LAB_DIR/run/fleet.sock" -X DELETE -D "$LAB_DIR/head" \
		-o "$LAB_DIR/body" -w '%{http_code}' "http://edge/v1/builds/$1")
	UNCONFIRMED=$(sed -n 's/^Sallyport-Unconfirmed: \([^\r]*\).*/\1/p' "$LAB_DIR/head")
}

declare_build() {
	fleet a PUT "/v1/builds/$1" "{\"nodes\":[{\"index\":0,\"address\":\"10.0.4.$2\"}]}"
	assert_eq 201 "$STATUS" "status of PUT of $1 ($ANSWER)"
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
wait_until 20 is_current b true
etcd_stop
for edge in a b; do
	wait_until 20 is_current "$edge" false
done
remove five
assert_eq "202 b" "$STATUS $UNCONFIRMED" "a removal without etcd"
edge_has b five running || fail "B has cut what it cannot know of"
etcd_start
for edge in a b; do
	wait_until 30 is_current "$edge" true
done
wait_until 20 edge_has b five ended
ok "etcd away: neither edge is better than the other, and a removal says who cannot know"
