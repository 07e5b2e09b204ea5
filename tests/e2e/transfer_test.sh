#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What people do over ssh: scp both ways, many sessions at once, -L, -R, sftp, rsync.
TEST_TIMEOUT=180 LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

MIB=${TRANSFER_MIB:-256}

hash_of() {
	sha256sum "$1" | cut -d' ' -f1
}

# scp or sftp from the client: the option for the port differs from ssh's.
copy() {
	lab_client "$1" "${SSH_OPTIONS[@]}" -q -P "$port" "${@:2}"
}

# hints used|wrong: how many hints of the XDP program were.
hints() {
	api GET /v1/status
	answer "[.queues[] | select(.interface == \"builds\") | .hints.$1] | add"
}

# The client answers as one behind a router: of those on the link the worker's lane takes nothing.
behind_router() {
	lab_in edge ip route "$1" "$LAB_CLIENT_ADDRESS/32" via "$LAB_STRANGER_ADDRESS" dev public
}

# found_once BEFORE: what the VM sent since then was searched for by the XDP program alone.
found_once() {
	local used

	used=$(($(hints used) - $1))
	assert_ge "$used" "$((MIB * 64))" "packets of the VM found by a hint"
	assert_eq 0 "$(hints wrong)" "hints of another lease"
	lab_in edge curl -sS --fail --unix-socket "$LAB_SOCKET" http://edge/metrics >"$LAB_DIR/metrics"
	assert_match '^sallyport_hints_total\{interface="builds",queue="0",worth="used"\} [1-9]' "$LAB_DIR/metrics" "metric"
	sallyport status >"$LAB_DIR/status"
	assert_match "^found once +[1-9][0-9']* packets of VMs, by the XDP program's hint; 0 hints were wrong\$" "$LAB_DIR/status" "status"
	ok "$used packets of the VM were found by the XDP program's hint"
}

scp_both_ways() {
	local before

	head -c "${MIB}M" /dev/urandom >"$home/there"
	copy scp there "ubuntu@$LAB_PUBLIC_ADDRESS:blob"
	assert_eq "$(hash_of "$home/there")" "$(hash_of "$vm_home/blob")" "sha256 on the VM"
	ok "scp of $MIB MiB to the VM, sha256 equal"
	behind_router add
	before=$(hints used)
	copy scp "ubuntu@$LAB_PUBLIC_ADDRESS:blob" back
	found_once "$before"
	behind_router del
	assert_eq "$(hash_of "$home/there")" "$(hash_of "$home/back")" "sha256 back on the client"
	ok "scp of $MIB MiB back from the VM, sha256 equal"
	rm "$home/there" "$home/back" "$vm_home/blob"
}

# Ten sessions are held open together: each waits for a file that comes once all have logged in.
ten_sessions() {
	local i pids=()

	for ((i = 0; i < 10; i++)); do
		ssh_to "${ports[i % 2]}" \
			"touch in-$i; tail -n1 -f --pid=\$PPID --retry go 2>/dev/null | head -n1; hostname" \
			>"$LAB_DIR/session-$i" &
		pids+=($!)
	done
	wait_until 20 all_logged_in
	ok "ten sessions are open at once"
	echo go >"$(lab_vm_home 0)/go"
	echo go >"$(lab_vm_home 1)/go"
	for ((i = 0; i < 10; i++)); do
		wait "${pids[i]}" || fail "session $i exited with $?"
		assert_eq "go vm$((i % 2))" "$(tr '\n' ' ' <"$LAB_DIR/session-$i" | xargs)" "session $i"
	done
	ok "each of the ten ends at the right VM"
}

all_logged_in() {
	local home files=0

	for home in "$(lab_vm_home 0)" "$(lab_vm_home 1)"; do
		files=$((files + $(find "$home" -name 'in-*' | wc -l)))
	done
	[ "$files" = 10 ]
}

# $1 is ssh's forwarding option, $2 where the server stands, $3 where it is asked.
forwarding() {
	local option=$1 server=$2 asker=$3

	start_on "$server" page python3 -uc 'import http.server as h, socketserver
class Page(h.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"page")
print("up", flush=True)
socketserver.TCPServer(("127.0.0.1", 8000), Page).serve_forever()' >"$LAB_DIR/http" 2>&1 &
	wait_line 10 "$LAB_DIR/http" up
	start_on lab_client tunnel ssh "${SSH_OPTIONS[@]}" -o ExitOnForwardFailure=yes -p "$port" -N \
		"$option" 9000:127.0.0.1:8000 "ubuntu@$LAB_PUBLIC_ADDRESS" &
	wait_until 10 "$asker" curl -sf --max-time 2 http://127.0.0.1:9000/
	assert_eq page "$("$asker" curl -sf --max-time 5 http://127.0.0.1:9000/)" "page through $option"
	stop_on lab_client tunnel
	stop_on "$server" page
	ok "ssh $option works"
}

sftp_and_rsync() {
	mkdir "$home/tree"
	seq 1000 >"$home/tree/numbers"
	printf 'put tree/numbers\nget numbers fetched\n' >"$home/batch"
	copy sftp -b batch "ubuntu@$LAB_PUBLIC_ADDRESS" >/dev/null
	cmp "$home/tree/numbers" "$home/fetched" || fail "sftp changed the bytes"
	ok "sftp puts and gets"
	lab_client rsync -a -e "ssh ${SSH_OPTIONS[*]} -p $port" tree "ubuntu@$LAB_PUBLIC_ADDRESS:"
	cmp "$home/tree/numbers" "$vm_home/tree/numbers" || fail "rsync changed the bytes"
	ok "rsync copies a tree"
}

begin 2
put_build transfers 0 1
ports=("$(node_port 0)" "$(node_port 1)")
port=${ports[0]}
home=$(lab_client_home)
vm_home=$(lab_vm_home 0)
scp_both_ways
ten_sessions
forwarding -L lab_vm0 lab_client
forwarding -R lab_client lab_vm0
sftp_and_rsync
dpdk_alone
