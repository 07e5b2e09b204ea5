#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Floods of SYNs, as fast as they can be made: a VM sees no more than its configured rate, another
# session's copy arrives whole and its logins are all in the audit, no note is lost, and what was
# refused is counted and told. In both engines. How much is left of a copy's speed is a benchmark's
# affair.
#
#   SHIELD_SECONDS (3) for each flood
TEST_TIMEOUT=${TEST_TIMEOUT:-180}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

SECONDS_EACH=${SHIELD_SECONDS:-3}
PER_LEASE=50 PER_SOURCE=10 # the defaults
LOGINS=5
ONLY_SYN='tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn and dst port 22'

# flood FROM PORT…: sets SENT, and MS that it took.
flood() {
	local from=$1

	shift
	read -r SENT MS < <(lab_in client "$SALLYPORT_BUILD/tests/e2e/flood" "$LAB_PUBLIC_ADDRESS" \
		"$SECONDS_EACH" "$from" "$@")
	assert_ge "$SENT" 1000 "SYNs that were sent"
}

# verdict NAME: packets counted so, by either engine.
verdict() {
	lab_api GET /metrics | awk -v name="verdict=\"$1\"" \
		'/^sallyport_packets_total/ && index($0, name) { sum += $NF } END { printf "%d", sum }'
}

metric() {
	lab_api GET /metrics | awk -v name="$1" '$1 == name { printf "%d", $2 }'
}

# recorded BUILD NUMBER: so many accepted connections of a build are in the audit.
recorded() {
	[ "$(lab_api GET "/v1/connections?build=$1&limit=10000" | head -n1 |
		jq '[.connections[] | select(.accepted)] | length')" -ge "$2" ]
}

# Copies a file to the other VM and logs in there, while a flood goes on.
calm_session() {
	local i

	lab_client bash -c 'head -c 8000000 /dev/urandom >/tmp/calm'
	lab_client scp "${SSH_OPTIONS[@]}" -P "$CALM" /tmp/calm "ubuntu@$LAB_PUBLIC_ADDRESS:calm"
	for ((i = 0; i < LOGINS; i++)); do
		ssh_to "$CALM" true
	done
	[ "$(lab_client bash -c 'sha256sum </tmp/calm')" = "$(ssh_to "$CALM" 'sha256sum <calm')" ]
}

# forged ENGINE: a flood at one lease, and at ports that are dead.
forged() {
	local refused calm

	refused=$(verdict lease_limited)
	capture_start "forged-$1" vm0 eth0 "$ONLY_SYN"
	calm_session >"$LAB_DIR/calm-$1" 2>&1 &
	calm=$!
	flood forged "$FLOODED" "$FLOODED" "${DEAD[@]}"
	wait "$calm" || fail "$1: the other session: $(cat "$LAB_DIR/calm-$1")"
	capture_stop "forged-$1"
	assert_le "$(pcap count "forged-$1")" $((PER_LEASE * (MS + 2000) / 1000 + PER_LEASE)) \
		"$1: SYNs at the VM"
	assert_ge "$(pcap count "forged-$1")" "$PER_LEASE" "$1: SYNs at the VM"
	assert_ge "$(($(verdict lease_limited) - refused))" 1 "$1: SYNs counted as refused"
	ok "$1: of $SENT forged SYNs in $MS ms the VM sees $(pcap count "forged-$1")"
	calm_expected=$((calm_expected + LOGINS + 2))
	wait_until 10 recorded calm "$calm_expected"
	assert_eq 0 "$(metric sallyport_notes_lost_total)" "$1: notes lost"
	ok "$1: another session's copy arrives whole, its $((LOGINS + 2)) logins are recorded"
}

# lone ENGINE: one source floods, which costs another client of the same lease nothing.
lone() {
	local refused login

	refused=$(verdict source_limited)
	capture_start "lone-$1" vm0 eth0 "$ONLY_SYN and src host $LAB_STRANGER_ADDRESS"
	ssh_to "$FLOODED" hostname >"$LAB_DIR/login-$1" 2>&1 &
	login=$!
	flood "$LAB_STRANGER_ADDRESS" "$FLOODED"
	wait "$login" || fail "$1: a login beside the flood: $(cat "$LAB_DIR/login-$1")"
	capture_stop "lone-$1"
	assert_le "$(pcap count "lone-$1")" $((PER_SOURCE * (MS + 2000) / 1000 + PER_SOURCE)) \
		"$1: SYNs of one source at the VM"
	assert_ge "$(($(verdict source_limited) - refused))" 1 "$1: SYNs counted as refused"
	ok "$1: of $SENT SYNs of one source the VM sees $(pcap count "lone-$1"); another client logs in"
}

told() {
	timeout 2 curl -sN --unix-socket "$LAB_SOCKET" "http://edge/v1/events?since=0" >"$LAB_DIR/events" || :
	grep -q '"client.refused".*"flooded"' "$LAB_DIR/events"
}

begin 2
put_build over 1
DEAD=("$(node_port 0)")
api DELETE /v1/builds/over
api PUT /v1/builds/soon '{"nodes":[{"index":0}]}'
DEAD+=("$(node_port 0)")
put_build flooded 0
FLOODED=$(node_port 0)
put_build calm 1
CALM=$(node_port 0)
calm_expected=0

lone dpdk
forged dpdk
daemon_stop dp
lone xdp
forged xdp
wait_until 10 told
ok "what was refused is told as client.refused"
