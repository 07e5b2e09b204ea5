#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A pool and a limit that were made smaller than what is in use: a start keeps what lives, and goes on.
LAB_ENGINE=xdp
LAB_LIMITS='allow_lists = 8;'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# enable ID: a build of three nodes, with an allow-list of its own.
enable() {
	local number=${1//[^0-9]/}

	api PUT "/v1/builds/$1" "{\"allow\":[\"192.0.2.0/24\",\"198.51.100.$number/32\"],\"nodes\":[
		{\"index\":0,\"address\":\"10.0.3.$((20 + number))\",\"port\":22},
		{\"index\":1,\"address\":\"10.0.3.$((40 + number))\",\"port\":22},
		{\"index\":2,\"address\":\"10.0.3.$((60 + number))\",\"port\":22}]}"
}

need_programs
lab_begin 1
control_start
api PUT /v1/builds/live '{"nodes":[{"index":0,"address":"10.0.3.7","port":22}]}'
assert_eq 201 "$STATUS" "status of the first PUT"
port=$(answer '.nodes[0].public_port')
for number in 1 2 3 4; do
	enable "b$number"
	assert_eq 201 "$STATUS" "status of the PUT of b$number"
done
daemon_stop control

sed "s,$LAB_DIR/state,$LAB_DIR/other," "$LAB_CONFIG" >"$LAB_DIR/other.conf"
LAB_CONFIG=$LAB_DIR/other.conf control_start
grep -q 'alert: The journal knows of no build.* state_dir=.*/other leases=13$' "$LAB_DIR/log/control" ||
	fail "the log does not tell of leases beside an empty journal"
daemon_stop control
control_start
assert_eq vm0 "$(lab_client ssh "${SSH_OPTIONS[@]}" -p "$port" "ubuntu@$LAB_PUBLIC_ADDRESS" hostname)" \
	"host behind a port whose journal is back"
assert_eq 1 "$(grep -c 'they are cut' "$LAB_DIR/log/control")" "starts that cut leases"
daemon_stop control
ok "with an empty journal leases end and the log says so; with the right one they are back"

# Thirteen ports are in use; three are left, and none of them is one of those.
LAB_PORTS=60000-60002 LAB_LIMITS='allow_lists = 1;'
config_write >"$LAB_CONFIG"
control_start
assert_eq vm0 "$(lab_client ssh "${SSH_OPTIONS[@]}" -p "$port" "ubuntu@$LAB_PUBLIC_ADDRESS" hostname)" \
	"host behind a port outside the pool"
grep -q 'keep public ports .*ports=13$' "$LAB_DIR/log/control" || fail "the log does not say how many ports are kept"
for number in 1 2 3 4; do
	api GET "/v1/builds/b$number"
	assert_eq '200 running' "$STATUS $(answer .state)" "b$number after the start"
done
ok "with a smaller pool and fewer allow-lists sallyportd starts, and what lived lives"

for number in 5 6 7; do
	api PUT "/v1/builds/new$number" "{\"nodes\":[{\"index\":0,\"address\":\"10.0.3.$((80 + number))\",\"port\":22}]}"
	assert_eq 201 "$STATUS" "status of the PUT of new$number"
done
api PUT /v1/builds/new8 '{"nodes":[{"index":0,"address":"10.0.3.99","port":22}]}'
assert_eq '503 no-ports' "$STATUS $(answer '.type | sub(".*[/:]"; "")')" "a build beyond the pool"
ok "every port of the smaller pool is given out, and not one more"

api DELETE /v1/builds/b1
daemon_stop control
control_start
api GET /v1/builds/live
assert_eq "200 $port" "$STATUS $(answer '.nodes[0].public_port')" "after one more start"
ok "it starts again when some of them have ended"
