#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# builds.networks change by SIGHUP under a worker that reads them: a set that it may still be in the
# middle of is not written.
LAB_IDLE=spin
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# reload NETWORK TEXT: SIGHUP with this network beside the lab's, until the log says TEXT once more.
reload() {
	local before

	config_write | sed "s|networks = .*|networks = [ \"10.0.0.0/16\", \"$1\" ];|" >"$LAB_CONFIG"
	before=$(grep -c -- "$2" "$LAB_DIR/log/control") || before=0
	daemon_signal control HUP
	wait_until 10 logged "$2" "$before"
}

logged() {
	[ "$(grep -c -- "$1" "$LAB_DIR/log/control")" -gt "$2" ]
}

begin 3
put_build one 0
port=$(node_port)
applied='Reloaded. key=builds.networks'
for i in 1 2 3; do
	reload "10.$i.0.0/16" "$applied"
	assert_eq one "$(ssh_to "$port" echo one)" "ssh after reload $i"
done
ok "SIGHUP changes builds.networks, one time after another"

daemon_signal dp STOP
reload 10.4.0.0/16 "$applied"
reload 10.5.0.0/16 'Nothing of the new configuration was applied'
assert_match 'restart sallyport-dp.*key=builds.networks' "$LAB_DIR/log/control" "why"
api GET /v1/status
assert_eq 200 "$STATUS" "the API meanwhile"
ok "a set that a hanging worker may be reading is not written, and the log says so"

daemon_signal dp CONT
reload 10.5.0.0/16 "$applied"
assert_eq one "$(ssh_to "$port" echo one)" "ssh at the end"
ok "once the worker is past, it changes"

config_write | sed 's|networks = .*|networks = [ "10.5.0.0/16" ];|' >"$LAB_CONFIG"
daemon_signal control HUP
wait_until 10 logged 'outside builds.networks.* builds=1 one=one$' 0
assert_eq one "$(ssh_to "$port" echo one)" "ssh to a VM outside builds.networks"
api PUT /v1/builds/later '{"nodes":[{"index":0,"address":"10.0.3.9","port":22}]}'
assert_eq 422 "$STATUS" "a build that would lead there from now on"
reload 10.5.0.0/16 "$applied"
ok "an open build outside networks that have changed is told of, and goes on"

# What `systemctl reload` runs: it waits, and fails when nothing was applied.
ask() {
	lab_in edge "$(lab_control_path)" -c "$LAB_CONFIG" --reload
}

# preview STATUS KEYS SAYS: what sallyport says that a reload would do.
preview() {
	local status=0

	lab_in edge "$(lab_cli_path)" check "$LAB_CONFIG" --diff -o json >"$LAB_DIR/preview" || status=$?
	assert_eq "$1 $2 $3" "$status $(jq -r '"\([.changes[].key] | sort | join(" ")) \(.says)"' "$LAB_DIR/preview")" \
		"exit status and preview of a reload"
}

config_write | sed 's|linger = .*|linger = "7m";|' >"$LAB_CONFIG"
preview 0 'builds.networks leases.linger' 'a reload applies this'
ask || fail "--reload fails with a change that can be applied"
preview 0 '' 'nothing differs'
put_build two 1
api POST /v1/builds/two/finish '{}'
assert_eq 420 "$(answer '(.deadline | fromdate) - (.finished_at | fromdate)')" "linger after --reload"
ask || fail "--reload fails when nothing differs"
config_write | sed -e 's|linger = .*|linger = "7m";|' \
	-e 's|networks = \[ "10.0.0.0/16"|&, "10.6.0.0/16"|' >"$LAB_CONFIG"
assert_eq 'builds.networks: reload
+ builds.networks[1] = "10.6.0.0/16"
a reload applies this' "$(lab_in edge "$(lab_cli_path)" check "$LAB_CONFIG" --diff)" "the lines that differ, and no others"
config_write | sed -e 's|linger = .*|linger = "7m";|' -e 's|networks = .*|networks = [ "10.5.0.0/16" ];|' \
	-e "s|ports = .*|ports = [ $port ];|" >"$LAB_CONFIG"
lab_in edge "$(lab_cli_path)" check "$LAB_CONFIG" --diff >"$LAB_DIR/preview" || :
assert_match 'open builds that lead outside builds.networks then, and stay until they end: 2$' "$LAB_DIR/preview" "builds"
assert_match 'open builds that keep a public port which is none then, until they end: 1$' "$LAB_DIR/preview" "ports"
config_write | sed "s|bind = .*|bind = \"192.0.2.99\";|" >"$LAB_CONFIG"
lab_in edge "$(lab_cli_path)" check "$LAB_CONFIG" --diff -o json >"$LAB_DIR/preview" || :
assert_eq '{"outside_networks":0,"outside_ports":0,"ending":2}' "$(jq -c .builds "$LAB_DIR/preview")" "builds that end"
ok "check --diff says how many open builds a change leaves outside"
config_write | sed -e 's|linger = .*|linger = "7m";|' \
	-e 's|networks = \[ "10.0.0.0/16"|&, "10.6.0.0/16"|' >"$LAB_CONFIG"
ok "--reload returns once a change is applied, and check --diff says before that it will be"

config_write | sed 's|linger = .*|lingr = "9m";|' >"$LAB_CONFIG"
assert_fails "--reload with a mistake" ask
assert_match 'lingr' "$LAB_DIR/refused" "the mistake"
config_write | sed -e 's|linger = .*|linger = "9m";|' -e 's|name = .*|name = "another";|' >"$LAB_CONFIG"
preview 5 'edge.name leases.linger' 'a reload would apply nothing of this: restart sallyportd'
assert_fails "--reload with what needs a restart" ask
assert_match 'Nothing was applied: .*key=edge.name needs="restart of sallyportd"' "$LAB_DIR/refused" "what --reload says"
put_build three 2
api POST /v1/builds/three/finish '{}'
assert_eq 420 "$(answer '(.deadline | fromdate) - (.finished_at | fromdate)')" "linger after a refused --reload"
assert_fails "--reload by somebody else" lab_in edge setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$(lab_control_path)" -c "$LAB_CONFIG" --reload
assert_match 'only root may see' "$LAB_DIR/refused" "what --reload says to somebody else"
daemon_signal control KILL
wait_until 10 process_gone "$(daemon_pid control)"
config_write >"$LAB_CONFIG"
assert_fails "--reload without a sallyportd" ask
assert_match 'No sallyportd' "$LAB_DIR/refused" "what --reload says without one"
ok "--reload fails, with the reason, when nothing was applied, as check --diff has said"
