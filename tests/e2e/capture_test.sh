#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# sallyport capture: the packets of one build and of no other, all of them, whichever engine carries
# them; headers alone; with what became of each; audited, and over when it should be.
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# capture NAME OPTION…: in the background, into NAME.pcapng, from now on.
capture() {
	local name=$1

	shift
	SALLYPORT_SOCKET=$LAB_SOCKET "$(lab_cli_path)" capture watched --write "$LAB_DIR/$name.pcapng" "$@" \
		2>"$LAB_DIR/$name.said" </dev/null &
	echo $! >"$LAB_DIR/$name.capturing"
	wait_until 10 test -s "$LAB_DIR/$name.pcapng"
}

# capture_end NAME SIGNAL: ends it before its time.
capture_end() {
	kill -"$2" "$(cat "$LAB_DIR/$1.capturing")"
	wait "$(cat "$LAB_DIR/$1.capturing")" || :
}

# captured NAME FILTER…: prints how many of its packets pass a filter of tcpdump's.
captured() {
	local name=$1

	shift
	tcpdump -nr "$LAB_DIR/$name.pcapng" "$@" 2>"$LAB_DIR/$name.read" | wc -l
	! grep -i 'truncated' "$LAB_DIR/$name.read" || fail "$name: $(cat "$LAB_DIR/$name.read")"
}

# Prints the name of a file of what is said about its packets.
comments() {
	strings -n 8 "$LAB_DIR/$1.pcapng" >"$LAB_DIR/$1.comments"
	echo "$LAB_DIR/$1.comments"
}

has_captured() {
	[ "$(captured "$1" "${@:3}")" -ge "$2" ]
}

# marked PORT: the slot says that its packets are to be captured.
marked() {
	[ "$(slot "$1" capture_until_s)" -gt 0 ]
}

unmarked() {
	! marked "$1"
}

# misused OPTION VALUE WORDS: the CLI itself says what is wrong with it.
misused() {
	local status=0

	sallyport capture watched "$1" "$2" --write "$LAB_DIR/none.pcapng" 2>"$LAB_DIR/refused" || status=$?
	assert_eq 2 "$status" "exit status with $1 $2"
	assert_match "^sallyport: $1 is $3\$" "$LAB_DIR/refused" "$1 $2"
}

begin 2
put_build watched 0
port=$(node_port 0)
put_build other 1
other=$(node_port 0)
vm=$(lab_vm_address 0)

# sent NAME: prints how many packets such a capture of the wire holds.
sent() {
	tcpdump -nr "$LAB_DIR/$1.pcap" 2>/dev/null | wc -l
}

# One session, beside one of the other build; what each end sends is captured on the wire as well.
same_as_on_the_wire() {
	local name=$1 client vms

	capture_start "$name.client" client eth0 "dst port $port"
	capture_start "$name.vm" vm0 eth0 "src port 22 and dst host $LAB_CLIENT_ADDRESS"
	capture "$name"
	head -c 200k /dev/zero | ssh_to "$port" "cat; hostname" >/dev/null
	assert_eq vm1 "$(ssh_to "$other" hostname)" "host name behind the other port"
	capture_stop "$name.client"
	capture_stop "$name.vm"
	client=$(sent "$name.client")
	vms=$(sent "$name.vm")
	assert_ge "$vms" 20 "packets of the VM on the wire"
	wait_until 10 has_captured "$name" "$((client + vms))"
	assert_eq "$client" "$(captured "$name" "dst host $LAB_PUBLIC_ADDRESS and dst port $port")" "packets of the client"
	assert_eq "$vms" "$(captured "$name" "src host $vm and src port 22")" "packets of the VM"
	assert_eq "$((client + vms))" "$(captured "$name")" "packets in all"
	capture_end "$name" TERM
	wait_until 10 unmarked "$port"
}

same_as_on_the_wire dpdk
assert_match 'node 0, ssh: steered: ' "$(comments dpdk)" "what became of them"
ok "a session through sallyport-dp: each of its packets, and nobody else's"
daemon_stop dp
same_as_on_the_wire xdp
assert_match 'node 0, ssh: forwarded: ' "$(comments xdp)" "what became of them"
ok "and through the XDP program"

assert_eq 0 "$(grep -c 'SSH-2.0' "$(comments xdp)")" "banners among what was captured"
ok "headers alone: not even the banner"

lab_in edge "$(lab_cli_path)" trace --bpf-dir "$LAB_BPF_DIR" "$LAB_DIR/xdp.pcapng" >"$LAB_DIR/traced"
assert_eq "$(captured xdp)" "$(grep -c 'carried, forwarded' "$LAB_DIR/traced")" "packets that trace reads"
ok "trace reads it: all would be carried"

capture few --packets 5 --for 1h
ssh_to "$port" true
wait "$(cat "$LAB_DIR/few.capturing")" || fail "it said $(cat "$LAB_DIR/few.said")"
assert_eq 5 "$(captured few)" "packets of five"
assert_eq "sallyport: 5 packets, 0 lost" "$(cat "$LAB_DIR/few.said")" "what it says at the end"
wait_until 10 unmarked "$port"
ok "it ends with as many packets as were asked for"

(cd "$LAB_DIR" && sallyport capture watched --for 1 --write - >piped.pcapng 2>piped.said)
assert_ge "$(stat -c %s "$LAB_DIR/piped.pcapng")" 1 "bytes on stdout"
[ ! -e "$LAB_DIR/-" ] || fail "a file called -"
captured piped >/dev/null
ok "--write - is stdout"

for path in watched nobody; do
	curl -sS -I --unix-socket "$LAB_SOCKET" "http://edge/v1/builds/$path/capture" >"$LAB_DIR/$path.head"
done
assert_match '^HTTP/1.1 200 ' "$LAB_DIR/watched.head" "a HEAD"
assert_match '^Content-Type: application/x-pcapng' "$LAB_DIR/watched.head" "its media type"
assert_match '^HTTP/1.1 404 ' "$LAB_DIR/nobody.head" "a HEAD of no build"
unmarked "$port" || fail "a HEAD captures"

sallyport audit --build watched >"$LAB_DIR/audit"
assert_eq 4 "$(grep -c ' capture ' "$LAB_DIR/audit")" "captures in the audit"
ok "each capture is in the audit, and a HEAD is none"

assert_fails "capture of no build" sallyport capture nobody --write "$LAB_DIR/none.pcapng"
assert_match 'There is no build nobody' "$LAB_DIR/refused" "no build"
[ ! -e "$LAB_DIR/none.pcapng" ] || fail "a file of nothing"
assert_fails "capture of no node" sallyport capture watched --node 7 --write "$LAB_DIR/none.pcapng"
assert_match 'has no node 7' "$LAB_DIR/refused" "no node"
misused --for 2h 'a time .* of 1 to 3600 seconds, not 2h'
misused --for 0 'a time .* of 1 to 3600 seconds, not 0'
misused --packets 0 'a number from 1 to 1000000, not 0'
misused --packets 1000001 'a number from 1 to 1000000, not 1000001'
misused --node 65536 'a number from 0 to 65535, not 65536'
assert_fails "capture into a directory" sallyport capture watched --for 1 --write "$LAB_DIR"
assert_match 'Is a directory' "$LAB_DIR/refused" "a directory"
ok "what is wrong is said in words"

# Somebody who only looks on may not.
chmod 0666 "$LAB_SOCKET"
api_status=$(lab_in edge setpriv --reuid 64702 --regid 64702 --clear-groups curl -s -o /dev/null -w '%{http_code}' \
	--unix-socket "$LAB_SOCKET" http://sallyport/v1/builds/watched/capture || :)
assert_eq 403 "$api_status" "a viewer's capture"
ok "a viewer may not"

# Who goes away without a word is found out.
capture gone
wait_until 5 marked "$port"
capture_end gone KILL
wait_until 20 unmarked "$port"
ok "a capture whose reader is gone ends"

# cut_short NAME DAEMON_ENDING: sallyportd ends in the middle of a capture.
cut_short() {
	local name=$1 status=0

	capture "$name"
	wait_until 5 marked "$port"
	ssh_to "$port" true
	wait_until 10 has_captured "$name" 5
	"$2" control
	wait "$(cat "$LAB_DIR/$name.capturing")" || status=$?
	assert_eq 1 "$status" "what the capture ends with"
	assert_eq 'sallyport: the capture ended early: sallyportd stopped' "$(head -n1 "$LAB_DIR/$name.said")" "what it says"
	captured "$name" >/dev/null
}

cut_short stopped daemon_stop
unmarked "$port" || fail "the slot is marked after a stop"
control_start
ok "a stop of sallyportd ends it: nobody takes it for the whole, though the file can be read"

cut_short crashed daemon_crash
marked "$port" || fail "the slot is not marked any more"
control_start
unmarked "$port" || fail "the slot is still marked"
assert_eq vm0 "$(ssh_to "$port" hostname)" "host name after the restart"
ok "a crash does as well, and nothing is marked after the restart"
