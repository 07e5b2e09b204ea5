#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A port that explains itself: plain ssh prints why a reserved, ended or refused port is no way in,
# with no host-key alarm even where known_hosts says otherwise.
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# explained PORT PATTERN WHAT: ssh fails and prints it, against a known_hosts that conflicts.
explained() {
	local key

	key=$(cut -d' ' -f1,2 "$LAB_DIR/keys/stranger.pub")
	echo "[$LAB_PUBLIC_ADDRESS]:$1 $key" >"$(lab_client_home)/conflicting"
	assert_fails "ssh to a port that is $3" lab_client ssh -o UserKnownHostsFile=conflicting \
		-o StrictHostKeyChecking=yes -p "$1" "ubuntu@$LAB_PUBLIC_ADDRESS" true
	assert_match "$2" "$LAB_DIR/refused" "$3"
	grep -q 'HOST IDENTIFICATION' "$LAB_DIR/refused" && fail "$3: a host-key alarm"
	ok "$3: $(grep -oE 'Received disconnect.*' "$LAB_DIR/refused")"
}

begin 1
api PUT /v1/builds/soon "{\"title\":\"acme/api#1\",\"allow\":[\"$LAB_CLIENT_ADDRESS\"],\"nodes\":[{\"index\":0}]}"
assert_eq 201 "$STATUS" "status of a PUT without an address"
explained "$(node_port 0)" 'acme/api#1' reserved

api PUT /v1/builds/over "$(build_body 0 | jq -c '.title = "acme/api#2"')"
port=$(node_port 0)
assert_eq vm0 "$(ssh_to "$port" hostname)" "host name behind the live port"
connected() {
	api GET /v1/builds/over
	[ "$(answer .connected_at)" != null ]
}
wait_until 10 connected || fail "nobody knows of the connection"
api DELETE /v1/builds/over
explained "$port" 'acme/api#2.*(cancelled|ended)' ended

api PUT /v1/builds/closed "$(build_body 0 | jq -c '.allow = ["203.0.113.0/24"]')"
assert_eq 201 "$STATUS" "status of a PUT with an allow-list"
explained "$(node_port 0)" 'Received disconnect' "not allowed"
refusal_told() {
	lab_api GET '/v1/events?follow=0' | grep -F '"client.refused"' | tail -n1 |
		jq -e ".build == \"closed\" and .detail == \"$LAB_CLIENT_ADDRESS\""
}
wait_until 10 refusal_told || fail "no event client.refused for the client"
ok "an event tells who was refused"
api DELETE /v1/builds/closed

api PUT /v1/builds/open "$(build_body 0 | jq -c ".allow = [\"$LAB_CLIENT_ADDRESS/32\"]")"
assert_eq vm0 "$(ssh_to "$(node_port 0)" hostname)" "host name for a client on the list"
ok "a client on the allow-list gets in"
assert_fails "ssh from an address that is not on the list" lab_client ssh "${SSH_OPTIONS[@]}" \
	-b $LAB_STRANGER_ADDRESS -p "$(node_port 0)" "ubuntu@$LAB_PUBLIC_ADDRESS" true
ok "another address does not"
