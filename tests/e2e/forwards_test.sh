#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Forwards beside ssh, TCP and UDP (a web page, a shell over mosh), under the build's one deadline: all
# are open, and all are cut together. In both engines.
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# A page of the VM's, and an echo over UDP that says who it saw.
start_services() {
	start_on lab_vm0 web python3 -uc 'import http.server as h, socketserver
class Page(h.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"page")
print("up", flush=True)
socketserver.TCPServer(("", 8080), Page).serve_forever()' >"$LAB_DIR/web" 2>&1 &
	start_on lab_vm0 echo python3 -uc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 5000)); print("up", flush=True)
while True:
    text, peer = s.recvfrom(2000); s.sendto(text + b" from " + peer[0].encode(), peer)' \
		>"$LAB_DIR/echo" 2>&1 &
	wait_line 10 "$LAB_DIR/web" up
	wait_line 10 "$LAB_DIR/echo" up
}

# ask_udp PORT: prints what comes back from a UDP port of the edge, tried for two seconds.
ask_udp() {
	lab_client python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.5)
for _ in range(4):
    try:
        s.sendto(b"hello", (sys.argv[1], int(sys.argv[2]))); print(s.recv(2000).decode()); break
    except OSError:
        pass
else:
    sys.exit(1)' "$LAB_PUBLIC_ADDRESS" "$1"
}

ask_web() {
	lab_client curl -sf --max-time 2 "http://$LAB_PUBLIC_ADDRESS:$1/"
}

# port_of NAME: the public port of a forward in the last answer.
port_of() {
	answer ".nodes[0].forwards[] | select(.name == \"$1\") | .public_port"
}

# A shell over mosh: its server on the VM is started through ssh, as mosh does, the rest is UDP.
mosh_session() {
	local key

	key=$(ssh_to "$ssh" "LC_ALL=C.UTF-8 mosh-server new -p $MOSH_PORT" 2>/dev/null |
		sed -n "s/^MOSH CONNECT $MOSH_PORT //p" | tr -d '\r')
	[ -n "$key" ] || fail "$1: no mosh-server on the VM"
	rm -f "$(lab_vm_home 0)/by-mosh"
	# The session's input: a terminal that types, once the screen is there, and then waits.
	mkfifo "$LAB_DIR/typed-$1"
	lab_client script -qfec "stty cols 80 rows 24; exec env TERM=xterm LC_ALL=C.UTF-8 MOSH_KEY=$key mosh-client $LAB_PUBLIC_ADDRESS $mosh" \
		/dev/null <>"$LAB_DIR/typed-$1" >"$LAB_DIR/mosh-$1" 2>&1 &
	MOSH=$!
	echo 'hostname >by-mosh' >"$LAB_DIR/typed-$1"
	wait_until 15 grep -qx vm0 "$(lab_vm_home 0)/by-mosh" || fail "mosh: $(cat "$LAB_DIR/mosh-$1")"
	ok "$1: a shell over mosh, its UDP port forwarded"
}

# forwards ENGINE PORT: mosh's server has that port of the VM.
forwards() {
	local web echo mosh ssh port deadlines
	MOSH_PORT=$2

	api PUT "/v1/builds/all-$1" "$(build_body 0 | jq -c '.nodes[0].forwards = [
		{name: "web", port: 8080}, {name: "echo", port: 5000, protocol: "udp"},
		{name: "mosh", port: '"$MOSH_PORT"', protocol: "udp"}]')"
	assert_eq 201 "$STATUS" "status of a PUT with forwards"
	ssh=$(node_port 0) web=$(port_of web) echo=$(port_of echo) mosh=$(port_of mosh)
	assert_eq page "$(ask_web "$web")" "the page of the VM"
	assert_eq "hello from $LAB_CLIENT_ADDRESS" "$(ask_udp "$echo")" "the answer over UDP"
	assert_eq vm0 "$(ssh_to "$ssh" hostname)" "host name by ssh beside"
	ok "$1: ssh, TCP and UDP forwards of one node are open, the VM sees the client's address"
	mosh_session "$1"
	deadlines=$(for port in $ssh $web $echo $mosh; do slot "$port" deadline_ns; done | sort -u)
	assert_eq 1 "$(wc -l <<<"$deadlines")" "different deadlines of one build's ports"

	api DELETE "/v1/builds/all-$1"
	assert_eq 204 "$STATUS" "status of DELETE"
	capture_start "after-$1" vm0 eth0 -Q in "src host $LAB_CLIENT_ADDRESS and udp"
	assert_fails "ssh after the end" ssh_to "$ssh" true
	assert_fails "the page after the end" ask_web "$web"
	assert_fails "UDP after the end" ask_udp "$echo"
	capture_stop "after-$1"
	assert_eq 0 "$(pcap count "after-$1")" "UDP packets at the VM after DELETE"
	ok "$1: all of them are cut together"
	kill "$MOSH"
}

begin 1
start_services
forwards dpdk 60001
daemon_stop dp
forwards xdp 60002
