# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# What runs in namespaces elsewhere, in the edge: the demo, the tests of units and of the XDP program on this
# kernel, and a few of the end-to-end tests.

SUITES_E2E='selftest restart_test transfer_test bridge_test'

suites_cases() {
	local name

	echo "demo suites_demo"
	echo "tests/packet suites_meson --suite packet"
	echo "tests/unit suites_meson --no-suite packet"
	for name in $SUITES_E2E; do
		echo "e2e/$name suites_e2e $name"
	done
}

# in_tree SECONDS COMMAND: in the tree, with limits that are longer.
in_tree() {
	VM_LIMIT=$1 edge "systemctl stop sallyportd sallyport-dp; cd $VM_TREE && SALLYPORT_SLOW=$SALLYPORT_SLOW $2"
}

# What the build lingers for is time to log in once more.
suites_demo() {
	in_tree 240 "DEMO_LINGER=$((12 * SALLYPORT_SLOW))s tests/demo.sh"
}

# suites_cpu 0|1: the second CPU is off or on.
suites_cpu() {
	edge "echo $1 >/sys/devices/system/cpu/cpu1/online"
}

# On one CPU: while a test attaches a program to a tracepoint the kernel rewrites its code, and a CPU that qemu
# emulates may stop at the breakpoint of a rewrite that is over ("Oops: int3", 6.12 under qemu 7.2).
# meson succeeds also when it runs no test.
suites_meson() {
	trap 'suites_cpu 1' EXIT
	suites_cpu 0
	in_tree 1800 "SALLYPORT_SEQUENCES=100 meson test -C build --no-rebuild -t $((4 * SALLYPORT_SLOW)) $*" |
		tee "$VM_RUN/meson"
	sed -nE 's/^Ok: +([1-9][0-9]*) *$/\1 tests/p' "$VM_RUN/meson" >"$VM_RUN/result"
	[ -s "$VM_RUN/result" ]
}

suites_e2e() {
	if [ "$1" = selftest ]; then
		in_tree 180 tests/lab/selftest.sh
	else
		in_tree 300 "tests/e2e/$1.sh"
	fi
}
