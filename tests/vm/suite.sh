#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The cases of one suite of Debian: `run` starts it, in namespaces that it may fill.
#
#	suite.sh [PATTERN…]	those whose names match one of the patterns
#	suite.sh --list
#
# Here are the edge and the two machines beside it; what is done with them is in cases/.
set -uo pipefail

VM_HERE=$(dirname "$(readlink -f "$0")")
MODELS=${MODELS:-virtio virtio,ctrl_guest_offloads=off e1000e vmxnet3 rtl8139}
VM_COPY=${VM_COPY:-20M}
# The tree and the configuration, in the edge.
export VM_TREE=/root/sallyport VM_CONF=/etc/sallyport/sallyport.conf
# shellcheck source=tests/lab/lab.sh
. "$VM_HERE/../lab/lab.sh"
# shellcheck source=tests/lab/tag.sh
. "$VM_HERE/../lab/tag.sh"
# shellcheck source=tests/vm/machine.sh
. "$VM_HERE/machine.sh"
for file in "$VM_HERE"/cases/*.sh; do
	# shellcheck source=/dev/null
	. "$file"
done

fail() {
	echo "$*"
	exit 1
}

told() {
	echo "$1" | tee -a "$VM_LOGS/results"
}

# case_run NAME FUNCTION ARGUMENT…: one case. Its first failing command ends it; RESULT, if it writes that
# file, is more to its name. Exit status 77 is a skip.
case_run() {
	local name=$1 status log=$VM_LOGS/$VM_SUITE-${1//[^a-z0-9A-Z]/-}.log start=$SECONDS more=''

	shift
	rm -f "$VM_RUN/result"
	(
		set -eE
		trap 'echo "failed: $BASH_COMMAND (${BASH_SOURCE[0]##*/}, line $LINENO)"' ERR
		"$@"
	) >"$log" 2>&1
	status=$?
	[ ! -s "$VM_RUN/result" ] || more=": $(cat "$VM_RUN/result")"
	case $status in
	0) told "ok - $VM_SUITE $name$more ($((SECONDS - start)) s)" ;;
	77) told "ok - $VM_SUITE $name # skip $(tail -n 1 "$log")" ;;
	*)
		case_logs >>"$log" 2>&1
		told "not ok - $VM_SUITE $name$more ($((SECONDS - start)) s; see $log)"
		tail -n 40 "$log" | sed 's/^/    /'
		vm_boot_id >/dev/null || vm_again
		;;
	esac
}

# What may say why a case has failed.
case_logs() {
	if ! vm_boot_id >/dev/null; then
		echo "The edge cannot be reached."
		vm_last_words
		return
	fi
	edge "systemctl --no-pager status sallyportd sallyport-dp; sallyport status
		journalctl -q -b --no-pager -n 60 -u sallyportd -u sallyport-dp; dmesg | tail -n 20"
}

# Prints the cases in order: NAME FUNCTION ARGUMENT….
cases() {
	local engine model pair=0

	echo "boot vm_case_boot"
	readme_cases
	for model in $MODELS; do
		for engine in xdp dpdk; do
			echo "nic/$model/$engine nic_case $model $pair $engine"
		done
		pair=$((pair + 1))
	done
	vlan_cases
	above_cases
	units_cases
	suites_cases
}

chosen() {
	local pattern

	[ $# -gt 1 ] || return 0
	for pattern in "${@:2}"; do
		# shellcheck disable=SC2053 # a pattern it is
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# The edge answers, and under emulation takes its time: the limits of all that follows are longer.
vm_case_boot() {
	vm_wait
	edge "uname -r; systemctl --version | head -n 1"
	vm_measure_slow >"$VM_RUN/slow"
	edge "uname -r" >"$VM_RUN/result"
	echo "$(cat "$VM_RUN/result"), $(cat "$VM_RUN/slow") times slower" >"$VM_RUN/result"
}

# Boots the edge anew, which cannot be reached any more, for the cases that follow.
vm_again() {
	vm_stop
	# shellcheck disable=SC2086 # words
	vm_start $MODELS
	vm_wait
}

main() {
	local name function arguments

	exec </dev/null
	lab_name vm
	LAB_DIR=$VM_RUN/lab LAB_NS=spvm
	mkdir -p "$LAB_DIR"
	mount -t tmpfs tmpfs /run/netns 2>/dev/null || { mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns; }
	vm_network
	vm_peers || exit 1
	# shellcheck disable=SC2086 # words
	vm_start $MODELS
	while read -r name function arguments <&3; do
		[ "$name" = boot ] || chosen "$name" "$@" || continue
		# shellcheck disable=SC2086
		case_run "$name" "$function" $arguments
		SALLYPORT_SLOW=$(cat "$VM_RUN/slow") || return
		export SALLYPORT_SLOW
	done 3< <(cases)
	if [ -n "${VM_KEEP:-}" ]; then
		echo "look around: nsenter -t PID -n ssh -i $VM_IMAGE/key root@$VM_EDGE, with the PID of qemu"
		wait "$(cat "$VM_RUN/qemu.pid")"
	fi
	vm_stop
}

if [ "${1:-}" = --list ]; then
	cases | cut -d' ' -f1
else
	main "$@"
fi
