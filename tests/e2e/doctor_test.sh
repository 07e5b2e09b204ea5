#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# sallyport doctor finds nothing wrong with an edge that works, and each thing that is then broken.
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

LAB_PORTS=64535-64540
# shellcheck disable=SC2034
LAB_ADDRESSES=", { bind = \"$LAB_PUBLIC_ADDRESS6\"; ports = [ \"22000-22009\" ]; },
	{ bind = \"192.0.2.7\"; ports = [ 443 ]; pool = \"https\"; }"

# doctor: on the edge, as JSON in $LAB_DIR/findings; its exit status is in CODE.
doctor() {
	CODE=0
	lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" -o json doctor "$LAB_CONFIG" \
		>"$LAB_DIR/findings" 2>&1 || CODE=$?
}

# finds GRADE CHECK PATTERN: the latest findings have such a one.
finds() {
	jq -e --arg grade "$1" --arg check "$2" --arg says "$3" \
		'any(.[]; .grade == $grade and .check == $check and (.says | test($says)))' \
		"$LAB_DIR/findings" >"$LAB_DIR/found" ||
		fail "no $1 of $2 like '$3': $(cat "$LAB_DIR/findings")"
	ok "$2: $1, $3"
}

need_programs
lab_begin 1
lab_in edge ip addr add 192.0.2.7/24 dev public
lab_start
doctor
assert_eq 0 "$CODE" "exit status with all well"
# The clock is that of whatever machine this is.
assert_eq "" "$(jq -r '.[] | select((.grade == "warning" or .grade == "failure") and .check != "clock").says' \
	"$LAB_DIR/findings")" "complaints with all well"
for check in interface 'forwarding of lo' address disk listeners 'local ports' sallyportd program engine pool; do
	finds ok "$check" .
done
finds note checksums 'public is a veth'

CODE=0
lab_in edge setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$(lab_cli_path)" -s "$LAB_SOCKET" -o json doctor "$LAB_CONFIG" >"$LAB_DIR/findings" 2>&1 || CODE=$?
assert_eq 0 "$CODE" "exit status for somebody who may not ask"
finds warning sallyportd 'is not open to you: whether it is well is not known'

# Without the usual file, and none named, what the daemon says is said all the same.
without_config() {
	CODE=0
	lab_in edge unshare --mount --propagation private sh -c 'mount -t tmpfs none /etc && exec "$@"' sh \
		"$(lab_cli_path)" -s "$LAB_SOCKET" -o json doctor >"$LAB_DIR/findings" 2>&1 || CODE=$?
}
without_config
assert_eq 0 "$CODE" "exit status without a configuration"
finds warning configuration '/etc/sallyport/sallyport.conf: No such file'
finds note configuration 'sallyport doctor CONFIG'
finds ok sallyportd 'It answers'

daemon_stop dp
doctor
assert_eq 0 "$CODE" "exit status with a warning"
finds warning engine 'dpdk is configured and xdp carries'

nsenter --net="/run/netns/$LAB_NS-edge" socat TCP-LISTEN:64537,bind=$LAB_PUBLIC_ADDRESS,reuseaddr,fork /dev/null &
listener=$!
listens() {
	lab_in edge ss -Hltn | grep -q ':64537 '
}
wait_until 5 listens
doctor
finds warning listeners "port 64537 of $LAB_PUBLIC_ADDRESS"
kill "$listener"
wait_until 5 process_gone "$listener"
doctor
finds ok listeners .

lab_in edge sysctl -qw net.ipv4.ip_local_port_range='32768 65535'
doctor
finds warning 'local ports' 'use 6 ports'
lab_in edge sysctl -qw net.ipv4.ip_local_reserved_ports=64535-64538,64540
doctor
finds warning 'local ports' 'use 1 ports'
lab_in edge sysctl -qw net.ipv4.ip_local_reserved_ports=64535-64540
doctor
finds ok 'local ports' 'no port'

lab_in edge sysctl -qw net.ipv4.conf.public.forwarding=1
doctor
finds warning forwarding 'public forwards'
lab_in edge sysctl -qw net.ipv4.conf.public.forwarding=0

api PUT /v1/builds/most '{"nodes":[{"index":0},{"index":1},{"index":2},{"index":3},{"index":4}]}'
doctor
finds warning pool '1 of 6 public ports of pool default are free \(IPv4\)'
finds ok pool '10 of 10 public ports of pool default are free \(IPv6\)'
finds ok pool '1 of 1 public ports of pool https are free \(IPv4\)'
api PUT /v1/builds/last '{"nodes":[{"index":0}]}'
doctor
assert_eq 1 "$CODE" "exit status with an empty pool"
finds failure pool 'No public port of pool default is free \(IPv4\)'
assert_eq 3 "$(jq '[.[] | select(.check == "pool")] | length' "$LAB_DIR/findings")" "pools looked at"

lab_in edge ip addr del "$LAB_PUBLIC_ADDRESS/24" dev public
doctor
finds failure address "$LAB_PUBLIC_ADDRESS is not this host's"
lab_in edge ip link set builds down
doctor
finds failure link 'builds is down'

daemon_stop control
without_config
assert_eq 1 "$CODE" "exit status without configuration and daemon"
finds failure sallyportd 'does not answer'
doctor
finds failure sallyportd 'does not answer'
# While it does, it puts this right by itself (leaves_test).
lab_in edge sysctl -qw net.ipv4.conf.lo.forwarding=0
doctor
assert_eq 1 "$CODE" "exit status with a failure"
finds failure 'forwarding of lo' 'ipv4/conf/lo/forwarding is 0'
lab_in edge sysctl -qw net.ipv4.conf.lo.forwarding=1
lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" doctor "$LAB_CONFIG" >"$LAB_DIR/text" || :
assert_match '^failure  sallyportd: It does not answer on ' "$LAB_DIR/text" "the same in text"
sed -i 's/linger =/lingre =/' "$LAB_CONFIG"
doctor
assert_eq 1 "$CODE" "exit status with a bad configuration"
assert_match 'leases.lingre' "$LAB_DIR/findings" "an error of the configuration"
ok "a bad configuration is said with its line"
