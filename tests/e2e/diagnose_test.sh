#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# diagnose tells network trouble from key trouble: each case is made for real, with a real ssh.
# Then the records behind it: connections, attestation, audit, and host keys for KnownHostsCommand.
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# is_case CASE [CLIENT]: what diagnose says of node 0 of the build that is tried.
is_case() {
	api GET "/v1/builds/$BUILD/diagnose${2:+?client=$2}"
	[ "$STATUS" = 200 ] && [ "$(answer '.nodes[0].case')" = "$1" ]
}

# What is certain, and whether more is said to be likely: what the packets alone cannot tell.
says_no_more_than_it_knows() {
	local fine='The connection reached the VM.s sshd and a key exchange completed'

	case $1 in
	host_key | key | login)
		assert_match "$fine" <(answer '.nodes[0].certain') "what is certain of $1"
		[ "$(answer '.nodes[0].likely')" != null ] || fail "$1: nothing is said to be likely"
		;;
	nothing_arrived | vm_gone | vm_silent | return_path | banner_only)
		[ "$(answer '.nodes[0].likely')" != null ] || fail "$1: nothing is said to be likely"
		;;
	*) assert_eq null "$(answer '.nodes[0].likely')" "what is likely of $1" ;;
	esac
	[ "$1" = login ] || answer '.nodes[0].next[]' | grep -q . || fail "$1: nothing to do next"
}

# The seed's five checks for "Permission denied (publickey)".
gives_the_five_checks() {
	local check

	for check in 'authenticate with GitHub or Bitbucket' 'as the correct user' \
		'started after you added the key' 'is offered here: ssh -v' 'ssh -i'; do
		answer '.nodes[0].next[]' | grep -qF "$check" || fail "key: no advice '$check'"
	done
}

# becomes CASE WHAT [CLIENT]: diagnose says so soon; records follow packets by a moment.
becomes() {
	wait_until 10 is_case "$1" "${3:-$LAB_CLIENT_ADDRESS}" ||
		fail "$2: expected $1, got $(answer '.nodes[0] | "\(.case) \(.latest)"')"
	answer '.nodes[0].certain' | grep -q . || fail "$2: nothing certain"
	says_no_more_than_it_knows "$1"
	ok "$2: $1"
}

# on NODE-ADDRESS [JSON]: a fresh build over this VM; PORT is its public port.
on() {
	BUILD=case$((${BUILD#case} + 1))
	api PUT "/v1/builds/$BUILD" "{\"supersede\":true,\"user\":\"ubuntu\",
		\"nodes\":[{\"index\":0,\"address\":\"$1\",\"port\":${2:-22}}]${3:+,$3}}"
	[ "$STATUS" = 201 ] || fail "PUT of $BUILD: $STATUS $ANSWER"
	PORT=$(node_port 0)
}

# attempt OPTION…: ssh with options before the usual ones, which may fail.
attempt() {
	lab_client ssh "$@" -o ConnectTimeout=2 -o BatchMode=yes "${SSH_OPTIONS[@]}" -p "$PORT" \
		"ubuntu@$LAB_PUBLIC_ADDRESS" true >"$LAB_DIR/attempt" 2>&1
}

# The client has had the FIN of the VM too, which has passed the edge by then.
both_ends_closed() {
	[ -z "$(lab_client ss -Htan state connected exclude time-wait dport = ":$PORT")" ]
}

BUILD=case0
need_programs
lab_begin 2
control_start
vm=$(lab_vm_address 0)

on "$vm"
becomes nothing_arrived "nobody has tried"
attempt -q || fail "a login with the right key: $(cat "$LAB_DIR/attempt")"
becomes login "the right key"
api GET "/v1/builds/$BUILD/diagnose?client=203.0.113.9"
assert_eq nothing_arrived "$(answer '.nodes[0].case')" "the case of another client"
ok "each client is told about itself"

on "$vm"
for i in 1 2 3 4 5; do
	assert_fails "ssh without a key" attempt -o IdentityFile=/nonexistent -o IdentitiesOnly=yes
	wait_until 10 both_ends_closed || fail "the VM does not close its end"
	is_case key "$LAB_CLIENT_ADDRESS" || fail "right behind its end: $(answer '.nodes[0] | "\(.case) \(.latest)"')"
done
becomes key "no key, at once"
lab_client ssh-keygen -q -t ed25519 -N '' -f /tmp/wrong </dev/null >/dev/null
assert_fails "ssh with a wrong key" attempt -o IdentityFile=/tmp/wrong -o IdentitiesOnly=yes
becomes key "a wrong key"
gives_the_five_checks
for i in 1 2 3 4 5; do
	lab_client ssh-keygen -q -t ed25519 -N '' -f /tmp/wrong$i </dev/null >/dev/null
done
assert_fails "ssh with five wrong keys" attempt -o IdentitiesOnly=yes \
	-o IdentityFile=/tmp/wrong1 -o IdentityFile=/tmp/wrong2 -o IdentityFile=/tmp/wrong3 \
	-o IdentityFile=/tmp/wrong4 -o IdentityFile=/tmp/wrong5
tries_are() {
	is_case key "$LAB_CLIENT_ADDRESS" && [ "$(answer '.nodes[0].accepted')" = "$1" ]
}
wait_until 10 tries_are 7 || fail "five wrong keys: $(answer '.nodes[0]')"
becomes key "five wrong keys"
api GET "/v1/builds/$BUILD/attestation"
assert_eq 'true 0' "$(answer '"\(.touched) \(.clients[0].likely_logins)"')" "attestation"

on "$vm"
echo "[$LAB_PUBLIC_ADDRESS]:$PORT $(lab_client cat /tmp/wrong.pub)" >"$LAB_DIR/known"
assert_fails "ssh with another host key" lab_client ssh -o BatchMode=yes \
	-o StrictHostKeyChecking=yes -o UserKnownHostsFile="$LAB_DIR/known" -p "$PORT" \
	"ubuntu@$LAB_PUBLIC_ADDRESS" true
becomes host_key "a host key that the client rejects"

on "$vm"
lab_client python3 -c 'import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); s.recv(100); s.close()' \
	"$LAB_PUBLIC_ADDRESS" "$PORT"
becomes banner_only "something that is not ssh"

on "$vm" 4444
assert_fails "ssh to a port where nothing listens" attempt -q
becomes vm_refused "nothing listens"

on 10.0.3.250
assert_fails "ssh to a VM that is not there" attempt -q
becomes vm_gone "nobody has the VM's address"

lab_in vm1 sysctl -qw net.ipv4.tcp_synack_retries=1
lab_in vm1 ip route replace default via 10.0.0.99
on "$(lab_vm_address 1)"
node_ready() {
	api GET "/v1/builds/$BUILD"
	[ "$(answer '.nodes[0].state')" = ready ]
}
wait_until 20 node_ready
assert_fails "ssh to a VM whose replies go elsewhere" attempt -q
becomes return_path "a VM whose default route leads elsewhere"
lab_in vm1 ip route replace default via $LAB_BUILDS_ADDRESS

# Checksums that are neither whole nor left to a NIC: the VM's kernel drops what has them.
checksum_errors() {
	lab_in vm0 nstat -asz TcpInCsumErrors | awk '/TcpInCsumErrors/ { print $2 }'
}
on "$vm"
wait_until 20 node_ready
lab_in client ethtool -K eth0 tx on >/dev/null
lab_in client nft -f - <<-EOT
	table inet wrong { chain out { type filter hook postrouting priority 0; meta l4proto tcp @th,128,16 set 0x1234; }; }
EOT
errors=$(checksum_errors)
assert_fails "ssh by packets with a wrong checksum" attempt -q
lab_in client nft delete table inet wrong
lab_in client ethtool -K eth0 tx off >/dev/null
assert_ge "$(checksum_errors)" $((errors + 1)) "segments that the VM dropped for their checksum"
becomes return_path "packets with a wrong checksum"
answer '.nodes[0].next[]' | grep -q TcpInCsumErrors || fail "no advice to look at the VM's counter"

# Answers that went elsewhere are sent once more, and would be those of the next build.
forgets_half_open() {
	[ -z "$(lab_in vm1 ss -Htan state syn-recv)" ]
}
wait_until 20 forgets_half_open
lab_in vm1 nft -f - <<-EOT
	table inet mute { chain in { type filter hook input priority 0; tcp dport 22 drop; }; }
EOT
on "$(lab_vm_address 1)"
assert_fails "ssh to a VM that drops" attempt -q
becomes vm_silent "a VM that drops what comes"

on "$vm" 22 '"allow":["203.0.113.0/24"]'
becomes refused "a client that is not allowed"

api DELETE "/v1/builds/$BUILD"
becomes ended "a session that has ended"
api PUT /v1/builds/case99 '{"nodes":[{"index":0}]}'
BUILD=case99
becomes reserved "a VM that has not started"
api POST "/v1/builds/$BUILD/finish"
becomes no_vm "a build that has finished without a VM"
assert_match '^The build has finished without ever having a VM.s address\.$' <(sallyport connect "$BUILD") "connect"

api GET '/v1/connections?build=case1'
assert_eq "$LAB_CLIENT_ADDRESS true" "$(answer '.connections[0] | "\(.client) \(.bytes_to_vm > 3000)"')" \
	"the record of the login"
api GET '/v1/connections?limit=1'
assert_eq 1 "$(answer '.connections | length')" "records on a page of one"
api GET "/v1/connections?limit=1&after=$(answer .next)"
assert_eq 2 "$(answer '.connections[0].number')" "the record on the next page"
api GET /v1/builds/case1/attestation
assert_eq 'true 1' "$(answer '"\(.touched) \(.clients[0].likely_logins)"')" "attestation of a login"
api GET /v1/builds/case99/attestation
assert_eq 'false 0' "$(answer '"\(.touched) \(.clients | length)"')" "attestation of nothing"
api GET /v1/builds/nothing/attestation
assert_eq 404 "$STATUS" "status of the attestation of an unknown build"
api GET '/v1/audit?build=case1'
assert_eq 'put 0' "$(answer '.changes[0] | "\(.what) \(.uid)"')" "the change by us"
ok "connections, attestation and audit are there to be asked"

host_key=$(lab_in edge ssh-keyscan -t ed25519 "$vm" 2>/dev/null | sed -n '/^#/!s/^[^ ]* //p')
cp "$(lab_cli_path)" "$LAB_DIR/sallyport"
chmod 0666 "$LAB_SOCKET"
api PUT /v1/builds/keyed "{\"supersede\":true,\"user\":\"ubuntu\",\"nodes\":[{\"index\":0,
	\"address\":\"$vm\",\"host_keys\":[\"$host_key\"]}]}"
PORT=$(node_port 0)
assert_eq "keyed-0 $host_key" "$(sallyport known-hosts keyed-0)" "the line for KnownHostsCommand"
assert_eq "" "$(sallyport known-hosts elsewhere.example)" "the line of a host that is not ours"
assert_eq vm0 "$(lab_client ssh -o BatchMode=yes -o StrictHostKeyChecking=yes \
	-o UserKnownHostsFile=/dev/null -o HostKeyAlias=keyed-0 \
	-o KnownHostsCommand="$LAB_DIR/sallyport -s $LAB_SOCKET known-hosts %H" -p "$PORT" \
	"ubuntu@$LAB_PUBLIC_ADDRESS" hostname)" "the host behind a strict check"
ok "ssh checks host keys by KnownHostsCommand"

BUILD=keyed
is_over() {
	api GET /v1/builds/keyed/diagnose
	[ "$(answer '.nodes[0].latest.closed_by')" = "closed by the client" ]
}
wait_until 10 is_over || fail "the login is not over: $(answer '.nodes[0]')"
opened=$(answer '.nodes[0].latest.opened_at')
sallyport diagnose keyed --utc >"$LAB_DIR/text"
assert_match "^  latest of 1: from $LAB_CLIENT_ADDRESS at $opened, accepted by the VM, closed by the client\$" \
	"$LAB_DIR/text" "the latest connection in text"
lab_in edge ip link set builds down
becomes builds_down "the edge's own interface is down"
sallyport diagnose keyed >"$LAB_DIR/text"
assert_match '^node 0: This edge carries nothing now: its own interface towards the VMs, ' "$LAB_DIR/text" "text"
ok "text has the latest connection, and the edge's own fault comes before the VM's"
