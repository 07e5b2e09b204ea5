#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Public ports never move in a session, two nodes have two, and a PUT is all or nothing.
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

begin 2
put_build still 0 1
assert_eq 201 "$STATUS" "status of the first PUT"
first=$(answer '[.nodes[].public_port] | join(" ")')
assert_eq 2 "$(tr ' ' '\n' <<<"$first" | sort -u | wc -l)" "different ports of two nodes"
for port in $first; do
	assert_ge "$port" 64535 "a port of the pool"
done
ok "two nodes have two ports of the pool: $first"

put_build still 0 1
assert_eq 200 "$STATUS" "status of the same PUT again"
assert_eq "$first" "$(answer '[.nodes[].public_port] | join(" ")')" "ports after PUT again"
api POST /v1/builds/still/finish '{}'
assert_eq "$first" "$(answer '[.nodes[].public_port] | join(" ")')" "ports after finish"
api GET /v1/builds/still
assert_eq "$first" "$(answer '[.nodes[].public_port] | join(" ")')" "ports in GET"
assert_eq finished "$(answer .state)" "state after finish"
ok "PUT again and finish move no port"

for index in 0 1; do
	port=$(cut -d' ' -f$((index + 1)) <<<"$first")
	assert_eq "vm$index" "$(ssh_to "$port" hostname)" "host name behind port $port"
	assert_eq live "$(slot "$port" state)" "state of slot $port"
done
ok "each port leads to its VM, before and after finish"

# Eight nodes, one of them outside builds.networks.
body=$(jq -nc '{nodes: [range(8) | {index: ., address: "10.0.4.\(. + 1)", port: 22}]} |
	.nodes[5].address = "172.16.0.1"')
api PUT /v1/builds/eight "$body"
assert_eq 4 "${STATUS:0:1}" "class of the answer to a bad node ($STATUS)"
assert_eq /nodes/5/address "$(answer '.errors[0].pointer')" "pointer at the bad node"
api GET /v1/builds/eight
assert_eq 404 "$STATUS" "status of GET of the refused build"
api GET /v1/builds
assert_eq still "$(answer '[.builds[].id] | join(" ")')" "builds there are"
ok "one bad node of eight installs none, and is named"

body=$(jq -c '.nodes[5].address = "10.0.4.99"' <<<"$body")
api PUT /v1/builds/eight "$body"
assert_eq 201 "$STATUS" "status of the PUT of eight good nodes"
assert_eq 8 "$(answer '[.nodes[].public_port] | unique | length')" "ports of eight nodes"
ok "eight good nodes get eight ports"

api DELETE /v1/builds/eight
assert_eq 2 "${STATUS:0:1}" "class of the answer to DELETE ($STATUS)"
api DELETE /v1/builds/eight
assert_eq 204 "$STATUS" "status of DELETE again"
api PUT /v1/builds/other "$(build_body 0)"
assert_eq 409 "$STATUS" "status of a PUT of a VM that another live build holds"
grep -q still <<<"$ANSWER" || fail "the conflict does not name the holder: $ANSWER"
ok "a VM is in one live build at a time, and the refusal names the holder"

# Ports that the orchestrator names: of the node and of a forward. The VM is that of "still", ended now.
api GET /v1/builds/still
taken=$(node_port)
api DELETE /v1/builds/still
port=$((taken == 64535 ? 64536 : taken - 1))
body=$(jq -c --argjson port "$port" '.nodes[0].public_port = $port' <<<"$(build_body 0)")
api PUT /v1/builds/named "$body"
assert_eq 201 "$STATUS" "status of a PUT that names a port ($ANSWER)"
assert_eq "$port" "$(node_port)" "the port that was named"
wait_until 10 ssh_to "$port" true
body=$(jq -c --argjson port "$port" '.nodes[0].address = "10.0.4.50" | .nodes[0].public_port = $port' <<<"$body")
api PUT /v1/builds/again "$body"
assert_eq 409 "$STATUS" "status of a PUT that names a used port"
assert_eq urn:sallyport:problem:port-in-use "$(answer .type)" "type of the problem"
assert_eq /nodes/0/public_port "$(answer '.errors[0].pointer')" "pointer at the port"
ok "a port that is named is given, once"
