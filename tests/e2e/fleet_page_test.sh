#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# docs/FLEET.md: what it says to type, line by line, on three hosts; a session goes on meanwhile. systemctl is of the
# lab, which starts the real programs, and so are dummies where the kernel has none.
TEST_TIMEOUT=240
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"
# shellcheck source=tests/e2e/_routes.sh
. "$(dirname "$0")/_routes.sh"
PAGE=$LAB_TOOLS/../../docs/FLEET.md
LAB_BARE=1

# page_block LANGUAGE: prints the block of the page.
page_block() {
	sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$PAGE" | grep -v '^```'
}

routes_possible
need_programs
lab_begin 2
members_start
router_start

# What the page says of the configuration is one.
{
	config_write
	page_block conf
} >"$LAB_DIR/page.conf"
"$(lab_control_path)" --check "$LAB_DIR/page.conf" >"$LAB_DIR/said" 2>&1 ||
	fail "the page's configuration is refused: $(cat "$LAB_DIR/said")"
page_block jq >"$LAB_DIR/again.jq"
page_block interfaces | sed 's/ eth0 / public /' >"$LAB_DIR/interfaces"
ok "the page's configuration is accepted"

# One edge, alone, with an address that the router has a route to.
lab_in edge ip route add local "$LAB_PUBLIC_ADDRESS/32" dev lo
lab_in router ip route add "$LAB_PUBLIC_ADDRESS/32" via 10.9.1.2 metric 4000
config_write >"$LAB_CONFIG"
edge_spawn a control control/sallyportd
wait_until 20 edge_up a
for edge in a b c; do
	edge_config "$edge" >"$(edge_dir "$edge")/fleet.conf"
done
put_build alone 1
port=$(node_port 0)
start_session "$port"

# Those that systemctl is asked for are started as their units do.
unit_start() {
	case $2 in
	sallyportd)
		mv "$(edge_dir "$1")/fleet.conf" "$(edge_dir "$1")/sallyport.conf"
		edge_spawn "$1" control control/sallyportd
		wait_until 20 edge_up "$1"
		;;
	sallyport-fleet) fleet_start "$1" ;;
	bird)
		routes_config "$1" bird/bird.conf >"$LAB_DIR/bird-$(edge_ns "$1").conf"
		bird_spawn "$(edge_ns "$1")"
		;;
	*) fail "no unit $2" ;;
	esac
}

# shellcheck disable=SC2317,SC2329
systemctl() {
	local unit

	case $1 in
	restart)
		kill "$(cat "$LAB_DIR/control-$EDGE.pid")"
		wait "$(cat "$LAB_DIR/control-$EDGE.pid")"
		unit_start "$EDGE" "$2"
		;;
	enable)
		for unit in "${@:3}"; do
			unit_start "$EDGE" "$unit"
		done
		;;
	*) fail "systemctl $*" ;;
	esac
}

# shellcheck disable=SC2317,SC2329
ip() {
	local line

	if [ "$1" != -batch ]; then
		command ip "$@"
		return
	fi
	while read -r line; do
		case $line in
		*'type dummy') announce_interface "$(edge_ns "$EDGE")" "$(cut -d' ' -f3 <<<"$line")" ;;
		*) lab_in "$(edge_ns "$EDGE")" ip -batch - <<<"$line" ;;
		esac
	done <"$2"
}

sallyport() {
	local socket=${SALLYPORT_SOCKET:-/run/sallyport/api.sock}

	SALLYPORT_SOCKET=$(edge_dir "$EDGE")/run/$(basename "$socket") "$(lab_cli_path)" "$@"
}

nr=0
while read -r host command; do
	case $host in
	'edge-1#') EDGE=a ;;
	'edge-2#') EDGE=b ;;
	'edge-3#') EDGE=c ;;
	*) fail "no prompt: $host $command" ;;
	esac
	nr=$((nr + 1))
	if [ "$command" = 'sallyport status' ]; then
		wait_until 30 routed c
	fi
	eval "${command//\/etc\/sallyport/$LAB_DIR}" >"$LAB_DIR/said" 2>&1 </dev/null ||
		fail "'$host $command': $(cat "$LAB_DIR/said")"
	[ "$command" != 'sallyport status' ] ||
		assert_match '^routes +announced$' "$LAB_DIR/said" "what status prints"
	case $command in
	for*) assert_match 'ssh .*-p [0-9]+' "$LAB_DIR/said" "what declaring again prints" ;;
	*enable\ 4*) wait_until 20 edge_has c 48121 running ;;
	esac
	ok "$host ${command:0:70}"
done < <(page_block console)
assert_eq 10 "$nr" "commands on the page"
edge c GET /v1/builds/alone
assert_eq "$port" "$(node_port 0)" "port of the build that was there before"

# shellcheck disable=SC2034
for edge in a b c; do
	wait_until 30 routed "$edge"
done
edge c GET /v1/builds/48121
ssh_to "$(node_port 0)" true || fail "no login through the three"
ok "three edges are routed to, and a build declared at one is on all"
process_gone "$SESSION" && fail "the session that was there before has ended"
ok "a session of the one edge has outlived it"
