#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Proves the lab without sallyport: no carrier, no ssh; with the kernel's own NAT in the edge, ssh
# and bulk transfers work. What later fails in a lab is then sallyport's doing.
set -euo pipefail
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"

fail() {
	echo "not ok - $*" >&2
	exit 1
}

ssh_to() {
	lab_client ssh -p "$1" "ubuntu@$LAB_PUBLIC_ADDRESS" "${@:2}"
}

lab_begin 2
ssh_to 64535 true 2>/dev/null && fail "ssh got through an edge without any carrier"
echo "ok - without a carrier ssh fails"

lab_in edge nft -f - <<EOT
table ip lab {
	chain in {
		type nat hook prerouting priority dstnat
		iifname public tcp dport 64535 dnat to $(lab_vm_address 0):22
		iifname public tcp dport 64536 dnat to $(lab_vm_address 1):22
	}
}
EOT
lab_in edge sysctl -qw net.ipv4.ip_forward=1

[ "$(ssh_to 64535 hostname)" = vm0 ] || fail "port 64535 is not vm0"
[ "$(ssh_to 64536 hostname)" = vm1 ] || fail "port 64536 is not vm1"
echo "ok - each VM has its own sshd and host name"

ssh_to 64535 printenv SSH_CONNECTION | grep -q "^$LAB_CLIENT_ADDRESS " ||
	fail "sshd does not see the client's address"
echo "ok - sshd sees the client's address"

lab_client ssh -i .ssh/stranger -o IdentitiesOnly=yes -p 64535 "ubuntu@$LAB_PUBLIC_ADDRESS" true \
	2>"$LAB_DIR/stranger" && fail "a stranger's key is accepted"
grep -q 'Permission denied (publickey)' "$LAB_DIR/stranger" || fail "wrong refusal"
echo "ok - a stranger's key is refused"

head -c 32M /dev/urandom >"$(lab_client_home)/blob"
lab_client scp -qP 64536 blob "ubuntu@$LAB_PUBLIC_ADDRESS:blob"
cmp "$(lab_client_home)/blob" "$(lab_vm_home 1)/blob" || fail "scp changed the bytes"
echo "ok - scp keeps the bytes"

lab_in edge ping -qc1 -W2 "$(lab_vm_address 0)" >/dev/null || fail "the edge cannot reach vm0"
echo "ok - the edge itself reaches the VMs"
