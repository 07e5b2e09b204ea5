#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Through us a VM can answer and never open, nothing reaches a VM but through a live lease, and the
# edge's own traffic to a VM is its own. In both engines.
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

VM=$(lab_vm_address 0)

# from_vm PROTOCOL PORT FLAGS [TARGET:PORT]: a packet from VM 0, at the edge's link address.
from_vm() {
	lab_in vm0 "$LAB_TOOLS/send.py" eth0 "$LAB_BUILDS_ADDRESS" "$1" "$VM:$2" \
		"${4:-$LAB_CLIENT_ADDRESS:40000}" "$3"
}

# from_client PROTOCOL PORT TARGET:PORT FLAGS: a packet from the client, at the edge's link address.
from_client() {
	lab_in client "$LAB_TOOLS/send.py" eth0 "$LAB_PUBLIC_ADDRESS" "$1" \
		"$LAB_CLIENT_ADDRESS:$2" "$3" "$4"
}

# What a VM may not send, then one packet that it may: only that one arrives, as the public port's.
vm_only_answers() {
	local engine=$1

	capture_start "out-$engine" client eth0 -Q in "not arp and host $LAB_CLIENT_ADDRESS and \
		(host $VM or (src host $LAB_PUBLIC_ADDRESS and src port $port))"
	from_vm tcp 22 S
	from_vm tcp 22 SF
	from_vm tcp 2222 A
	from_vm tcp 2222 S
	from_vm tcp "$port" SA
	from_vm udp 22 -
	from_vm udp 53 -
	from_vm icmp 0 -
	from_vm tcp 22 PA
	wait_until 5 pcap_has "out-$engine" 1
	capture_stop "out-$engine"
	assert_eq 1 "$(pcap count "out-$engine")" "packets that left the VM for the client"
	assert_eq "$LAB_PUBLIC_ADDRESS:$port $LAB_CLIENT_ADDRESS:40000" "$(pcap flows "out-$engine")" \
		"the one that may"
	ok "$engine: of nine kinds of packet a VM's reply alone leaves, as from the public port"
}

# What strangers may not send at VMs, then ssh as it should be.
nothing_but_leases() {
	local engine=$1

	capture_start "in-$engine" vm0 eth0 -Q in "not arp and src host $LAB_CLIENT_ADDRESS"
	from_client tcp 40001 "$VM:22" S
	from_client tcp 40001 "$VM:22" A
	from_client udp 40001 "$VM:22" -
	from_client icmp 0 "$VM:0" -
	from_client tcp 40001 "$(lab_vm_address 1):22" S
	from_client tcp 40001 "$LAB_PUBLIC_ADDRESS:22" S
	from_client tcp 40001 "$LAB_PUBLIC_ADDRESS:$((port == 65535 ? 64535 : port + 1))" S
	from_client udp 40001 "$LAB_PUBLIC_ADDRESS:$port" -
	assert_eq vm0 "$(ssh_to "$port" hostname)" "host name behind the lease"
	capture_stop "in-$engine"
	pcap flows "in-$engine" >"$LAB_DIR/flows"
	assert_eq "" "$(sed -n '/:4000[01]/p' "$LAB_DIR/flows")" "stray packets at the VM"
	ok "$engine: from the public side nothing reaches a VM but through its lease"
}

# ssh from the edge itself: its replies are the kernel's and not ours to translate.
edge_itself() {
	local name

	name=$(lab_in edge ssh -F /dev/null "${SSH_OPTIONS[@]}" -o BatchMode=yes \
		-i "$LAB_DIR/keys/id_ed25519" "ubuntu@$VM" hostname)
	assert_eq vm0 "$name" "host name that the edge reaches"
	lab_in edge ping -qc1 -W2 "$VM" >/dev/null || fail "the edge cannot ping the VM"
	lab_in vm0 ping -qc1 -W2 "$LAB_BUILDS_ADDRESS" >/dev/null || fail "the VM cannot ping the edge"
	lab_in vm0 ping -qc1 -W2 "$(lab_vm_address 1)" >/dev/null || fail "VM 0 cannot ping VM 1"
	ok "$1: ssh and ping between the edge and the VM, and between VMs, are left alone"
}

begin 2
put_build alone 0
port=$(node_port 0)
for engine in dpdk xdp; do
	vm_only_answers "$engine"
	nothing_but_leases "$engine"
	edge_itself "$engine"
	[ "$engine" = xdp ] || dpdk_alone
	daemon_stop dp
done
