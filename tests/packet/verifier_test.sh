#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Whether the kernel takes the programs must not hang on one compiler's mood: loads each as compiled
# with several optimisations, for several instruction sets and kinds of interface, as TAP. Not v3,
# which is not what is built (bpf/meson.build): clang 19 makes frames of it that are too large.
#
#	verifier_test.sh CLANG BPFTOOL VERIFY MULTIARCH
set -u

clang=$1 bpftool=$2 verify=$3 multiarch=$4
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
pin=/sys/fs/bpf/sptest-$$-verifier
trap 'rm -rf "$work" "$pin"' EXIT

if [ "$(id -u)" -ne 0 ] || ! mountpoint -q /sys/fs/bpf; then
	echo "1..0 # SKIP needs root and a BPF file system at /sys/fs/bpf"
	exit 77
fi

number=0
failed=0
verdict() {
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		failed=$((failed + 1))
		echo "not ok $number - $2"
		grep -v '^[0-9]*: (' "$work/log" | tail -n 12 | sed 's/^/# /'
	fi
}

build() {
	local source=$1
	shift
	"$clang" -g -target bpf -Wall -Wextra -Werror -Wno-unused-parameter "$@" \
		-I"$root/bpf/include" -I"$root/bpf" -I"$root/tests/packet" \
		-I"/usr/include/$multiarch" -c "$root/$source" -o "$work/object" >"$work/log" 2>&1
}

# Prints how deep the stack of main and the deepest function that it calls is, where each frame is
# rounded up to 32 bytes as Linux 6.1 does; later kernels round interpreted programs alone.
stack_bytes() {
	awk '/^stack depth/ {
		nr = split($3, frame, "+")
		for (i = 1; i <= nr; i++)
			frame[i] = int((frame[i] + 31) / 32) * 32
		for (i = 2; i <= nr; i++)
			called = frame[i] > called ? frame[i] : called
		print frame[1] + called
		exit
	}' "$work/log"
}

load() {
	local status=0

	"$verify" "$work/object" >"$work/log" 2>&1 || status=$?
	if [ "$status" -ne 0 ]; then
		# Again, step by step: the end says why.
		"$bpftool" -d prog load "$work/object" "$pin" >"$work/log" 2>&1
		rm -f "$pin"
		verdict "$status" "$1"
		return
	fi
	[ "$(stack_bytes)" -le 512 ] || status=1
	verdict "$status" "$1, $(stack_bytes) bytes of stack"
	echo "# $(tail -n 1 "$work/log")"
}

for role in 1 2 3; do
	for how in "-O2 v1" "-O2 v2" "-Os v2"; do
		what="xdp.bpf.c role $role $how"
		if build bpf/xdp.bpf.c "${how% *}" "-mcpu=${how#* }" "-DSP_ROLE_AT_LOAD=$role"; then
			load "$what"
		else
			verdict 1 "$what"
		fi
	done
done
for role in 1 2 3; do
	what="xdp.bpf.c on a trunk, role $role -O2 v2"
	if build bpf/xdp.bpf.c -O2 -mcpu=v2 "-DSP_ROLE_AT_LOAD=$role" -DSP_VLAN_AT_LOAD=100; then
		load "$what"
	else
		verdict 1 "$what"
	fi
done
what="xdp.bpf.c for generic mode, role 3 -O2 v2"
if build bpf/xdp.bpf.c -O2 -mcpu=v2 -DSP_ROLE_AT_LOAD=3 -DSP_GENERIC_AT_LOAD=1; then
	load "$what"
else
	verdict 1 "$what"
fi
build bpf/explain.bpf.c -O2 && load "explain.bpf.c"
# The byte order of the hosts that this machine is not: that it compiles is all that can be seen.
status=0
build bpf/xdp.bpf.c -O2 -target bpfeb || status=$?
verdict "$status" "xdp.bpf.c for big-endian hosts"

echo "1..$number"
[ "$failed" -eq 0 ]
