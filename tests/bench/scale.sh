#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# 60,000 leases: declared by one sync, ending in the same second, declared again; how long each
# takes, how long others wait for the API meanwhile, and what memory that is. Then PUTs over 16
# connections. Beside it what nftables takes for as many map elements, on the same machine.
#
#   SCALE_ROUNDS (3)   SCALE_LEASES (60000)   SCALE_LIFETIME (30) seconds that they live
#   SCALE_PUTS (5) seconds of PUTs; 0: they are declared once, and that is all
#   SCALE_ADDRESSES (2) public ones, one for each 64,000 and one more
#   SCALE_REFERENCE is the build directory of another commit: both are measured in each round, in
#     turns, and what this one takes is told as a part of what that one takes
TEST_TIMEOUT=${TEST_TIMEOUT:-900}
LAB_ENGINE=xdp
LAB_PORTS=1024-65535
LAB_QUARANTINE=15s
LAB_EXTRA='limits: { builds = 1048576; };'
# The journal is to be on a disk, where durable means something.
SALLYPORT_LAB_ROOT=${SALLYPORT_LAB_ROOT:-/var/tmp/sallyport-lab}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"
# shellcheck source=tests/bench/statistics.sh
. "$(dirname "$0")/statistics.sh"

ROUNDS=${SCALE_ROUNDS:-3}
LEASES=${SCALE_LEASES:-60000}
LIFETIME=${SCALE_LIFETIME:-30}
PUTS=${SCALE_PUTS:-5}
HERE=$(cd "$(dirname "$0")" && pwd)
ADDRESSES=${SCALE_ADDRESSES:-2}
REFERENCE=${SCALE_REFERENCE:-}
THIS=$SALLYPORT_BUILD
NFT_MAX=65535 # its map is by port alone
ROUTES=(10.0.16.0/20 10.0.32.0/19 10.0.64.0/18 10.0.128.0/17)

more_addresses() {
	seq -f '192.0.2.%g' 101 $((99 + ADDRESSES))
}

# The lab's configuration with ports for more than the leases.
scale_config() {
	local more='' address

	for address in $(more_addresses); do
		more+="{ bind = \"$address\"; ports = [ \"$LAB_PORTS\" ]; }, "
	done
	config_write | sed "s|addresses = ( {|addresses = ( $more{|"
}

# All VMs are behind one router, which is a machine that answers for each of them.
network_of_vms() {
	local route address

	for address in $(more_addresses); do
		ip -n "$LAB_NS-edge" addr add "$address/24" dev public
	done
	for route in "${ROUTES[@]}"; do
		ip -n "$LAB_NS-edge" route add "$route" via "$(lab_vm_address 0)"
		ip -n "$LAB_NS-vm0" route add local "$route" dev lo
	done
	cc -O2 -D_GNU_SOURCE -o "$LAB_DIR/load" "$HERE/load.c"
	cc -O2 -D_GNU_SOURCE -o "$LAB_DIR/puts" "$HERE/puts.c"
	lab_in vm0 "$LAB_DIR/load" serve 7000 </dev/null >"$LAB_DIR/serve" 2>&1 &
	disown
	wait_line 10 "$LAB_DIR/serve" up
}

# An edge that has never had a build.
fresh_edge() {
	lab_stop
	lab_in edge "$(lab_control_path)" --detach -c "$LAB_CONFIG" >/dev/null 2>&1
	rm -rf "$LAB_DIR/state"
	mkdir "$LAB_DIR/state"
	control_start
}

nft_elements() {
	seq "$1" | awk '{ printf "%d : 10.%d.%d.%d . 22", $1, 64 + $1 / 65536, $1 / 256 % 256, $1 % 256
		printf "%s", $1 == n ? "" : ", " }' n="$1"
}

# Prints the seconds that nftables takes for all of them in one batch.
nft_batch() {
	local began_us

	lab_in client nft -f - <<-EOT
		table ip scale
		delete table ip scale
		table ip scale {
			map leases {
				type inet_service : ipv4_addr . inet_service
			}
		}
	EOT
	echo "add element ip scale leases { $(nft_elements "$LEASES") }" >"$LAB_DIR/elements"
	began_us=${EPOCHREALTIME/./}
	lab_in client nft -f "$LAB_DIR/elements"
	python3 -c "print((${EPOCHREALTIME/./} - $began_us) / 1e6)"
}

# Prints how many single commands a second add an element to the map that is full of them.
nft_singly() {
	# shellcheck disable=SC2016
	lab_in client bash -c 'began_us=${EPOCHREALTIME/./} n=0
		while ((${EPOCHREALTIME/./} < began_us + 2000000)); do
			nft add element ip scale leases "{ $((65535 - n)) : 10.0.0.1 . 22 }"
			n=$((n + 1))
		done
		python3 -c "print($n * 1e6 / (${EPOCHREALTIME/./} - $began_us))"'
}

# values FILE NAME: of that figure, a line each.
values() {
	awk -F'|' -v name="$2" '$1 == name { print $3 }' "$1"
}

# Prints each figure over the rounds, in the order of the first.
report() {
	local name unit
	local -a list

	while IFS='|' read -r name unit _; do
		mapfile -t list < <(values "$1" "$name")
		spread "$name$2" "$unit" "${list[@]}"
	done < <(awk -F'|' '!seen[$1]++' "$1")
}

compare() {
	local name

	while IFS='|' read -r name _; do
		values "$LAB_DIR/figures" "$name" >"$LAB_DIR/a"
		values "$LAB_DIR/reference" "$name" >"$LAB_DIR/b"
		ratios "$name, this : reference" "$LAB_DIR/a" "$LAB_DIR/b"
	done < <(awk -F'|' '!seen[$1]++' "$LAB_DIR/reference")
}

# measure BUILD FILE
measure() {
	SALLYPORT_BUILD=$1
	fresh_edge
	"$HERE/scale.py" "$LAB_SOCKET" "$(daemon_pid control)" "$LEASES" "$LIFETIME" "$PUTS" "$LAB_DIR/puts" \
		>>"$2"
}

need_programs
lab_begin 1
scale_config >"$LAB_CONFIG"
network_of_vms
for ((round = 0; round < ROUNDS; round++)); do
	if [ -n "$REFERENCE" ]; then
		measure "$REFERENCE" "$LAB_DIR/reference"
	fi
	measure "$THIS" "$LAB_DIR/figures"
	if ((LEASES > NFT_MAX)); then
		continue
	fi
	{
		echo "nft -f of as many map elements|s|$(nft_batch)"
		echo "nft add element|per second|$(nft_singly)"
	} >"$LAB_DIR/nft.$round"
done
echo "$LEASES leases on $ADDRESSES addresses, $(cut -d ' ' -f 1-3 /proc/loadavg) load"
report "$LAB_DIR/figures" ""
if [ -n "$REFERENCE" ]; then
	report "$LAB_DIR/reference" ", reference"
	compare
fi
if ((LEASES <= NFT_MAX)); then
	cat "$LAB_DIR"/nft.* >"$LAB_DIR/nft"
	report "$LAB_DIR/nft" ""
fi
