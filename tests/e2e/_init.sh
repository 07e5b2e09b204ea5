# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What every end-to-end test sources. A test runs in a lab of its own, says "ok - …" for each thing
# it has shown, and ends at the first that is false. Exit 0 passed, 77 skipped, else failed.
#
# Set before sourcing: TEST_TIMEOUT in seconds (default 120), and the lab's LAB_* variables.
set -euo pipefail

TEST_NAME=$(basename "$0" .sh)
TEST_FILE=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")

# A test that hangs is a test that fails: the whole process group is ended at the deadline.
if [ -z "${TEST_TIMED:-}" ]; then
	TEST_TIMED=1 exec timeout --kill-after=20 $((${TEST_TIMEOUT:-120} * ${SALLYPORT_SLOW:-1})) "$TEST_FILE" "$@"
fi

# shellcheck source=tests/lab/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
LAB_TOOLS=$LAB_SOURCE

ok() {
	echo "ok - $*"
}

fail() {
	echo "not ok - $*" >&2
	exit 1
}

skip() {
	echo "ok - $TEST_NAME # skip $*"
	exit 77
}

# Runs when the test ends, before its lab goes.
at_exit() {
	case $1 in
	0 | 77) return 0 ;;
	esac
	{
		echo "$TEST_NAME failed with $1"
		lab_logs
		echo "run it again: SALLYPORT_BUILD=$SALLYPORT_BUILD $TEST_FILE"
		echo "and look around: LAB_KEEP=1 SALLYPORT_BUILD=$SALLYPORT_BUILD $TEST_FILE"
	} >&2
}

assert_eq() {
	[ "$1" = "$2" ] || fail "$3: expected '$1', got '$2'"
}

assert_ge() {
	[ "$1" -ge "$2" ] || fail "$3: $1 is less than $2"
}

assert_le() {
	[ "$1" -le "$2" ] || fail "$3: $1 is more than $2"
}

# assert_match PATTERN FILE WHAT: a line of FILE, which may be a pipe, matches the extended regular expression.
assert_match() {
	local text

	text=$(cat "$2")
	grep -qE -- "$1" <<<"$text" || fail "$3: nothing like '$1' in: $text"
}

# Succeeds when the command fails by itself; what it prints is kept in $LAB_DIR/refused. One that
# hangs until timeout(1) ends it, or that is not there, has refused nothing.
assert_fails() {
	local what=$1 status=0

	shift
	"$@" >"$LAB_DIR/refused" 2>&1 || status=$?
	case $status in
	0) fail "$what succeeded" ;;
	124 | 137) fail "$what hangs: $(cat "$LAB_DIR/refused")" ;;
	126 | 127) fail "$what cannot be run: $(cat "$LAB_DIR/refused")" ;;
	esac
}

need_programs() {
	local path

	for path in "$(lab_control_path)" "$(lab_dp_path)" "$(lab_cli_path)"; do
		[ -x "$path" ] || {
			echo "not ok - $path is not built (SALLYPORT_BUILD names the build directory)" >&2
			exit 1
		}
	done
}

# A lab with $1 VMs in which packets are carried.
begin() {
	need_programs
	lab_begin "${1:-2}"
	lab_start
}

# One call of the API: sets ANSWER (the body) and STATUS.
api() {
	local out

	out=$(lab_api "$@")
	STATUS=${out##*$'\n'}
	ANSWER=${out%$'\n'*}
}

# Prints what jq makes of the last answer.
answer() {
	jq -r "$1" <<<"$ANSWER"
}

# Prints the body of a PUT with a node for each VM number given.
build_body() {
	local vm index=0 nodes=()

	for vm in "$@"; do
		nodes+=("{\"index\":$index,\"address\":\"$(lab_vm_address "$vm")\",\"port\":22}")
		index=$((index + 1))
	done
	(
		IFS=,
		printf '{"user":"ubuntu","nodes":[%s]}' "${nodes[*]}"
	)
}

# put_build ID VM…: declares a build over these VMs, which must succeed.
put_build() {
	local id=$1

	shift
	api PUT "/v1/builds/$id" "$(build_body "$@")"
	case $STATUS in
	200 | 201) ;;
	*) fail "PUT of build $id: $STATUS $ANSWER" ;;
	esac
}

# Prints the public port of node $1 in the last answer.
node_port() {
	answer ".nodes[${1:-0}].public_port"
}

# Options for tests in which a port serves one VM after another.
SSH_OPTIONS=(-o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null)

# ssh_to PORT COMMAND…: from the client to a public port.
ssh_to() {
	local port=$1

	shift
	lab_client ssh "${SSH_OPTIONS[@]}" -p "$port" "ubuntu@$LAB_PUBLIC_ADDRESS" "$@"
}

# start_on lab_client|lab_vm0 NAME COMMAND…: a command on a machine, to be run with &.
start_on() {
	local machine=$1 name=$2

	shift 2
	# shellcheck disable=SC2016
	"$machine" bash -c 'echo $$ >"/tmp/$1.pid" && shift && exec "$@"' bash "$name" "$@"
}

# stop_on lab_client|lab_vm0 NAME: ends what start_on started; the machine has its own pids.
stop_on() {
	# shellcheck disable=SC2016
	"$1" bash -c 'kill "$(cat "/tmp/$1.pid")"' bash "$2"
}

lab_vm0() {
	lab_vm 0 "$@"
}

# slot PORT FIELD: what the table says now.
slot() {
	"$LAB_TOOLS/table.py" slot "$LAB_BPF_DIR" "$1" | jq -r ".$2"
}

# dpdk_alone: since the lab began DPDK has carried and the XDP program has not. For tests that set
# LAB_FAILOVER to more than a busy machine keeps a worker waiting.
dpdk_alone() {
	local xdp

	api GET /v1/status
	xdp=$(answer .engines.xdp.packets)
	assert_eq 0 "$xdp" "packets carried by the XDP program while DPDK is there"
	assert_ge "$(answer .engines.dpdk.packets)" 1 "packets carried by DPDK"
	ok "DPDK alone carried them: $(answer .engines.dpdk.packets) packets"
}

# capture_start NAME MACHINE LINK FILTER…: what tcpdump options and filter say, to NAME.pcap.
capture_start() {
	local name=$1 machine=$2 link=$3

	shift 3
	rm -f "$LAB_DIR/$name.tcpdump"
	nsenter --net="/run/netns/$LAB_NS-$machine" tcpdump -Z root -i "$link" -s 128 -B 32768 --immediate-mode --time-stamp-precision=nano -n -U \
		-w "$LAB_DIR/$name.pcap" "$@" 2>"$LAB_DIR/$name.tcpdump" </dev/null &
	echo $! >"$LAB_DIR/$name.capture"
	wait_line 10 "$LAB_DIR/$name.tcpdump" 'listening on'
}

# Ends a capture; $LAB_DIR/NAME.pcap is complete then.
capture_stop() {
	local pid

	pid=$(cat "$LAB_DIR/$1.capture")
	kill -TERM "$pid"
	wait "$pid" 2>/dev/null || fail "capture $1: $(cat "$LAB_DIR/$1.tcpdump")"
}

# pcap VERB NAME …: see pcap.py.
pcap() {
	local verb=$1 name=$2

	shift 2
	"$LAB_TOOLS/pcap.py" "$verb" "$LAB_DIR/$name.pcap" "$@"
}

# Succeeds when capture $1 holds at least $2 packets.
pcap_has() {
	[ "$(pcap count "$1")" -ge "$2" ]
}

now_ns() {
	date +%s%N
}

# A session in both directions: lines with a count, every $2 ms each way, over public port $1; what
# the client hears goes to $LAB_DIR/ticks. Runs until the connection ends; start it with &.
TICKER='import itertools, sys, threading, time
threading.Thread(target=sys.stdin.read, daemon=True).start()
for count in itertools.count():
    print(count, time.time_ns(), flush=True)
    time.sleep(float(sys.argv[1]) / 1000)'

ticking_session() {
	local port=$1 every_ms=$2

	python3 -c "$TICKER" "$every_ms" </dev/null 2>/dev/null |
		ssh_to "$port" "python3 -c '$TICKER' $every_ms" >"$LAB_DIR/ticks" 2>"$LAB_DIR/ticks.err"
}
