#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What time alone does to a session, as the events tell it: the end of one that nobody connects to,
# warnings before the deadline, and the extension of a finished one that is in use, up to its cap.
LAB_ENGINE=xdp
LAB_LEASES='extend_while_used: { step = "1s"; cap = "2s"; };'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# Within which somebody must connect, here and on a busy machine.
CONNECT_S=10

follow_events() {
	curl -sN --unix-socket "$LAB_SOCKET" "http://edge/v1/events?since=0" \
		>"$LAB_DIR/stream" 2>/dev/null </dev/null &
}

# events BUILD FILTER: prints an array of the events about a build that jq's filter holds for.
events() {
	jq -R 'fromjson?' "$LAB_DIR/stream" | jq -sc "map(select(.build == \"$1\" and ($2)))"
}

# told BUILD TYPE: there is such an event.
told() {
	events "$1" ".type == \"$2\"" | jq -e 'length > 0'
}

# story BUILD: prints the types of its events in their order, but for what its VMs do.
story() {
	events "$1" '.type | startswith("build.")' | jq -r 'map(.type[6:]) | join(" ")'
}

# Prints what the first event of that type, about that build, says by that name.
told_value() {
	events "$1" ".type == \"$2\"" | jq -r ".[0].$3"
}

# put ID BODY
put() {
	api PUT "/v1/builds/$1" "$2"
	assert_eq 201 "$STATUS" "status of the PUT of $1"
}

# put_vm ID VM PORT [MORE]
put_vm() {
	put "$1" "{\"user\":\"ubuntu\",\"nodes\":[{\"index\":0,\"address\":\"$(lab_vm_address "$2")\",\"port\":$3}]${4:+,$4}}"
}

state() {
	api GET "/v1/builds/$1"
	answer '"\(.state) \(.reason)"'
}

# What is promised no VM yet cannot be connected to: its time does not run.
begins_connecting() {
	put queued '{"nodes":[{"index":0}],"connect_within_s":1}'
	put_vm used 0 22 "\"connect_within_s\":$CONNECT_S"
	USED=$(node_port 0)
	assert_eq vm0 "$(ssh_to "$USED" hostname)" "host name"
	wait_until 10 told used build.connected
	put_vm unused 1 22 "\"connect_within_s\":$CONNECT_S,\"allow\":[\"192.0.2.0/24\"]"
	UNUSED=$(node_port 0)
}

shows_connecting() {
	wait_until $((CONNECT_S + 10)) told unused build.ended
	assert_eq unused "$(told_value unused build.ended reason)" "the reason"
	assert_eq "ended unused" "$(state unused)" "the build that nobody connected to"
	assert_eq ended "$(slot "$UNUSED" state)" "its lease"
	assert_fails "ssh to the build that nobody connected to" ssh_to "$UNUSED" true
	assert_match 'nobody connected' "$LAB_DIR/refused" "what its port says"
	assert_eq "running null" "$(state used)" "the build that somebody connected to"
	assert_eq vm0 "$(ssh_to "$USED" hostname)" "host name, past connect_within_s"
	assert_eq "reserved null" "$(state queued)" "the build without a VM"
	ok "connect_within_s ends whom nobody connects to, not whom somebody did, nor what waits for its VM"
}

begins_warnings() {
	local minutes

	for minutes in 10 5 1; do
		put "warned-$minutes" "{\"nodes\":[{\"index\":0}],\"max_lifetime_s\":$((minutes * 60 + 2))}"
	done
	put short '{"nodes":[{"index":0}],"max_lifetime_s":59}'
}

shows_warnings() {
	local minutes

	for minutes in 10 5 1; do
		wait_until 10 told "warned-$minutes" build.warning
		assert_eq $((minutes * 60)) "$(told_value "warned-$minutes" build.warning remaining_s)" \
			"seconds left, by the warning"
		assert_eq "enabled warning" "$(story "warned-$minutes")" "events before $minutes minutes"
	done
	assert_eq enabled "$(story short)" "events of a session shorter than a minute"
	ok "10, 5 and 1 minutes before the deadline a warning is an event, once"
}

# finish ID: and prints the deadline, in seconds since 1970.
finish() {
	api POST "/v1/builds/$1/finish" '{}'
	assert_eq 200 "$STATUS" "status of finish"
	deadline
}

# Of the last answer.
deadline() {
	answer '.deadline | fromdate'
}

begins_use() {
	put_vm idle 1 2222 '"linger_s":62'
	IDLE_UNTIL=$(finish idle)
	put_vm inuse 2 22 '"linger_s":62'
	INUSE=$(node_port 0)
	start_on lab_client session ssh "${SSH_OPTIONS[@]}" -p "$INUSE" \
		"ubuntu@$LAB_PUBLIC_ADDRESS" tail -f /dev/null &
	wait_until 10 told inuse build.connected
	INUSE_UNTIL=$(finish inuse)
}

shows_use() {
	wait_until 20 told inuse build.warning
	assert_eq "enabled connected finished extended extended warning" "$(story inuse)" \
		"events of the build in use"
	api GET /v1/builds/inuse
	assert_eq $((INUSE_UNTIL + 2)) "$(deadline)" "its deadline, at the cap"
	assert_ge "$(slot "$INUSE" deadline_real_ns)" $(((INUSE_UNTIL + 1) * 1000000000)) \
		"the deadline in its slot, which the API rounds"
	wait_until 10 told idle build.warning
	assert_eq "enabled finished warning" "$(story idle)" "events of the build that nobody uses"
	api GET /v1/builds/idle
	assert_eq "$IDLE_UNTIL" "$(deadline)" "its deadline"
	stop_on lab_client session
	ok "a finished build in use is extended step by step to the cap, another is not"
}

begin 3
follow_events
begins_connecting
begins_warnings
begins_use
shows_warnings
shows_use
shows_connecting
