#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What clients of SSH make of a port that says why it is shut: each that Debian packages dials a port
# whose session has ended, and one that never had any. The table goes into docs/TROUBLESHOOTING.md.
# Go's and Node's libraries are not here: Debian's Go takes 450 MB, and ssh2 is no package of Debian.
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/clients.sh
. "$LAB_TOOLS/clients.sh"
SOURCE=$(cd "$LAB_TOOLS/../.." && pwd)

ENDED='SSH for build acme/api#1 \(node 0\) ended at [0-9:]+ UTC: it was cancelled'

# told TEXT STATUS PATTERN CLIENT…: the sentence is printed, after PATTERN, with this exit status.
told() {
	local text=$1 status=$2 pattern=$3 client=$4

	shift 4
	dial "$client" "$@"
	assert_eq "$status" "$DIALLED" "exit status of $client: $(cat "$LAB_DIR/dialled")"
	assert_match "$pattern$text" "$LAB_DIR/dialled" "$client"
}

# hidden STATUS PATTERN CLIENT…: no sentence, this instead.
hidden() {
	local status=$1 pattern=$2 client=$3

	shift 3
	dial "$client" "$@"
	assert_eq "$status" "$DIALLED" "exit status of $client: $(cat "$LAB_DIR/dialled")"
	! grep -qE 'for build|No SSH session' "$LAB_DIR/dialled" || fail "$client shows the sentence"
	[ -z "$pattern" ] || assert_match "$pattern" "$LAB_DIR/dialled" "$client"
	[ -n "$pattern" ] || assert_eq "" "$(cat "$LAB_DIR/dialled")" "what $client prints"
}

# ended_for_all PORT: every client at the port of an ended session.
ended_for_all() {
	local port=$1 from="Received disconnect from $LAB_PUBLIC_ADDRESS port $1:2: "

	told "$ENDED" 255 "$from" ssh "$port"
	hidden 255 '' ssh-q "$port"
	told "$ENDED" 255 'Received disconnect from UNKNOWN port 65535:2: ' ssh-proxy "$port"
	told "$ENDED" 255 "$from" scp "$port"
	told "$ENDED" 255 "$from" sftp "$port"
	told "$ENDED" "255 or 12" "$from" rsync "$port"
	told "$ENDED" 1 "$from" ssh-keyscan "$port"
	told "$ENDED" 10 'Received disconnect from UNKNOWN port 65535:2: ' mosh "$port"
	told "$ENDED" 1 "Incompatible remote version 'SSH-1.0-" dbclient "$port"
	told "$ENDED" 1 '"' plink "$port"
	told "$ENDED" 1 '"' pscp "$port"
	hidden 1 'Negotiation failed' paramiko "$port"
	told "$ENDED" 1 'INFO Disconnect \(code 2\): ' paramiko-log "$port"
	told "$ENDED" 1 '^Received SSH_MSG_DISCONNECT: 2:' libssh "$port"
	hidden 2 'Unable to exchange encryption keys|Failed initialization' curl "$port"
}

# refused_for_all PORT: every client at a port that nothing listens on. curl says 7 there by 7.88, and 2
# ("Failed initialization") by 8.14. ssh behind a command sees its end or, writing first, a broken pipe.
refused_for_all() {
	local client

	for client in ssh ssh-proxy scp sftp rsync mosh dbclient plink pscp paramiko libssh curl; do
		dial "$client" "$1"
		[ "$DIALLED" != 0 ] || fail "$client at a free port succeeds"
		assert_match '[Rr]efused|Unable to connect|Connection closed|Broken pipe|Failed (to connect|initialization)' \
			"$LAB_DIR/dialled" "$client"
	done
	hidden 255 '' ssh-q "$1"
	hidden 1 '' ssh-keyscan "$1"
}

begin 1
api PUT /v1/builds/over "$(build_body 0 | jq -c ".title = \"acme/api#1\" | .allow = [\"$LAB_CLIENT_ADDRESS\"]")"
ended=$(node_port 0)
api DELETE /v1/builds/over
assert_eq 204 "$STATUS" "status of DELETE"
put_build live 0
live=$(node_port 0)
free=$((ended > 65000 ? ended - 200 : ended + 200))
clients_prepare

# The page has what the versions of Debian 12 print.
page=$SOURCE/docs/TROUBLESHOOTING.md
grep -q '^VERSION_ID="12"' /etc/os-release || page=
ended_for_all "$ended"
clients_table "$page"
ok "each client at the port of an ended session, as docs/TROUBLESHOOTING.md says"
refused_for_all "$free"
clients_table
ok "each client at a port without any session"

# From a VM, which learns nothing of a build.
told 'SSH session' 255 'Received disconnect from UNKNOWN port 65535:2: .*' \
	ssh-J "$ended" "$live"
ok "ssh behind a jump host"

# libssh 0.10.6 drops a disconnect that comes before it has sent its own first packet.
for _ in {1..5}; do
	told "$ENDED" 1 'Received SSH_MSG_DISCONNECT: 2:' libssh-one-cpu "$ended"
done
ok "libssh shows it 5 times of 5, on one processor with the edge"
