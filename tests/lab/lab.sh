#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The lab: a client, an edge host and N build VMs as network namespaces on one machine. Each VM and
# the client is a machine of its own (network, mounts, processes, host name) with a real sshd or a
# user's home; the edge runs sallyportd and sallyport-dp and routes nothing itself.
#
#   client 192.0.2.2 --- 192.0.2.1 public [edge] builds 10.0.0.1 --- [bridge] --- vmN 10.0.3.(7+N)
#
# As a command:  lab.sh up [VMS] | down ID | shell ID MACHINE | status | reap
# As a library:  . tests/lab/lab.sh; lab_begin 2; … (the lab goes when the shell exits)
#
# Parameters, from the environment:
#   SALLYPORT_BUILD     the build directory with the three programs (default: build)
#   SALLYPORT_LAB_ROOT  where labs keep their files (default: /dev/shm or /var/tmp/sallyport-lab)
#   LAB_*               see config.sh: what stands in this lab's sallyport.conf

LAB_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Prints where labs keep their files: in memory, if that is large enough for what tests copy about.
lab_default_root() {
	local size_kib

	size_kib=$(df --output=size -k /dev/shm 2>/dev/null | tail -n1)
	if [ "${size_kib:-0}" -gt $((3 << 20)) ]; then
		echo /dev/shm/sallyport-lab
	else
		echo /var/tmp/sallyport-lab
	fi
}

LAB_ROOT=${SALLYPORT_LAB_ROOT:-$(lab_default_root)}
SALLYPORT_BUILD=${SALLYPORT_BUILD:-$(cd "$LAB_SOURCE/../.." && pwd)/build}

# shellcheck source=tests/lab/wait.sh
. "$LAB_SOURCE/wait.sh"
# shellcheck source=tests/lab/network.sh
. "$LAB_SOURCE/network.sh"
# shellcheck source=tests/lab/machines.sh
. "$LAB_SOURCE/machines.sh"
# shellcheck source=tests/lab/config.sh
. "$LAB_SOURCE/config.sh"
# shellcheck source=tests/lab/daemons.sh
. "$LAB_SOURCE/daemons.sh"

# Prints when a process started, in clock ticks: with its pid, the name of one process for ever.
lab_started() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	printf '%s\n' "${20}"
}

# Succeeds while the process named by "PID STARTED" runs.
lab_alive() {
	[ "$(lab_started "$1")" = "$2" ]
}

# Names everything of lab $1, without making it.
lab_name() {
	LAB_ID=$1
	LAB_DIR=$LAB_ROOT/$LAB_ID
	LAB_NS=spL$LAB_ID
	LAB_BPF_DIR=/sys/fs/bpf/sallyport-lab-$LAB_ID
	LAB_CONFIG=$LAB_DIR/sallyport.conf
	LAB_SOCKET=$LAB_DIR/run/api.sock
}

# Takes an id that no other lab has: our pid, or the next one free.
lab_take_id() {
	local id=$BASHPID

	mkdir -p "$LAB_ROOT"
	until mkdir "$LAB_ROOT/$id" 2>/dev/null; do
		id=$((id + 1))
	done
	lab_name "$id"
}

# Makes the machines and the wires of a lab with $1 VMs; no process of ours runs in it yet. $2 is
# the pid of the process it belongs to, or "nobody" for a lab that stays until it is taken down.
lab_build() {
	local vms=$1 owner=$2 i

	[ "$(id -u)" = 0 ] || {
		echo "the lab needs root: it makes network namespaces" >&2
		return 1
	}
	lab_take_id
	LAB_VMS=$vms
	mkdir "$LAB_DIR/run" "$LAB_DIR/state" "$LAB_DIR/log"
	if [ "$owner" = nobody ]; then
		echo nobody >"$LAB_DIR/owner"
	else
		echo "$owner $(lab_started "$owner")" >"$LAB_DIR/owner"
	fi
	echo "$vms" >"$LAB_DIR/vms"
	lab_bpffs
	network_up "$vms"
	machines_keys
	machine_start client client
	for ((i = 0; i < vms; i++)); do
		machine_start "vm$i" vm
	done
	machines_ready
	config_write >"$LAB_CONFIG"
}

lab_bpffs() {
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
}

# Ends every process of lab $1 and removes every trace of it. Safe on a half-made lab.
lab_remove() {
	local ns kind

	lab_name "$1"
	daemons_kill
	machines_kill
	for kind in client net router edge edge2 edge3 member{0..2} vms $(network_vm_names); do
		ns=$LAB_NS-$kind
		[ -e "/run/netns/$ns" ] || continue
		ip netns pids "$ns" | xargs -r kill -9
		ip netns del "$ns"
	done
	hugepages_restore
	rm -rf "$LAB_BPF_DIR" "$LAB_BPF_DIR"-[bc] "$LAB_DIR"
}

# Removes the labs whose owner is gone, such as those of a script that was killed with -9.
lab_reap() {
	local dir owner started lock

	mkdir -p "$LAB_ROOT"
	exec {lock}>"$LAB_ROOT/.lock"
	flock "$lock"
	for dir in "$LAB_ROOT"/*/; do
		[ -e "$dir/owner" ] || continue
		read -r owner started <"$dir/owner" || continue
		[ "$owner" = nobody ] && continue
		lab_alive "$owner" "$started" && continue
		(lab_remove "$(basename "$dir")")
	done
	exec {lock}>&-
}

# Makes a lab with $1 VMs for this shell and removes it when the shell exits, however that is.
# LAB_KEEP=1 leaves it standing for a look.
lab_begin() {
	lab_reap
	trap lab_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
	lab_build "${1:-2}" "$BASHPID"
}

lab_end() {
	local code=$?

	trap - EXIT
	if declare -F at_exit >/dev/null; then
		at_exit "$code"
	fi
	if [ "${LAB_KEEP:-0}" = 1 ]; then
		echo nobody >"$LAB_DIR/owner"
		echo "lab $LAB_ID is left standing: $LAB_SOURCE/lab.sh down $LAB_ID" >&2
	else
		lab_remove "$LAB_ID"
	fi
	exit "$code"
}

# Takes up a lab that stands already.
lab_attach() {
	lab_name "$1"
	[ -e "$LAB_DIR/vms" ] || {
		echo "there is no lab $1 (see lab.sh status)" >&2
		return 1
	}
	LAB_VMS=$(cat "$LAB_DIR/vms")
}

lab_status() {
	local dir id

	for dir in "$LAB_ROOT"/*/; do
		[ -e "$dir/vms" ] || continue
		id=$(basename "$dir")
		lab_attach "$id"
		printf 'lab %s: %s VMs, owner %s, sallyportd %s, sallyport-dp %s, socket %s\n' "$id" \
			"$LAB_VMS" "$(cat "$dir/owner")" "$(daemon_state control)" \
			"$(daemon_state dp)" "$LAB_SOCKET"
	done
}

# What `make lab` prints once a lab stands.
lab_describe() {
	cat <<-EOT
		lab $LAB_ID stands, with $LAB_VMS VMs (10.0.3.7 and up) behind the edge 192.0.2.1

		  a shell on the client:   tests/lab/lab.sh shell $LAB_ID client
		  a shell on the edge:     tests/lab/lab.sh shell $LAB_ID edge
		  a shell on a VM:         tests/lab/lab.sh shell $LAB_ID vm0
		  the operator's socket:   export SALLYPORT_SOCKET=$LAB_SOCKET
		  open a way in:           $(lab_cli_path) enable my-build --user ubuntu --node 10.0.3.7
		  its logs:                $LAB_DIR/log
		  take it down:            tests/lab/lab.sh down $LAB_ID
	EOT
}

lab_shell() {
	case $1 in
	edge | net) exec nsenter --net="/run/netns/$LAB_NS-$1" bash ;;
	client) machine_enter client dev bash -i ;;
	*) machine_enter "$1" ubuntu bash -i ;;
	esac
}

lab_command() {
	local verb=${1:-}

	[ $# = 0 ] || shift
	case $verb in
	up)
		lab_reap
		lab_build "${1:-2}" nobody
		if [ -x "$(lab_control_path)" ]; then
			lab_start
		fi
		lab_describe
		;;
	down) lab_attach "${1:?usage: lab.sh down ID}" && lab_remove "$1" ;;
	shell) lab_attach "${1:?usage: lab.sh shell ID MACHINE}" && lab_shell "${2:-client}" ;;
	status) lab_status ;;
	reap) lab_reap ;;
	*)
		echo "usage: lab.sh up [VMS] | down ID | shell ID MACHINE | status | reap" >&2
		return 2
		;;
	esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -euo pipefail
	lab_command "$@"
fi
