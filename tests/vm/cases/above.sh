# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# What is made above NICs, by a kernel that has it: a bond of two of them, and a bridge.

above_cases() {
	local how engine

	for how in bond bridge; do
		for engine in xdp dpdk; do
			echo "above/$how/$engine above_case $how $engine"
		done
	done
}

above_case() {
	edge_config "$2" 0 "$1"
	edge_works_or_says "above-$1-$2" 0 "$2"
}
