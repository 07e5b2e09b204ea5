#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The public addresses are on announce.interface, for BIRD or FRR, while packets are carried here and
# nobody has drained the edge; and not for long once sallyportd is dead.
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/routes.sh
. "$LAB_TOOLS/routes.sh"
# A restart on a busy machine is to be shorter than announce.hold.
LAB_EXTRA=${LAB_ANNOUNCE/hold = \"2s\"/hold = \"8s\"}
LAB_EXTRA_API='group = "nogroup";'
LAB_ADDRESSES=", { bind = \"$LAB_PUBLIC_ADDRESS6\"; ports = [ \"61000-61031\" ]; }, { bind = \"2001:db8:77::/64\"; pool = \"own\"; }"

need_programs
lab_begin 1
announce_interfaces edge
control_start

on() {
	announces edge "$1" "$LAB_PUBLIC_ADDRESS" && announces edge "$1" "$LAB_PUBLIC_ADDRESS6"
}

nowhere() {
	announces_not edge "$LAB_PUBLIC_ADDRESS" && announces_not edge "$LAB_PUBLIC_ADDRESS6"
}

# announced AS DRAIN: what the API says.
announced() {
	api GET /v1/announcement && [ "$STATUS $(answer .announced) $(answer .drain)" = "200 $1 $2" ]
}

wait_until 10 on sallyport
announces edge sallyport 2001:db8:77::/64 || fail "the prefix is not announced"
grep -q '2001:db8:77::/64' <<<"$(ip -n "$LAB_NS-edge" -o addr show dev sallyport)" || fail "as no prefix"
announced announced no || fail "the API says: $ANSWER"
assert_eq null "$(answer .why)" "why"
put_build one 0
port=$(node_port 0)
ssh_to "$port" true || fail "no login with the public address on two interfaces"
api GET /metrics
grep -qx 'sallyport_announced 2' <<<"$ANSWER" || fail "no metric says so"
sallyport status >"$LAB_DIR/status"
assert_match '^routes +announced$' "$LAB_DIR/status" "what status prints"
ok "an edge that is well is announced, and works"

# Addresses that are renewed do not go in between.
ip -n "$LAB_NS-edge" monitor address >"$LAB_DIR/monitor" 2>&1 &
monitor=$!
several_renewals() { [ "$(grep -c " sallyport .*$LAB_PUBLIC_ADDRESS" "$LAB_DIR/monitor")" -ge 4 ]; }
wait_until 20 several_renewals
daemon_stop control
control_start
wait_until 10 announced announced no
kill "$monitor"
wait "$monitor" 2>/dev/null || :
assert_eq "" "$(grep '^Deleted' "$LAB_DIR/monitor" || :)" "addresses that went"
ok "neither a renewal nor a restart of sallyportd withdraws anything"

ip -n "$LAB_NS-edge" link set builds down
wait_until 10 nowhere
announced withdrawn no || fail "the API says: $ANSWER"
assert_eq "an interface is down, or meets no program" "$(answer .why)" "why"
ip -n "$LAB_NS-edge" link set builds up
wait_until 10 on sallyport
ok "an edge that reaches no VM is withdrawn until it does"

status=0
SALLYPORT_SOCKET=$LAB_SOCKET setpriv --reuid=nobody --regid=nogroup --clear-groups \
	"$(lab_cli_path)" drain >"$LAB_DIR/refused" 2>&1 || status=$?
assert_eq 7 "$status" "exit status of a viewer's drain"
sallyport drain --wait soon >"$LAB_DIR/refused" 2>&1 && fail "'soon' was taken for a time"
assert_match 'not soon' "$LAB_DIR/refused" "what is said of it"
on sallyport || fail "a refused drain has done something"

sallyport drain --wait 1h --no-follow >"$LAB_DIR/said"
assert_match '^Routers are told to move' "$LAB_DIR/said" "what drain prints"
on sallyport-last || fail "not the last resort while it is drained"
announces edge sallyport "$LAB_PUBLIC_ADDRESS" && fail "announced as ever while it is drained"
sallyport drain --wait 1s >"$LAB_DIR/said"
assert_match '^Drained: .*may be stopped' "$LAB_DIR/said" "what drain prints"
nowhere || fail "not withdrawn when drain is over"
ssh_to "$port" true || fail "a drained edge does not carry"
ok "drain: the last resort, then withdrawn, and it carries still"

daemon_stop control
control_start
wait_until 10 announced withdrawn drained
nowhere || fail "a restart has undone the drain"
sallyport undrain >"$LAB_DIR/said"
assert_match '^This edge is announced' "$LAB_DIR/said" "what undrain prints"
on sallyport || fail "not announced when the drain is undone"
sallyport undrain >"$LAB_DIR/said"
sallyport drain -o json --wait 1 >"$LAB_DIR/said"
assert_eq drained "$(jq -r .drain "$LAB_DIR/said")" "drain in JSON"
sallyport undrain >"$LAB_DIR/said"
daemon_stop control
control_start
wait_until 10 announced announced no
ok "a drain outlasts restarts, until it is undone"

daemon_crash control
on sallyport || fail "withdrawn as soon as sallyportd is dead"
wait_until 20 nowhere
ssh_to "$port" true || fail "packets are not carried without sallyportd"
control_start
wait_until 10 on sallyport
ok "with sallyportd dead for longer than announce.hold the kernel withdraws"

ip -n "$LAB_NS-edge" link del sallyport
wait_until 10 announced withdrawn no
assert_match 'cannot be put on sallyport: No such device' <(answer .why) "why"
doctor() { lab_in edge env SALLYPORT_SOCKET="$LAB_SOCKET" "$(lab_cli_path)" doctor "$LAB_CONFIG" >"$LAB_DIR/doctor" 2>&1 || :; }
doctor
assert_match 'announce.interface: there is no interface sallyport here' "$LAB_DIR/doctor" "what doctor finds"
announce_interface edge sallyport
doctor
assert_match 'announce.interface: sallyport is down' "$LAB_DIR/doctor" "what doctor finds"
ip -n "$LAB_NS-edge" link set sallyport up
wait_until 10 announced announced no
on sallyport || fail "not announced when the interface is back"
doctor
grep -q 'announce\.' "$LAB_DIR/doctor" && fail "doctor finds something still: $(cat "$LAB_DIR/doctor")"
ok "an interface that is not there is told of, and taken when it comes"

daemon_stop control
LAB_EXTRA='' config_write >"$LAB_CONFIG"
control_start
status=0
sallyport drain >"$LAB_DIR/refused" 2>&1 || status=$?
assert_eq 4 "$status" "exit status of drain where nothing is announced"
assert_match 'announce.interface' "$LAB_DIR/refused" "what is said of it"
api GET /v1/status
assert_eq null "$(answer .announcement)" "announcement in the status"
ok "without announce.interface there is nothing to drain, and it is said so"
