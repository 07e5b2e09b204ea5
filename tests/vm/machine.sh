# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The edge as a virtual machine, with a pair of NICs of each model, and the two machines beside it, which
# are those of the lab: namespaces of the kernel below, with default offloads.
#
#	client 192.0.2.2 --- [bridge] --- publicN [edge] buildsN --- [bridge] --- vm0 10.0.3.7
#
# Runs in namespaces of its own (network, mounts, processes), which end with it: see run.

VM_EDGE=10.0.2.15

vm_bridge() {
	ip link add "br-$1" type bridge mcast_snooping 0
	ip link set "br-$1" up
}

# vm_peer NAME SIDE: a namespace of the lab with a wire to the bridge of a side.
vm_peer() {
	network_namespace "$1"
	ip -n "$LAB_NS-$1" link add eth0 type veth peer name "$1" netns 1
	ip link set "$1" master "br-$2" up
	ip -n "$LAB_NS-$1" link set eth0 up
}

vm_network() {
	ip link set lo up
	ip tuntap add dev mgmt mode tap
	ip addr add 10.0.2.2/24 dev mgmt
	ip link set mgmt up
	vm_bridge public
	vm_bridge builds
	vm_peer client public
	vm_peer vm0 builds
	ip -n "$LAB_NS-client" -batch - <<-EOT
		addr add $LAB_CLIENT_ADDRESS/24 dev eth0
		addr add $LAB_CLIENT_ADDRESS6/64 dev eth0 nodad
	EOT
	ip -n "$LAB_NS-vm0" -batch - <<-EOT
		addr add $(lab_vm_address 0)/16 dev eth0
		addr add $(lab_vm_address6 0)/64 dev eth0 nodad
		route add default via $LAB_BUILDS_ADDRESS
	EOT
	ip -n "$LAB_NS-vm0" -6 route add default via 2001:db8:2::1
}

# The client and the build's VM.
vm_peers() {
	mkdir -p "$LAB_DIR/log"
	echo 1 >"$LAB_DIR/vms"
	machines_keys
	machine_start client client
	machine_start vm0 vm
	machines_ready
}

# vm_nic PAIR SIDE MODEL: adds a NIC to VM_NICS, the arguments of qemu. virtio has two queues.
vm_nic() {
	local pair=$1 side=$2 device=$3 multi=() queues='' mac

	mac=52:54:00:00:0$pair:0$([ "$side" = public ] && echo 2 || echo 3)
	if [ "${device%%,*}" = virtio ]; then
		device=virtio-net-pci${device#virtio},mq=on,vectors=6
		multi=(multi_queue) queues=,queues=2
	fi
	ip tuntap add dev "$side$pair" mode tap "${multi[@]}"
	ip link set "$side$pair" master "br-$side" up
	VM_NICS+=(-netdev "tap,id=$side$pair,ifname=$side$pair,script=no,downscript=no$queues"
		-device "$device,netdev=$side$pair,mac=$mac")
}

# Whether Debian's kernel runs under KVM here: some hosts have a /dev/kvm under which only a kernel made for
# it starts. Ours finds no disk and reboots, for which qemu ends; that takes 2 s. Asked once a run.
vm_kvm_works() {
	[ -w /dev/kvm ] || return 1
	if [ ! -e "$VM_RUN/kvm" ]; then
		timeout 20 qemu-system-x86_64 -machine q35 -accel kvm -cpu host -m 512 -display none -nodefaults \
			-no-user-config -no-reboot -kernel "$VM_IMAGE/vmlinuz" -append "quiet panic=-1" \
			</dev/null >"$VM_RUN/kvm.log" 2>&1 && echo yes >"$VM_RUN/kvm" || echo no >"$VM_RUN/kvm"
	fi
	[ "$(cat "$VM_RUN/kvm")" = yes ]
}

# vm_start MODEL…: boots the edge, on a disk that is fresh if there is none.
vm_start() {
	local model pair=0 accel=tcg,thread=multi cpu=max

	if vm_kvm_works; then
		accel=kvm cpu=host
	fi
	VM_NICS=()
	for model in "$@"; do
		vm_nic $pair public "$model"
		vm_nic $pair builds "$model"
		pair=$((pair + 1))
	done
	[ -e "$VM_RUN/edge.img" ] ||
		qemu-img create -q -f qcow2 -b "$VM_IMAGE/base.img" -F raw "$VM_RUN/edge.img"
	nice -n 19 qemu-system-x86_64 -name edge -machine q35 -accel "$accel" -cpu "$cpu" \
		-smp "${VM_CPUS:-2}" -m "${VM_MEMORY:-3072}" -display none -nodefaults -no-user-config \
		-kernel "$VM_IMAGE/vmlinuz" -initrd "$VM_IMAGE/initrd" \
		-append "root=/dev/vda rw console=ttyS0 quiet mitigations=off" \
		-drive "file=$VM_RUN/edge.img,format=qcow2,if=virtio,cache=unsafe" \
		-drive "file=$VM_RUN/tree.img,format=raw,if=virtio,cache=unsafe" \
		-serial "file:$VM_RUN/console" \
		-netdev tap,id=mgmt,ifname=mgmt,script=no,downscript=no \
		-device virtio-net-pci,netdev=mgmt,mac=52:54:00:00:00:01 \
		-object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
		"${VM_NICS[@]}" </dev/null >"$VM_RUN/qemu.log" 2>&1 &
	echo $! >"$VM_RUN/qemu.pid"
}

vm_stop() {
	local pid

	[ -s "$VM_RUN/qemu.pid" ] || return 0
	pid=$(cat "$VM_RUN/qemu.pid")
	kill "$pid" 2>/dev/null
	wait "$pid"
	rm -f "$VM_RUN/qemu.pid"
}

# What the edge and qemu said last.
vm_last_words() {
	tail -n 30 "$VM_RUN/console" "$VM_RUN/qemu.log"
	kill -0 "$(cat "$VM_RUN/qemu.pid")" || echo "qemu has ended."
}

VM_SSH=(-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes
	-o ConnectTimeout=60 -o ServerAliveInterval=30 -o ServerAliveCountMax=20)

# Runs a command line in the edge, as root. Its limit is VM_LIMIT seconds (120), times what is slow.
edge() {
	timeout $((${VM_LIMIT:-120} * ${SALLYPORT_SLOW:-1})) \
		ssh "${VM_SSH[@]}" -i "$VM_IMAGE/key" -o ControlMaster=auto -o ControlPersist=30 \
		-o "ControlPath=$VM_RUN/mux" "root@$VM_EDGE" "$*"
}

# Prints which boot the edge runs; fails while it cannot be reached.
vm_boot_id() {
	VM_LIMIT=90 edge cat /proc/sys/kernel/random/boot_id
}

vm_rebooted() {
	local now _

	if now=$(vm_boot_id) && [ "$now" != "$1" ]; then
		return 0
	fi
	read -rt 2 _ <> <(:)
	return 1
}

# vm_wait [BOOT]: until the edge can be reached, in another boot than BOOT.
vm_wait() {
	wait_until 900 vm_rebooted "${1:-none}" || {
		vm_last_words >&2
		return 1
	}
}

# How many times longer the edge takes for the same work than the machine below it, at least 1.
vm_measure_slow() {
	# shellcheck disable=SC2016
	local work='start=${EPOCHREALTIME/./}
		for ((i = 0; i < 100; i++)); do /bin/true; done
		head -c 4M /dev/zero | sha256sum >/dev/null
		echo $((${EPOCHREALTIME/./} - start))' here there

	here=$(bash -c "$work")
	there=$(edge "$work")
	echo $(((there + here - 1) / here))
}
