#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The host's own traffic on the public interface works while leases are live, whichever engine
# carries, and when there is none.
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# page MACHINE PORT: a web server there that says who it is. Not an HTTPServer: that asks the DNS for
# the name of its address first, and there may be none to answer.
page() {
	lab_in "$1" python3 -uc 'import http.server as h, socketserver, sys
class Page(h.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(self.client_address[0].encode())
    def log_message(self, *_):
        pass
socketserver.TCPServer.allow_reuse_address = True
server = socketserver.ThreadingTCPServer(("0.0.0.0", int(sys.argv[1])), Page)
print("up", flush=True)
server.serve_forever()' "$2" >"$LAB_DIR/page-$1-$2" 2>&1 &
	wait_line 10 "$LAB_DIR/page-$1-$2" up
}

host_traffic() {
	local port

	lab_in client ping -qc3 -i0.05 -W2 "$LAB_PUBLIC_ADDRESS" >/dev/null || fail "$1: ping"
	lab_in client ping -qc3 -i0.05 -W2 "$LAB_PUBLIC_ADDRESS6" >/dev/null || fail "$1: ping, IPv6"
	for port in 8080 "$free_port"; do
		assert_eq "$LAB_CLIENT_ADDRESS" "$(lab_in client curl -sf --max-time 5 \
			"http://$LAB_PUBLIC_ADDRESS:$port/")" "$1: a TCP server of the edge on port $port"
	done
	assert_eq "$LAB_PUBLIC_ADDRESS" "$(lab_in edge curl -sf --max-time 5 \
		"http://$LAB_CLIENT_ADDRESS:8080/")" "$1: the edge as a client on the public side"
	assert_eq "$LAB_BUILDS_ADDRESS" "$(lab_in edge curl -sf --max-time 5 \
		"http://$(lab_vm_address 0):8080/")" "$1: the edge as a client on the builds side"
	ok "$1: ping and TCP of the host itself, both ways"
}

begin 1
page edge 8080
page client 8080
page vm0 8080
put_build live 0
port=$(node_port 0)
# A port of the pool that nobody leases is the host's as any other.
free_port=$((port == 65535 ? 64535 : port + 1))
page edge "$free_port"

assert_eq vm0 "$(ssh_to "$port" hostname)" "the lease, with DPDK"
host_traffic "with DPDK"
dpdk_alone
daemon_stop dp
assert_eq vm0 "$(ssh_to "$port" hostname)" "the lease, with XDP"
host_traffic "with XDP alone"
daemon_crash control
assert_eq vm0 "$(ssh_to "$port" hostname)" "the lease, with no process"
host_traffic "with no process of ours"
