#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# An sshd that turns connections away before any key is looked at, and what diagnose says of it: by
# MaxStartups, as every OpenSSH does, and by the penalties of OpenSSH 9.8 and newer.
#
# SALLYPORT_NEW_SSHD: an unpacked openssh-server of 9.8 or newer; without it, and with an older one on
# this host, the second is skipped.
LAB_ENGINE=xdp
LAB_SSHD_CONFIG='MaxStartups 2
LoginGraceTime 60'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

is_turned_away() {
	api GET "/v1/builds/$1/diagnose?client=$2"
	[ "$(answer '.nodes[0].case')" = turned_away ]
}

# attempt ADDRESS OPTION…: ssh from that address of the client.
attempt() {
	local from=$1

	shift
	lab_client ssh -b "$from" -o ConnectTimeout=5 -o BatchMode=yes "$@" "${SSH_OPTIONS[@]}" -p "$PORT" \
		"ubuntu@$LAB_PUBLIC_ADDRESS" true
}

# turned_away BUILD CLIENT WHAT: an attempt of that client fails, and diagnose soon says why. Which of
# two attempts sshd has room for is not ours to say, nor whether its last words came before its reset.
# The edge has to look for the client first: the VM's first answer is lost, its SYN-ACK comes twice, and
# what the client says to the second one may come after the end. It is one attempt all the same.
turned_away() {
	local i before

	is_turned_away "$1" "$2" || :
	before=$(answer '.nodes[0].connections')
	for i in 1 2 3; do
		lab_in edge ip neigh flush to "$2" dev public
		assert_fails "ssh: $3" attempt "$2"
		! wait_until 5 is_turned_away "$1" "$2" || break
	done
	assert_eq $((before + i)) "$(answer '.nodes[0].connections')" "connections that are known, of $i attempts"
	is_turned_away "$1" "$2" ||
		fail "$3: $(answer '.nodes[0]'), $(lab_api GET "/v1/connections?build=$1&limit=100")"
	ok "$3: $(answer '.nodes[0].case'), $(answer '.nodes[0].latest.bytes_to_client') bytes from the VM"
}

# two_wait: two connections that never log in, held open; sshd takes no third. One that it turns away
# itself, since the edge asks whether it answers just then, is tried again.
two_wait() {
	lab_client python3 -c 'import socket, sys, time
ends = []
limit = time.monotonic() + 20
while len(ends) < 2 and time.monotonic() < limit:
    end = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    if end.recv(100).startswith(b"SSH-"):
        ends.append(end)
print("waiting" if len(ends) == 2 else "no room", flush=True)
time.sleep(60)' "$LAB_PUBLIC_ADDRESS" "$PORT" >"$LAB_DIR/two" 2>&1 &
	wait_line 30 "$LAB_DIR/two" waiting
}

knows_penalties() {
	"$1/usr/sbin/sshd" -G -f /dev/null -o PerSourcePenalties=yes >/dev/null 2>&1
}

need_programs
lab_begin 1
control_start
put_build crowded 0
PORT=$(node_port 0)
two_wait
turned_away crowded "$LAB_STRANGER_ADDRESS" "as many connections as sshd takes wait for a login"

new=${SALLYPORT_NEW_SSHD:-}
if ! knows_penalties "$new"; then
	echo "ok - penalties # skip skipped: no sshd of OpenSSH 9.8 or newer (SALLYPORT_NEW_SSHD)"
	exit 0
fi
daemon_stop control
LAB_SSHD=$new
LAB_SSHD_CONFIG='PerSourcePenalties authfail:60s noauth:60s min:10s'
lab_remove "$LAB_ID"
lab_build 1 "$BASHPID"
control_start
put_build penalised 0
PORT=$(node_port 0)
assert_eq "" "$(attempt "$LAB_CLIENT_ADDRESS" 2>&1)" "a login at $("$new/usr/sbin/sshd" -V 2>&1)"
ok "ssh to $("$new/usr/sbin/sshd" -V 2>&1)"
assert_fails "ssh without a key" attempt "$LAB_STRANGER_ADDRESS" -o IdentityFile=/nonexistent -o IdentitiesOnly=yes
turned_away penalised "$LAB_STRANGER_ADDRESS" "a penalty for the one before"
assert_eq "" "$(attempt "$LAB_CLIENT_ADDRESS" 2>&1)" "a login from another address meanwhile"
ok "another address logs in meanwhile"
