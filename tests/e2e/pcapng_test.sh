#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a capture says stays where people look for it: a real one with real losses, as tshark reads it,
# as it comes out of editcap, reordercap, mergecap and tshark, and however it was ended.
LAB_ENGINE=xdp
LAB_QUARANTINE=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# capture NAME OPTION…: in the background, into NAME.pcapng, from now on. A shell's background has
# SIGINT ignored, a terminal's foreground has not.
capture() {
	local name=$1

	shift
	SALLYPORT_SOCKET=$LAB_SOCKET env --default-signal=INT "$(lab_cli_path)" capture watched \
		--write "$LAB_DIR/$name.pcapng" "$@" 2>"$LAB_DIR/$name.said" </dev/null &
	capturing=$!
	wait_until 10 test -s "$LAB_DIR/$name.pcapng"
}

# capture_slowly NAME OPTION…: the same, into a pipe that nobody reads until read_on NAME. This shell
# holds its other end, so that nothing waits for ever should the test fail.
capture_slowly() {
	local name=$1

	shift
	mkfifo "$LAB_DIR/$name.pipe"
	SALLYPORT_SOCKET=$LAB_SOCKET env --default-signal=INT "$(lab_cli_path)" capture watched "$@" \
		>"$LAB_DIR/$name.pipe" 2>"$LAB_DIR/$name.said" </dev/null &
	capturing=$!
	exec 8<"$LAB_DIR/$name.pipe"
	wait_until 10 marked
}

read_on() {
	cat <&8 >"$LAB_DIR/$1.pcapng" &
	reading=$!
	exec 8<&-
}

marked() {
	[ "$(slot "$port" capture_until_s)" -gt 0 ]
}

gone() {
	lab_api GET "/v1/builds/$1" | tail -n1 | grep -qx 404
}

# ends NAME STATUS: waits for the end of the capture.
ends() {
	local status=0

	wait "$capturing" || status=$?
	assert_eq "$2" "$status" "exit status of $1, which said $(cat "$LAB_DIR/$1.said")"
}

upload() {
	head -c "$1" /dev/zero | ssh_to "$port" 'cat >/dev/null'
}

# tells_of_loss NAME: the file does so by now.
tells_of_loss() {
	grep -aq 'lost before this one' "$LAB_DIR/$1.pcapng"
}

# read_with NAME TOOL…: what it prints, with not a word of complaint.
read_with() {
	local name=$1

	shift
	"$@" >"$LAB_DIR/read" 2>"$LAB_DIR/complaints" || fail "$name: $*: $(cat "$LAB_DIR/complaints")"
	sed -i '/^Running as user "root"/d' "$LAB_DIR/complaints"
	[ ! -s "$LAB_DIR/complaints" ] || fail "$name: $*: $(cat "$LAB_DIR/complaints")"
	cat "$LAB_DIR/read"
}

# packets NAME: all that is said of each, a line for each, into NAME.packets.
packets() {
	read_with "$1" tshark -n -r "$LAB_DIR/$1.pcapng" -T fields -E separator='|' -E aggregator=';' \
		-e frame.time_epoch -e frame.interface_name -e frame.interface_description \
		-e frame.cap_len -e frame.len -e frame.packet_flags_direction -e tcp.seq_raw \
		-e frame.drop_count -e frame.comment >"$LAB_DIR/$1.packets"
}

# sums NAME: "packets lost" by each packet's own account of it: the number, and the comment.
sums() {
	awk -F'|' '{ n++; lost += $8; if (match($9, /[0-9]+ packets? lost before/)) told += substr($9, RSTART) }
		END { if (lost != told) print "drop counts say", lost, "comments", told + 0; else print n, lost + 0 }' \
		"$LAB_DIR/$1.packets"
}

# statistics NAME: how many entries each interface has.
statistics() {
	read_with "$1" capinfos "$LAB_DIR/$1.pcapng" | sed -n 's/.*Number of stat entries = //p' | tr '\n' ' '
}

# ended_well NAME: statistics once, and the command line says something of its packets.
ended_well() {
	assert_eq '1 1 ' "$(statistics "$1")" "$1: statistics of its interfaces"
	assert_match '^sallyport: [1-9][0-9]* packets, [0-9]+ lost$' "$LAB_DIR/$1.said" "what $1 says"
}

# lossy NAME: and that is what its packets say; some were lost.
lossy() {
	local counts

	ended_well "$1"
	packets "$1"
	counts=$(sums "$1")
	assert_eq "sallyport: ${counts/ / packets, } lost" "$(cat "$LAB_DIR/$1.said")" "what $1 says"
	assert_ge "${counts#* }" 1 "$1: packets lost"
}

begin 1
put_build watched 0
port=$(node_port 0)

capture_slowly interrupted --for 1h
upload 15M
read_on interrupted
ssh_to "$port" true
wait_until 20 tells_of_loss interrupted
kill -INT "$capturing"
ends interrupted 0
wait "$reading"
lossy interrupted
ok "a slow reader's capture, ended by Ctrl-C: $(cat "$LAB_DIR/interrupted.said")"

capture counted --for 1h --packets 2500
daemon_signal control STOP
upload 9M
daemon_signal control CONT
upload 2M
ends counted 0
lossy counted
assert_eq 2500 "$(wc -l <"$LAB_DIR/counted.packets")" "packets of 2500"
ok "one that sallyportd was too slow for, ended by its number: $(cat "$LAB_DIR/counted.said")"

# same AS NAME TOOL: the packets of a file that TOOL wrote are those it was given.
same() {
	packets "$2"
	cmp -s "$LAB_DIR/$1.packets" "$LAB_DIR/$2.packets" ||
		fail "after $3: $(diff "$LAB_DIR/$1.packets" "$LAB_DIR/$2.packets" | head -n 10)"
	read_with "$2" capinfos "$LAB_DIR/$2.pcapng" >"$LAB_DIR/$2.infos"
	assert_match 'Capture comment: +watched' "$LAB_DIR/$2.infos" "$3: comment of the file"
	assert_eq "$(sums "$1")" "$(sums "$2")" "$3: packets and losses"
	ok "$3 keeps packets, verdicts, comments, losses and interfaces"
}

cd "$LAB_DIR"
grep -q '|node 0, ssh: forwarded: translated and sent on$' interrupted.packets || fail "no verdicts"
read_with interrupted editcap interrupted.pcapng edited.pcapng
same interrupted edited editcap
read_with interrupted reordercap interrupted.pcapng reordered.pcapng >/dev/null
same interrupted reordered reordercap
read_with interrupted tshark -r interrupted.pcapng -w reread.pcapng
same interrupted reread tshark
read_with both mergecap -w both.pcapng interrupted.pcapng counted.pcapng
sort interrupted.packets counted.packets >merged.packets
same merged both mergecap
assert_eq 2 "$(grep -c 'Name = ' both.infos)" "interfaces of two captures of one edge"

capture stopped
ssh_to "$port" true
wait_until 10 grep -aq 'node 0' stopped.pcapng
daemon_stop control
ends stopped 1
assert_eq 'sallyport: the capture ended early: sallyportd stopped' "$(head -n1 stopped.said)" "what it says"
ended_well stopped
ok "one that a stop of sallyportd cuts short has its statistics too"

control_start
capture_slowly over --for 1h
upload 15M
api DELETE /v1/builds/watched
wait_until 10 gone watched
read_on over
ends over 0
wait "$reading"
lossy over
ok "and so has one whose build is gone before it is read: $(cat over.said)"
