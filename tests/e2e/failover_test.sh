#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A bulk scp and an interactive session live through kills and hangs of sallyport-dp and kills of
# sallyportd, at random moments; the silences on the wire at the client are measured in a capture.
#
# What the bounds allow is added to the silences of quiet moments in the same run: the slowed sender
# is silent for some 2 ms by itself. "start" is when sallyport-dp carries again after a kill.
#
#   FAILOVER_MIB (1024) the file   FAILOVER_KILLS (20)   FAILOVER_HANGS (5)   FAILOVER_CONTROLS (5)
#   FAILOVER_SEED (of the clock)   FAILOVER_MEDIAN_MS (10)   FAILOVER_WORST_MS (none; 50)
TEST_TIMEOUT=${TEST_TIMEOUT:-300}
# shellcheck disable=SC2034
TEST_ALONE=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

MIB=${FAILOVER_MIB:-1024}
KILLS=${FAILOVER_KILLS:-20}
HANGS=${FAILOVER_HANGS:-5}
CONTROLS=${FAILOVER_CONTROLS:-5}
SEED=${FAILOVER_SEED:-$EPOCHSECONDS}
MEDIAN_MS=${FAILOVER_MEDIAN_MS:-10}
WORST_MS=${FAILOVER_WORST_MS:-} # none: a machine that stands still for a moment fails nothing
# The sender is slowed so that the file takes the whole story, smoothly, by its queue.
RATE_MBIT=${FAILOVER_RATE_MBIT:-60}

# Lets up to $1 ms pass: a random moment, nothing is waited for.
random_moment() {
	local until_ns=$(($(now_ns) + RANDOM % $1 * 1000000))

	wait_until 10 moment_past "$until_ns"
}

moment_past() {
	[ "$(now_ns)" -ge "$1" ]
}

mark() {
	now_ns >>"$LAB_DIR/moments-$1"
}

kill_dp() {
	mark kill
	daemon_crash dp
	dp_start
	mark start
}

hang_dp() {
	local until_ns

	mark hang
	daemon_signal dp STOP
	until_ns=$(($(now_ns) + 2000000000))
	wait_until 10 moment_past "$until_ns"
	mark return
	daemon_signal dp CONT
}

kill_control() {
	mark control
	daemon_crash control
	control_start
}

# A quiet moment, for what the machine itself is like.
no_event() {
	mark quiet
}

events() {
	local i

	for ((i = 0; i < KILLS; i++)); do echo kill_dp; done
	for ((i = 0; i < HANGS; i++)); do echo hang_dp; done
	for ((i = 0; i < CONTROLS; i++)); do echo kill_control; done
	for ((i = 0; i < 5; i++)); do echo no_event; done
}

# Prints the lines of stdin in an order that $SEED alone decides.
shuffle() {
	python3 -c 'import random, sys
lines = sys.stdin.readlines()
random.Random(int(sys.argv[1])).shuffle(lines)
sys.stdout.writelines(lines)' "$SEED"
}

# silences_of KIND: sets WORST and MEDIAN, in hundredths of a millisecond, and prints them all.
silences_of() {
	local moments gaps

	[ -e "$LAB_DIR/moments-$1" ] || return 0
	mapfile -t moments <"$LAB_DIR/moments-$1"
	mapfile -t gaps < <(pcap silences bulk "${moments[@]}" | sort -n)
	MEDIAN=${gaps[${#gaps[@]} / 2]/./}
	WORST=${gaps[-1]/./}
	echo "  $1: median ${gaps[${#gaps[@]} / 2]} ms, worst ${gaps[-1]} ms, of ${#gaps[@]}: ${gaps[*]}"
}

# below KIND: the silences of one kind of event are short enough, beside what the machine itself is
# like in quiet moments.
below() {
	silences_of "$1"
	assert_le "$((10#$MEDIAN))" $((MEDIAN_MS * 100 + QUIET_MEDIAN)) "median silence at $1, 1/100 ms"
	[ -z "$WORST_MS" ] ||
		assert_le "$((10#$WORST))" $((WORST_MS * 100 + QUIET_WORST)) "worst silence at $1, 1/100 ms"
}

begin 2
echo "seed $SEED: $KILLS kills and $HANGS hangs of sallyport-dp, $CONTROLS kills of sallyportd"
RANDOM=$SEED
put_build failover 0 1
bulk_port=$(node_port 0)
tick_port=$(node_port 1)
lab_in vm0 tc qdisc add dev eth0 root tbf rate "${RATE_MBIT}mbit" burst 16k latency 100ms
head -c "${MIB}M" /dev/urandom >"$(lab_vm_home 0)/bulk"
capture_start bulk client eth0 -Q in "tcp src port $bulk_port"
ticking_session "$tick_port" 20 &
ticks=$!
lab_client scp "${SSH_OPTIONS[@]}" -q -P "$bulk_port" "ubuntu@$LAB_PUBLIC_ADDRESS:bulk" bulk &
scp=$!
wait_until 10 pcap_has bulk 100

while read -r event; do
	"$event"
	random_moment 500
done < <(events | shuffle)
kill -0 $scp 2>/dev/null || fail "scp was over before the events were: make FAILOVER_MIB larger"
kill -0 $ticks || fail "the interactive session ended"
ok "both sessions outlive $KILLS kills and $HANGS hangs of sallyport-dp, $CONTROLS kills of sallyportd"

lab_in vm0 tc qdisc del dev eth0 root
wait $scp || fail "scp exited with $?"
cmp "$(lab_vm_home 0)/bulk" "$(lab_client_home)/bulk" || fail "scp changed the bytes"
ok "scp of $MIB MiB completes, byte for byte"
capture_stop bulk
assert_eq 1 "$(pcap flows bulk | wc -l)" "TCP connections of the scp"
ok "it was one TCP connection"

cut -d' ' -f1 "$LAB_DIR/ticks" >"$LAB_DIR/counted"
assert_ge "$(wc -l <"$LAB_DIR/counted")" 100 "counts that came"
seq 0 $(($(wc -l <"$LAB_DIR/counted") - 1)) | cmp - "$LAB_DIR/counted" ||
	fail "the interactive session lost a count"
ok "the interactive session's counter missed nothing in $(wc -l <"$LAB_DIR/counted") counts"

echo "longest silence at the client, from the event to 0.2 s after it:"
silences_of quiet
QUIET_MEDIAN=$((10#$MEDIAN)) QUIET_WORST=$((10#$WORST))
silences_of control
silences_of return
silences_of start
below kill
below hang
ok "silences at kills and hangs: median at most $MEDIAN_MS ms${WORST_MS:+, worst at most $WORST_MS ms}, beside quiet moments"
