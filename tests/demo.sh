#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The story of one parallel build that somebody debugs by ssh: real commands, their real output, and
# after each the statements that must be true of it. Ends at the first that is false.
#
# Needs root and the programs (SALLYPORT_BUILD, default build/); touches nothing but namespaces of
# its own. DEMO_LINGER (default 12s) stands for the 30 minutes.
TEST_TIMEOUT=${TEST_TIMEOUT:-180}
LAB_LINGER=${DEMO_LINGER:-12s}
# The worker shares two or three CPUs with everything else here, so it may be late now and then.
LAB_FAILOVER=50ms
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/e2e/_init.sh"

BUILD_ID=48121
TITLE=acme/api#48121

say() {
	printf '\n'
	printf '# %s\n' "$@"
}

# true_that WHAT COMMAND…: a statement of the story; the demo ends if it is false.
true_that() {
	local what=$1

	shift
	"$@" || fail "$what"
	echo "   [true: $what]"
}

# Shows a command with its prompt, runs it, shows its output and keeps it in $LAB_DIR/out. Sets CODE.
shown() {
	local prompt=$1 line=$2

	shift 2
	printf '\n%s$ %s\n' "$prompt" "$line"
	CODE=0
	"$@" >"$LAB_DIR/out" 2>&1 || CODE=$?
	cat "$LAB_DIR/out"
}

on_edge() {
	shown edge "$*" "$@"
}

on_laptop() {
	shown laptop "$1" lab_client bash -c "$1"
}

out_says() {
	grep -qE -- "$1" "$LAB_DIR/out"
}

out_times() {
	[ "$(grep -cE -- "$2" "$LAB_DIR/out")" = "$1" ]
}

exits_with() {
	[ "$CODE" = "$1" ]
}

# Prints the ssh command of section $1 (from 1) in the last output.
section_ssh() {
	grep -oE 'ssh -p .*@[0-9a-f.:]+' "$LAB_DIR/out" | sed -n "$1p"
}

enable() {
	say "Build $TITLE runs on two VMs. Somebody presses 'Enable SSH for this build', and" \
		"its 'Debug via SSH' tab shows a section for each VM:"
	on_edge sallyport enable $BUILD_ID --title $TITLE --user ubuntu \
		--node "$(lab_vm_address 0)" --node "$(lab_vm_address 1)"
	true_that "the way in is open" exits_with 0
	true_that "there are two 'Debug via SSH' sections" out_times 2 '^Debug via SSH'
	ssh0=$(section_ssh 1)
	ssh1=$(section_ssh 2)
	true_that "they have two different ports" [ "$ssh0" != "$ssh1" ]
}

log_in() {
	say "The commands are pasted into a terminal."
	on_laptop "$ssh0 hostname"
	true_that "ssh reaches the first VM" out_says '^vm0$'
	on_laptop "$ssh1 hostname"
	true_that "ssh reaches the second VM" out_says '^vm1$'
	on_laptop "$ssh0 printenv SSH_CONNECTION"
	true_that "the VM's sshd sees the client's own address" out_says "^$LAB_CLIENT_ADDRESS "

	say "Somebody else's key does not get in: it is the VM that decides."
	on_laptop "${ssh0/ssh /ssh -i .ssh/stranger -o IdentitiesOnly=yes }"
	true_that "the wrong key is refused" out_says 'Permission denied \(publickey\)'
}

copy() {
	local scp

	head -c 16M /dev/urandom >"$(lab_client_home)/core.dump"
	say "A file is copied there; its hash is the same at both ends."
	scp=$(sed -E 's/^ssh -p ([0-9]+) (.*) ([^ ]+)$/scp -q -P \1 \2 core.dump \3:/' <<<"$ssh0")
	on_laptop "$scp"
	true_that "scp succeeds" exits_with 0
	on_laptop "sha256sum core.dump"
	cp "$LAB_DIR/out" "$LAB_DIR/hash"
	on_laptop "$ssh0 sha256sum core.dump"
	true_that "the hashes agree" cmp -s "$LAB_DIR/out" "$LAB_DIR/hash"
}

top_runs() {
	grep -q 'load average' "$LAB_DIR/session"
}

finish() {
	local open="${ssh0/ssh /ssh -o ServerAliveInterval=${SALLYPORT_SLOW:-1} } top -b -d 0.2"

	say "A session stays open, with top running in it (it goes on in the background)."
	printf '\nlaptop$ %s &\n' "$open"
	lab_client bash -c "$open" >"$LAB_DIR/session" 2>"$LAB_DIR/session.err" </dev/null &
	SESSION=$!
	wait_until 10 top_runs
	true_that "the session is open" kill -0 $SESSION

	say "The build finishes. The VMs stay for $LAB_LINGER more (30 minutes, if this were no demo)." \
		"The build's output shows a second section for each:"
	on_edge sallyport finish $BUILD_ID
	true_that "the build is finished" exits_with 0
	true_that "there are two 'Wait for SSH' sections" out_times 2 '^Wait for SSH'
	true_that "the first has the same host and port" [ "$(section_ssh 1)" = "$ssh0" ]
	true_that "the second has the same host and port" [ "$(section_ssh 2)" = "$ssh1" ]
	true_that "they say how long the VM stays" out_says 'from now'
	on_laptop "$ssh1 hostname"
	true_that "one can still log in" out_says '^vm1$'
}

deadline_over() {
	[ "$(now_ns)" -gt "$DEADLINE_NS" ]
}

close() {
	local code=0

	api GET /v1/builds/$BUILD_ID
	DEADLINE_NS=$(slot "$(node_port 0)" deadline_real_ns)
	true_that "the open session lives before its deadline" kill -0 $SESSION
	say "Nobody does anything until $(answer .deadline), the deadline."
	wait_until 60 deadline_over
	wait_until 20 process_gone $SESSION
	wait $SESSION || code=$?
	printf '\nlaptop$ wait %%1\n'
	cat "$LAB_DIR/session.err"
	true_that "the open session was ended, not by its user" [ "$code" = 255 ]
	true_that "it was reset" grep -qE 'reset by peer|Broken pipe' "$LAB_DIR/session.err"
	on_laptop "$ssh0 hostname"
	true_that "a new one is refused" exits_with 255
	true_that "without reaching the VM" [ -z "$(grep vm0 "$LAB_DIR/out")" ]
}

count() {
	say "What the edge did for this build:"
	on_edge sallyport show $BUILD_ID
	true_that "the build's session has ended" out_says 'ended'
	on_edge sallyport status
	true_that "status answers" exits_with 0
	api GET /v1/status
	true_that "most packets went through DPDK" \
		[ "$(answer .engines.dpdk.packets)" -gt "$(answer .engines.xdp.packets)" ]
}

echo "sallyport demo: a client, an edge host and two build VMs, in namespaces of this machine"
begin 2
true_that "the edge routes nothing itself" \
	[ "$(lab_in edge sysctl -n net.ipv4.ip_forward)" = 0 ]
true_that "the edge has no nft rules" [ -z "$(lab_in edge nft list ruleset)" ]
enable
log_in
copy
finish
close
count
printf '\nEvery statement above was checked.\n'
