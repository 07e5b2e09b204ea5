# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# The clients of SSH that Debian packages, and how each dials; sourced after _init.sh.

CLIENTS_TARGET=ubuntu@$LAB_PUBLIC_ADDRESS
CLIENTS_TABLE=()

# Each as it comes: known_hosts and configuration of nobody.
clients_prepare() {
	local home

	home=$(lab_client_home)
	: >"$home/plain"
	cp "$LAB_TOOLS/libssh_dial.py" "$LAB_TOOLS/paramiko_dial.py" "$home"
	chown -R 1000:1000 "$home"
}

# dial CLIENT PORT [JUMP]: sets DIALLED, the exit status; what was printed is in $LAB_DIR/dialled.
dial() {
	local client=$1 port=$2

	DIALLED=0
	lab_client timeout 15 bash -c "$(client_command "$client" "$port" "${3:-}")" \
		>"$LAB_DIR/dialled" 2>&1 </dev/null || DIALLED=$?
	tr -d '\r' <"$LAB_DIR/dialled" >"$LAB_DIR/dialled.lines"
	mv "$LAB_DIR/dialled.lines" "$LAB_DIR/dialled"
	# Which of the two rsync sees first: its pipe closed, or its ssh gone.
	case $client:$DIALLED in rsync:12 | rsync:255) DIALLED="255 or 12" ;; esac
	CLIENTS_TABLE+=("$client|$(client_version "$client")|$(client_line "$port")|$DIALLED")
}

# client_line PORT: the line with the sentence, or else the last that says anything.
client_line() {
	awk '/for build|No SSH session/ { print; found = 1; exit } /[^ ]/ { last = $0 }
		END { if (!found) print last ? last : "nothing" }' "$LAB_DIR/dialled" |
		sed "s/SSH for build.*new session./TEXT/; s/$LAB_PUBLIC_ADDRESS/ADDRESS/; s/port [0-9]*:/port PORT:/; s/:$1 /:PORT /"
}

# client_command CLIENT PORT JUMP: prints it.
client_command() {
	local port=$2 ssh='ssh -F plain -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'

	case $1 in
	ssh) echo "$ssh -p $port $CLIENTS_TARGET true" ;;
	ssh-q) echo "$ssh -q -p $port $CLIENTS_TARGET true" ;;
	ssh-proxy) echo "$ssh -o ProxyCommand='nc %h %p' -p $port $CLIENTS_TARGET true" ;;
	ssh-J) echo "ssh -o StrictHostKeyChecking=no -J $CLIENTS_TARGET:$3 -p $port $CLIENTS_TARGET true" ;;
	scp) echo "scp ${ssh#ssh } -P $port $CLIENTS_TARGET:x ." ;;
	sftp) echo "echo get x | sftp ${ssh#ssh } -b - -P $port $CLIENTS_TARGET" ;;
	rsync) echo "rsync -e '$ssh -p $port' $CLIENTS_TARGET:x ." ;;
	ssh-keyscan) echo "ssh-keyscan -p $port $LAB_PUBLIC_ADDRESS" ;;
	mosh) echo "script -qec 'TERM=xterm mosh --ssh=\"$ssh -p $port\" $CLIENTS_TARGET' /dev/null" ;;
	dbclient) echo "dbclient -y -p $port $CLIENTS_TARGET true" ;;
	plink) echo "plink -batch -P $port $CLIENTS_TARGET true" ;;
	pscp) echo "pscp -batch -P $port $CLIENTS_TARGET:x ." ;;
	paramiko) echo "/usr/bin/python3 paramiko_dial.py $LAB_PUBLIC_ADDRESS $port" ;;
	paramiko-log) echo "/usr/bin/python3 paramiko_dial.py --log $LAB_PUBLIC_ADDRESS $port" ;;
	libssh) echo "/usr/bin/python3 libssh_dial.py $LAB_PUBLIC_ADDRESS $port 2>/dev/null" ;;
	libssh-one-cpu) echo "taskset 1 /usr/bin/python3 libssh_dial.py $LAB_PUBLIC_ADDRESS $port 2>/dev/null" ;;
	curl) echo "/usr/bin/curl -sS -u ubuntu: sftp://$LAB_PUBLIC_ADDRESS:$port/x" ;;
	*) fail "no client $1" ;;
	esac
}

# client_version CLIENT: prints the package that it is of, and its version.
client_version() {
	local package

	case $1 in
	ssh* | scp | sftp) package=openssh-client ;;
	dbclient) package=dropbear-bin ;;
	plink | pscp) package=putty-tools ;;
	paramiko*) package=python3-paramiko ;;
	libssh*) package=libssh-4 ;;
	curl) package=libssh2-1 ;;
	*) package=$1 ;;
	esac
	dpkg-query -W -f '${Package} ${Version}' "$package"
}

# The matrix since the last: what each client printed, and its exit status. Each row, but for the
# version, stands in the page $1 if that is named.
clients_table() {
	local row client version line status missing=0

	for row in "${CLIENTS_TABLE[@]}"; do
		IFS='|' read -r client version line status <<<"$row"
		echo "# | $client | $version | $line | $status |"
		[ -z "${1:-}" ] || grep -qF "| $client | \`$line\` | $status |" "$1" ||
			missing=1
	done
	[ $missing = 0 ] || fail "rows above are not in $1"
	CLIENTS_TABLE=()
}
