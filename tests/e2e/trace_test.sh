#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# sallyport trace says what becomes of a packet and why: of one that is described, of a capture, and
# of random frames just what the XDP program's own counters say of them.
# shellcheck disable=SC2034
LAB_ENGINE=xdp
# trace does not ask how often somebody dialled: the program alone would count its limits.
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# shellcheck disable=SC2034
LAB_ADDRESSES=", { bind = \"$LAB_PUBLIC_ADDRESS6\"; ports = [ \"61000-61031\" ]; }"
# shellcheck disable=SC2034
LAB_NETWORKS=', "2001:db8:2::/64"'

SEED=${TRACE_SEED:-$RANDOM}
FRAMES=${TRACE_FRAMES:-400}

# trace OPTION…: on the edge, with what it prints in $LAB_DIR/traced.
trace() {
	lab_in edge "$(lab_cli_path)" trace --bpf-dir "$LAB_BPF_DIR" "$@" >"$LAB_DIR/traced" 2>&1 ||
		fail "trace $*: $(cat "$LAB_DIR/traced")"
}

# traced VERDICT WHAT OPTION…: trace says so of a packet.
traced() {
	local verdict=$1 what=$2

	shift 2
	trace "$@"
	assert_match ": [a-z ]*, $verdict: " "$LAB_DIR/traced" "$what"
	ok "$what: $verdict"
}

declare_builds() {
	api PUT /v1/builds/open "$(build_body 0 | jq -c '.nodes[0].forwards =
		[{name: "udp", port: 5000, protocol: "udp"}]')"
	open=$(node_port 0)
	udp=$(answer '.nodes[0].forwards[0].public_port')
	api PUT /v1/builds/six "{\"nodes\":[{\"index\":0,\"address\":\"$(lab_vm_address6 0)\"}]}"
	six=$(node_port 0)
	api PUT /v1/builds/listed "$(build_body 1 | jq -c '.allow = ["192.0.2.3/32"]')"
	listed=$(node_port 0)
	api PUT /v1/builds/soon '{"nodes":[{"index":0}]}'
	soon=$(node_port 0)
	api PUT /v1/builds/over '{"nodes":[{"index":0,"address":"10.0.3.99"}]}'
	over=$(node_port 0)
	api DELETE /v1/builds/over
	api PUT /v1/builds/gone '{"nodes":[{"index":0,"address":"10.0.3.98"}]}'
	gone=$(node_port 0)
	# Next hops known, as after any traffic, and one that nobody answers for.
	assert_eq vm0 "$(ssh_to "$open" hostname)" "host name behind the open port"
	wait_until 10 lab_in edge ping -6 -qc1 -W1 "$(lab_vm_address6 0)"
	wait_until 10 lab_in edge ping -6 -qc1 -W1 "$LAB_CLIENT_ADDRESS6"
	wait_until 10 lab_in edge ping -qc1 -W1 "$(lab_vm_address 1)"
	wait_until 10 lab_in edge ping -qc1 -W1 "$LAB_STRANGER_ADDRESS"
}

begin 2
declare_builds
client=$LAB_CLIENT_ADDRESS:40000
edge=$LAB_PUBLIC_ADDRESS
vm=$(lab_vm_address 0)

traced forwarded "to an open port" --from "$client" --to "$edge:$open"
assert_match "lease: $edge:$open to $vm:22, live, [0-9]+h[0-9]+m left" "$LAB_DIR/traced" "its lease"
assert_match "becomes: $client to $vm:22, by xdp, out of builds to $vm" "$LAB_DIR/traced" "its way"
traced forwarded "an answer of the VM" --from "$vm:22" --to "$client"
traced vm_opens "a VM that opens" --from "$vm:22" --to "$client" --flags S
traced no_endpoint "a VM's other port" --from "$vm:80" --to "$client"
traced forwarded "over UDP" --protocol udp --from "$client" --to "$edge:$udp"
traced no_lease "UDP to a TCP port" --protocol udp --from "$client" --to "$edge:$open"
traced no_lease "a port of nobody" --from "$client" --to "$edge:64000"
traced not_allowed "a client off the list" --from "$client" --to "$edge:$listed"
traced forwarded "a client on the list" --from "$LAB_STRANGER_ADDRESS:40000" --to "$edge:$listed"
traced reserved "a VM not known yet" --from "$client" --to "$edge:$soon"
traced ended "an ended session" --from "$client" --to "$edge:$over"
traced no_neighbour "a VM that is gone" --from "$client" --to "$edge:$gone"
traced spoofed "a VM's address from outside" --side public --from "$vm:22" --to "$edge:$open"
traced ttl_exceeded "a TTL that is spent" --ttl 1 --from "$client" --to "$edge:$open"
traced too_big "more than the MTU" --bytes 1501 --from "$client" --to "$edge:$open"
traced forwarded "IPv6" --from "[$LAB_CLIENT_ADDRESS6]:40000" --to "[$LAB_PUBLIC_ADDRESS6]:$six"

capture_start real client eth0 "tcp port $open"
assert_eq vm0 "$(ssh_to "$open" hostname)" "host name behind the open port"
capture_stop real
lab_in client tcpdump -r "$LAB_DIR/real.pcap" -w "$LAB_DIR/out.pcap" "src host $LAB_CLIENT_ADDRESS" \
	2>/dev/null
trace "$LAB_DIR/out.pcap"
assert_eq "$(pcap count out)" "$(grep -c 'carried, forwarded' "$LAB_DIR/traced")" "packets forwarded"
ok "a capture of a session: $(pcap count out) packets, all forwarded"

lab_in edge "$(dirname "$TEST_FILE")/trace_frames.py" "$(lab_cli_path)" "$LAB_SOCKET" "$LAB_BPF_DIR" \
	public builds "$SEED" "$FRAMES" "public:$edge:$open" "public:$edge:$udp" \
	"public:$edge:$listed" "public:$edge:$soon" "public:$edge:$over" "public:$edge:$gone" \
	"public:[$LAB_PUBLIC_ADDRESS6]:$six" "vm:$vm:22" "vm:$vm:5000" "vm:$(lab_vm_address 1):22" \
	"vm:10.0.3.99:22" "vm:[$(lab_vm_address6 0)]:22" >"$LAB_DIR/same" ||
	fail "seed $SEED: $(cat "$LAB_DIR/same")"
assert_ge "$(wc -w <"$LAB_DIR/same")" 14 "different verdicts among the random frames"
ok "$FRAMES random frames of seed $SEED as the program counts them: $(cat "$LAB_DIR/same")"

assert_fails "trace without a packet" sallyport trace --bpf-dir "$LAB_BPF_DIR"
assert_match 'a capture, or --from and --to, is missing' "$LAB_DIR/refused" "no packet"
assert_fails "trace of two families" sallyport trace --bpf-dir "$LAB_BPF_DIR" --from 192.0.2.2:1 \
	--to '[2001:db8::1]:2'
assert_match 'different families' "$LAB_DIR/refused" "two families"
assert_fails "trace of what is no capture" sallyport trace --bpf-dir "$LAB_BPF_DIR" /etc/passwd
assert_match 'the capture /etc/passwd: ' "$LAB_DIR/refused" "no capture"
assert_fails "trace without a table" sallyport trace --bpf-dir /sys/fs/bpf/none --from 192.0.2.2:1 \
	--to 192.0.2.1:2
assert_match 'no table at' "$LAB_DIR/refused" "no table"
assert_match "The sallyportd at $LAB_SOCKET answers: give its edge\.bpf_dir by --bpf-dir\.$" "$LAB_DIR/refused" "whose table it is not"
lab_in edge setpriv --reuid=65534 --regid=65534 --clear-groups "$(lab_cli_path)" trace --bpf-dir "$LAB_BPF_DIR" \
	--from 192.0.2.2:1 --to "$LAB_PUBLIC_ADDRESS:1" >"$LAB_DIR/refused" 2>&1 || :
assert_match '[Pp]ermission denied.*Only root may read the table\.$' "$LAB_DIR/refused" "trace as another user"
lab_in edge "$(lab_cli_path)" trace "$LAB_DIR/no-capture" --bpf-dir /nowhere >"$LAB_DIR/refused" 2>&1 || :
assert_match 'the capture .*/no-capture: .*No such file' "$LAB_DIR/refused" "a capture that is not there"
ok "what is wrong with a question is said in words"
