#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Others change what packets meet, during a session: it goes on as soon as that can be, and until
# then status, log, event, metric and doctor all say what is wrong. With either engine.
TEST_TIMEOUT=400
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"

doctor() {
	lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" -o json doctor "$LAB_CONFIG" \
		>"$LAB_DIR/findings" 2>&1 || :
}

# all_say_wrong INTERFACE PATTERN: nobody says "ok".
all_say_wrong() {
	assert_eq none "$(field_status .carrying)" "who carries"
	field_status '.kernel.interfaces[].problem' | grep -qE "$2" ||
		fail "status does not say '$2'"
	assert_eq 0 "$(field_metric "sallyport_attached{interface=\"$1\"}")" "metric of $1"
	assert_eq 0 "$(field_metric 'sallyport_carrying{engine="xdp"}')" "metric of who carries"
	doctor
	jq -e --arg says "$2" 'any(.[]; .check == "program" and .grade == "failure" and (.says | test($says)))
		and all(.[]; .check != "engine" or .grade != "ok")' "$LAB_DIR/findings" >/dev/null ||
		fail "doctor does not say '$2': $(cat "$LAB_DIR/findings")"
	field_events attachment.lost | grep -qE "$2|has no XDP program|is not there" ||
		fail "no event says '$2'"
	grep -q 'do not meet the program any more' "$LAB_DIR/log/control" || fail "the log is silent"
	ok "status, metric, doctor, event and log say: $2"
}

attached() {
	field_is '[.kernel.interfaces[].problem] | all(. == null)' true &&
		field_is '.carrying != "none"' true
}

# works WHAT: a new connection, with a file that arrives as it is, and the old session.
works() {
	wait_until 20 attached || fail "$1: it does not come back: $(field_status .kernel)"
	assert_eq "vm0 $(sha256sum <"$LAB_DIR/data")" \
		"$(ssh_to "$port" 'echo "$(hostname) $(sha256sum)"' <"$LAB_DIR/data")" "$1: a new connection"
	[ -z "${session:-}" ] || session_goes_on "$1"
	ok "$1: the session and new ones go on"
}

ticked_past() {
	[ "$(tail -n1 "$LAB_DIR/ticks" | cut -d' ' -f1)" -gt "$1" ]
}

session_goes_on() {
	wait_until 60 ticked_past "$(tail -n1 "$LAB_DIR/ticks" | cut -d' ' -f1)" ||
		fail "$1: the old session hangs"
}

# Without a program on public, the host's own TCP answers whoever sends to a lease's port, with a
# reset: a session that sends in that moment is over. What is promised then is that new ones work.
session_again() {
	kill "$session" 2>/dev/null || :
	wait "$session" 2>/dev/null || :
	session_start
}

session_start() {
	: >"$LAB_DIR/ticks"
	ticking_session "$port" 100 &
	session=$!
	wait_until 60 ticked_past 3
}

begin 1
head -c 1000000 /dev/urandom >"$LAB_DIR/data"
put_build field 0
port=$(node_port 0)
session_start
works "at first"

for engine in dpdk xdp; do
	if [ "$engine" = xdp ]; then
		sed -i 's/engine = "dpdk"/engine = "xdp"/' "$LAB_CONFIG"
		daemon_stop dp
		daemon_signal control HUP
		wait_until 10 field_is .engine xdp
	fi
	for interface in public builds; do
		lost=$(field_events attachment.restored | grep -c . || :)
		field_detach "$interface"
		wait_until 10 field_told attachment.restored $((lost + 1))
		[ "$interface" = builds ] || session_again
		works "$engine: link of $interface detached"
		assert_eq "$engine" "$(field_status .carrying)" "who carries afterwards"
	done
done
field_counts sallyport_attachments_lost_total 4 || fail "the metric does not count"

object=$(field_foreign)
daemon_signal control STOP
field_detach public
ip -n "$LAB_NS-edge" link set dev public xdpdrv obj "$object" sec xdp
daemon_signal control CONT
wait_until 10 field_is '.carrying' none
all_say_wrong public "somebody else's"
ip -n "$LAB_NS-edge" link set dev public xdpdrv off
wait_until 20 attached
session_again
works "another program came and went"

field_builds_anew 4 # which a veth with one queue takes no program beside
wait_until 10 field_is '.kernel.interfaces[1].problem // "" | test("takes no XDP program")' true
all_say_wrong builds "takes no XDP program"
lab_in net ethtool -L edge tx 1
works "builds made anew, and refused by its driver at first"

ip -n "$LAB_NS-edge" link set builds down
wait_until 10 field_is .carrying none
all_say_wrong builds "is down"
ip -n "$LAB_NS-edge" link set builds up
works "builds down and up"

field_flood_netlink
wait_until 20 field_counts sallyport_netlink_resyncs_total 1
works "netlink lost messages"

corrected=$(field_metric sallyport_host_corrected_total)
lab_in edge sysctl -qw net.ipv4.ip_forward=1
lab_in edge sysctl -qw net.ipv4.ip_forward=0
wait_until 10 field_counts sallyport_host_corrected_total $((corrected + 1))
field_events host.corrected | grep -q net.ipv4.conf.lo.forwarding || fail "no event tells of it"
works "forwarding turned off by others"
