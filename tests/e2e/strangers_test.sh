#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a scan of the whole pool of 1,000 ports tells: no title, id or organisation, to a stranger or to
# a VM. Who was connected to a build reads all about its end, also after a restart.
LAB_PORTS=64536-65535
LAB_EXPLAIN=full
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

SCANNERS=60 # addresses of the stranger: each may dial but so often in a moment

# nodes NUMBER [ADDRESS]: so many nodes of a build as JSON, the first at ADDRESS.
nodes() {
	jq -nc --arg first "${2:-}" \
		"[range($1) | {index: .} + if . == 0 and \$first != \"\" then {address: \$first} else {} end]"
}

# many NAME FIELDS [ADDRESS]: a build of 55 nodes with names that nobody shall read.
many() {
	api PUT "/v1/builds/unannounced-$1" "{\"title\":\"secretcorp/product#$1\",\"supersede\":true,
		\"organisation\":\"secretcorp\",\"nodes\":$(nodes 55 "${3:-}")$2}"
	[ "$STATUS" = 201 ] || fail "PUT of $1: $STATUS $ANSWER"
}

connected() {
	api GET "/v1/builds/$1"
	[ "$(answer .connected_at)" != null ]
}

# read_at PORT [ADDRESS]: what the client's ssh is told there, from that address, to $LAB_DIR/refused.
read_at() {
	assert_fails "ssh to port $1" lab_client ssh "${SSH_OPTIONS[@]}" ${2:+-b "$2"} -p "$1" \
		"ubuntu@$LAB_PUBLIC_ADDRESS" true
}

# scan MACHINE SOURCE…: dials each port of the pool from there; what all of them say, to $LAB_DIR/scan.
scan() {
	local machine=$1

	shift
	"$LAB_TOOLS/scan.py" "$LAB_NS-$machine" "$LAB_PUBLIC_ADDRESS" "$LAB_PORTS" "$@" \
		>"$LAB_DIR/scan" || fail "the scan: $(cat "$LAB_DIR/scan")"
}

# nameless WHO SENTENCE…: the scan was told these sentences, and no name.
nameless() {
	local who=$1 told

	shift
	for told in "$@"; do
		assert_match "$told" "$LAB_DIR/scan" "what $who reads"
	done
	if grep -iE 'secretcorp|unannounced|product' "$LAB_DIR/scan"; then
		fail "$who reads names"
	fi
	told=$(wc -l <"$LAB_DIR/scan")
	assert_eq 1000 "$told" "ports dialled by $who"
	ok "$who dials 1000 ports, is told why by $(grep -cE 'The SSH|Your address' "$LAB_DIR/scan") and reads no name"
}

begin 1
# The session of somebody whom the edge gets to know.
many known '' "$(lab_vm_address 0)"
known=$(node_port 0)
assert_eq vm0 "$(ssh_to "$known" hostname)" "host name behind the live port"
wait_until 10 connected unannounced-known || fail "nobody knows of the connection"
api DELETE /v1/builds/unannounced-known
for i in 1 2 3 4 5; do
	many "reserved-$i" ''
	many "everybody-$i" ',"allow":["0.0.0.0/0"]'
	many "ended-$i" ''
	api DELETE "/v1/builds/unannounced-ended-$i"
done
many closed ',"allow":["203.0.113.0/24"]' "$(lab_vm_address 0)"
closed=$(node_port 0)

mapfile -t scanners < <(seq -f "192.0.2.%.0f" 10 $((9 + SCANNERS)))
printf 'addr add %s/24 dev eth0\n' "${scanners[@]}" | ip -n "$LAB_NS-client" -batch -
scan client "${scanners[@]}"
nameless "a stranger" 'The SSH session on this port has ended' 'is not ready yet' 'may not use'

read_at "$known"
assert_match 'SSH for build secretcorp/product#known .node 0. ended' "$LAB_DIR/refused" "what the guest reads"
ok "who was connected reads: $(grep -oE 'SSH for build.*' "$LAB_DIR/refused")"
read_at "$known" "$LAB_STRANGER_ADDRESS"
assert_match 'The SSH session on this port has ended' "$LAB_DIR/refused" "what another reads there"
ok "another reads: The SSH session on this port has ended"
read_at "$closed"
assert_match 'Your address may not use' "$LAB_DIR/refused" "what one who is not allowed reads"

daemon_crash control
control_start
read_at "$known"
assert_match 'SSH for build secretcorp/product#known .node 0. ended' "$LAB_DIR/refused" \
	"what the guest reads after a restart"
ok "after a crash and a restart too"

# A VM that dials the public address, from as many addresses as it likes.
mapfile -t scanners < <(seq -f "10.0.4.%.0f" 10 $((9 + SCANNERS)))
printf 'addr add %s/16 dev eth0\n' "${scanners[@]}" | ip -n "$LAB_NS-vm0" -batch -
scan vm0 "${scanners[@]}"
nameless "a VM" 'The SSH session on this port has ended'
