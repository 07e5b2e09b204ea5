#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# One address, up to three edges, a router that spreads flows over them by BGP: BIRD, FRR and etcd as packaged. A
# session and a stream go on, each on its one TCP connection, while edges are drained, die, come back and are added.
TEST_TIMEOUT=300
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"
# shellcheck source=tests/e2e/_routes.sh
. "$(dirname "$0")/_routes.sh"

routes_possible
need_programs
lab_begin 2
members_start
router_start
edge_start a
edge_start b
both_routed() { routed a && routed b; }
wait_until 20 both_routed
ok "a router has routes to two edges for one address"

fleet a PUT /v1/builds/one "$(build_body 0 1)"
assert_eq 201 "$STATUS" "status of PUT at A ($ANSWER)"
port=$(node_port 0)
other=$(node_port 1)
wait_until 20 edge_has b one running

# Flows are spread, and replies of all VMs leave by A.
logins() {
	local _

	for _ in {1..4}; do
		ssh_to "$port" true || fail "a login failed"
	done
	[ "$(carried a)" -gt 0 ] && [ "$(carried b)" -gt 0 ]
}
wait_until 60 logins
edge b GET /v1/status
assert_eq 0 "$(answer .engines.xdp.bytes.to_client)" "bytes of replies that B carried"
ok "requests come by both edges, and replies leave by A whichever it was"

# A session that talks all the time, and a stream with a hash at both ends until it is told to stop.
SENDER='import hashlib, os, sys, time
sent = hashlib.sha256()
while not os.path.exists(sys.argv[1]):
    block = os.urandom(16384)
    sent.update(block)
    sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()
    time.sleep(0.02)
open(sys.argv[2], "w").write(sent.hexdigest())'
ticking_session "$port" 20 &
session=$!
python3 -c "$SENDER" "$LAB_DIR/stop" "$LAB_DIR/sent" | ssh_to "$other" sha256sum >"$LAB_DIR/received" &
stream=$!
wait_line 20 "$LAB_DIR/ticks" '^5 '

# The session is alive: it says more than it has.
alive() {
	local heard

	heard=$(wc -l <"$LAB_DIR/ticks")
	wait_until 20 ticked $((heard + 10))
	process_gone "$session" && fail "the session has ended: $(cat "$LAB_DIR/ticks.err")"
	process_gone "$stream" && fail "the stream has ended"
	return 0
}

ticked() {
	[ "$(wc -l <"$LAB_DIR/ticks")" -ge "$1" ]
}

# Drain the edge by which one of them goes.
find_carrier a b || fail "neither edge carries"
drained=$CARRIER
sallyport_at "$drained" drain --wait 1 >"$LAB_DIR/said"
assert_match 'may be stopped' "$LAB_DIR/said" "what drain prints"
not_routed "$drained" || fail "drained, and the router has a route still: $(routes)"
alive
routed "$(other_of "$drained")" || fail "the other edge has lost its route"
head -c 8M /dev/urandom >"$(lab_client_home)/blob"
lab_client scp "${SSH_OPTIONS[@]}" -qP "$other" blob "ubuntu@$LAB_PUBLIC_ADDRESS:blob"
cmp "$(lab_client_home)/blob" "$(lab_vm_home 1)/blob" || fail "scp changed the bytes"
ok "an edge is drained: its routes go, sessions stay"

sallyport_at "$drained" undrain >"$LAB_DIR/said"
wait_until 20 both_routed
alive
ok "and is announced again"

# Everything of an edge dies that can; the kernel's part of A goes on with the replies.
find_carrier a b || fail "neither edge carries"
dead=$CARRIER
edge_crash "$dead"
wait_until 20 not_routed "$dead"
alive
ok "all processes of an edge are killed: BFD has its routes withdrawn, sessions stay"

edge_start "$dead"
wait_until 20 both_routed
alive
ok "it comes back"

edge_start c
all_routed() { both_routed && routed c; }
wait_until 30 all_routed
alive
edge_has c one running || fail "the third edge is announced and has not what the others have"
if frr_installed; then
	ok "a third edge is added, whose routes FRR announces"
	sallyport_at c drain --wait 1h --no-follow >"$LAB_DIR/said"
	wait_until 20 not_routed c
	vtysh --vty_socket "$LAB_DIR/frr-c" -c 'show bgp ipv4 unicast' >"$LAB_DIR/frr"
	grep -q "$LAB_PUBLIC_ADDRESS" "$LAB_DIR/frr" || fail "FRR does not announce it as the last resort"
	birdc -s "$LAB_DIR/bird-router.ctl" 'show route all protocol edge3' >"$LAB_DIR/frr"
	assert_match '\(65535,0\)' "$LAB_DIR/frr" "what the router hears"
	sallyport_at c drain --wait 0 >"$LAB_DIR/said"
	lost() { ! birdc -s "$LAB_DIR/bird-router.ctl" 'show route protocol edge3' | grep -q "$LAB_PUBLIC_ADDRESS"; }
	wait_until 10 lost
	sallyport_at c undrain >"$LAB_DIR/said"
	wait_until 30 all_routed
	alive
	ok "drain by FRR: RFC 8326, then withdrawn, then announced again"
else
	ok "a third edge is added"
	ok "drain by FRR # skip FRR is not installed (frr)"
fi

# Sessions in which nobody says a word, by whichever edge the router chose, and some by another one since.
idle=()
for i in 1 2 3 4; do
	idle_begin "$other" "$i"
	idle+=("$SESSION")
done
wait_until 20 is_aged "$LAB_DIR/idle-4" 5
sallyport_at b drain --wait 1 >"$LAB_DIR/said"
not_routed b || fail "drained, and the router has a route still: $(routes)"
alive

touch "$LAB_DIR/stop"
wait "$stream" || fail "the stream failed"
assert_eq "$(cat "$LAB_DIR/sent")" "$(cut -d' ' -f1 "$LAB_DIR/received")" "hash of the stream"
process_gone "$session" && fail "the session has ended"
ok "one connection each, and every byte of the stream has arrived"

fleet a DELETE /v1/builds/one
assert_eq 204 "$STATUS" "status of DELETE at A"
wait_gone 20 "$session"
for edge in b c; do
	wait_until 20 edge_has "$edge" one ended
done
ok "DELETE at one edge cuts what goes through another"

for pid in "${idle[@]}"; do
	wait_gone 20 "$pid" || fail "an idle session goes on"
done
cut_at_a() {
	edge a GET '/v1/connections?build=one&limit=1000' &&
		[ "$(answer '[.connections[] | select(.node == 1 and .closed_by == "session ended")] | length')" -ge 4 ]
}
wait_until 10 cut_at_a || fail "A, which hears the VMs, has not recorded all: $ANSWER"
sallyport_at b undrain >"$LAB_DIR/said"
wait_until 30 all_routed
ok "and sessions in which nobody talks, whichever way their packets went"

well() { edge "$1" GET /v1/announcement && [ "$(answer .announced)" = announced ]; }

fleet_puts() {
	fleet a PUT /v1/builds/spare '{"nodes":[{"index":0,"address":"10.0.4.1"}]}' && [[ $STATUS == 20? ]]
}

# One member of etcd dies, which is the one that the edges ask.
member_stop 0
wait_until 30 fleet_puts
for edge in a b c; do
	wait_until 30 well "$edge"
done
wait_until 10 all_routed
member_start 0
ok "a member of etcd dies: edges ask another, and builds are declared"

# etcd without quorum: no edge knows what the others do, all are the last resort, so all carry on.
fleet a PUT /v1/builds/two "$(build_body 0)"
assert_eq 201 "$STATUS" "status of PUT at A ($ANSWER)"
port=$(node_port 0)
wait_until 20 edge_has c two running
member_stop 1
member_stop 2
last_resorts() {
	local edge

	for edge in a b c; do
		edge "$edge" GET /v1/announcement && [ "$(answer .announced)" = last-resort ] || return 1
	done
}
wait_until 30 last_resorts
wait_until 10 all_routed
ssh_to "$port" true || fail "no login without etcd's quorum"
member_start 1
member_start 2
wait_until 30 fleet_up a
for edge in a b c; do
	wait_until 30 well "$edge"
done
ok "without etcd's quorum all edges are the last resort, and are routed to"

# One edge alone without etcd: the others are preferred.
lab_in edge2 nft -f - <<-EOT
	table inet cut {
		chain out {
			type filter hook output priority 0
			ip daddr { ${MEMBERS[0]}, ${MEMBERS[1]}, ${MEMBERS[2]} } drop
		}
	}
EOT
wait_until 40 not_routed b
routed a && routed c || fail "the others have lost their routes: $(routes)"
edge b GET /v1/announcement
assert_eq last-resort "$(answer .announced)" "what B announces"
lab_in edge2 nft delete table inet cut
wait_until 40 all_routed
ok "an edge that alone is cut off from etcd is passed by"
