#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# configs/sallyport-upgrade replaces the programs under a live session, which misses nothing, to a table
# of another version too; new programs that do not start are taken back.
TEST_TIMEOUT=${TEST_TIMEOUT:-120}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

UPGRADE=$(cd "$(dirname "$0")/../.." && pwd)/configs/sallyport-upgrade
BUILT=$SALLYPORT_BUILD

# An installation of its own, so that programs can be replaced: laid out as the lab expects it.
installation() {
	mkdir -p "$1/control/cli" "$1/new"
	cp "$BUILT/control/sallyportd" "$BUILT/dataplane/sallyport-dp" "$1/control/"
	cp "$BUILT/control/cli/sallyport" "$1/control/cli/"
	ln -s control "$1/dataplane"
	cat >"$1/restart" <<-EOT
		#!/bin/bash
		. "$LAB_SOURCE/lab.sh"
		lab_attach $LAB_ID
		case \$1 in
		sallyport-dp) daemon_stop dp && dp_start ;;
		sallyportd) daemon_stop control && control_start ;;
		esac
	EOT
	chmod +x "$1/restart"
}

upgrade() {
	SALLYPORT_CONF=$LAB_CONFIG SALLYPORT_SOCKET=$LAB_SOCKET SALLYPORT_RESTART=$PLACE/restart \
		SALLYPORT_SBIN=$PLACE/control SALLYPORT_BIN=$PLACE/control/cli "$UPGRADE" "$PLACE/new"
}

# A program that does the same and is another file: bytes behind an ELF file do nothing.
renew() {
	cp "$1" "$PLACE/new/$2"
	echo "$EPOCHREALTIME" >>"$PLACE/new/$2"
}

# runs DAEMON PROGRAM: the daemon's process runs the new program.
runs() {
	cmp -s "/proc/$(daemon_pid "$1")/exe" "$PLACE/new/$2"
}

ticks() {
	[ -e "$LAB_DIR/ticks" ] && [ "$(wc -l <"$LAB_DIR/ticks")" -ge "$1" ]
}

carried_by() {
	[ "$(sallyport -o json status | jq -r .carrying)" = "$1" ]
}

# misses_none WHAT: the session has missed nothing up to now, and goes on.
misses_none() {
	local heard

	heard=$(wc -l <"$LAB_DIR/ticks")
	wait_until 10 ticks $((heard + 10))
	kill -0 $session || fail "$1: the session has ended: $(cat "$LAB_DIR/ticks.err")"
	cut -d' ' -f1 "$LAB_DIR/ticks" | head -n "$heard" | cmp - <(seq 0 $((heard - 1))) ||
		fail "$1: the session missed a count"
	ok "$1: a session open all the time missed none of its $heard counts"
}

# refused WHAT: an upgrade fails, and both daemons run as they did, the programs that they ran.
refused() {
	local control dp

	control=$(sha256sum <"$PLACE/control/sallyportd")
	dp=$(sha256sum <"$PLACE/control/sallyport-dp")
	if upgrade >"$LAB_DIR/said" 2>&1; then
		fail "an upgrade to $1 succeeded"
	fi
	assert_eq "$control" "$(sha256sum <"$PLACE/control/sallyportd")" "sallyportd after $1"
	assert_eq "$dp" "$(sha256sum <"$PLACE/control/sallyport-dp")" "sallyport-dp after $1"
	assert_eq "$control" "$(sha256sum <"/proc/$(daemon_pid control)/exe")" "what runs after $1"
	assert_eq "$dp" "$(sha256sum <"/proc/$(daemon_pid dp)/exe")" "what runs after $1"
	wait_until 10 carried_by dpdk || fail "sallyport-dp does not carry after $1"
	ok "$1: taken back"
}

need_programs
lab_begin 1
PLACE=$LAB_DIR/installed
installation "$PLACE"
export SALLYPORT_BUILD=$PLACE
lab_start
put_build up 0
port=$(node_port)
ticking_session "$port" 20 &
session=$!
wait_until 10 ticks 10

renew "$BUILT/dataplane/sallyport-dp" sallyport-dp
renew "$BUILT/control/sallyportd" sallyportd
cp "$BUILT/control/cli/sallyport" "$PLACE/new/"
upgrade >"$LAB_DIR/said" || fail "the upgrade: $(cat "$LAB_DIR/said")"
runs dp sallyport-dp || fail "sallyport-dp is not the new one"
ok "sallyport-dp is the new one"
runs control sallyportd || fail "sallyportd is not the new one"
ok "sallyportd is the new one"

misses_none "an upgrade"

rm "$PLACE"/new/*
cp "$BUILT/tests/e2e/sallyport-dp-other-table" "$PLACE/new/sallyport-dp"
refused "a sallyport-dp for another table, alone"
assert_match 'The table has version [0-9]+, this program reads version 1000\.' "$LAB_DIR/log/dp" \
	"why a sallyport-dp for another table ends"

cp "$BUILT/tests/e2e/sallyportd-other-table" "$PLACE/new/sallyportd"
upgrade >"$LAB_DIR/said" 2>&1 || fail "the upgrade to another table: $(cat "$LAB_DIR/said")"
runs dp sallyport-dp || fail "sallyport-dp is not the one for another table"
runs control sallyportd || fail "sallyportd is not the one for another table"
ok "both daemons are those for another table"
misses_none "an upgrade to another table"

rm "$PLACE"/new/*
cp "$BUILT/control/sallyportd" "$PLACE/new/"
printf '#!/bin/sh\nexit 1\n' >"$PLACE/new/sallyport-dp"
chmod +x "$PLACE/new/sallyport-dp"
refused "a sallyportd for another table, with a sallyport-dp that does not start"

rm "$PLACE"/new/*
printf '#!/bin/sh\n[ "$1" = --check ]\n' >"$PLACE/new/sallyportd"
chmod +x "$PLACE/new/sallyportd"
refused "a sallyportd that does not start"

printf '#!/bin/sh\necho "sallyport.conf:1: no" >&2\nexit 1\n' >"$PLACE/new/sallyportd"
pid=$(daemon_pid control)
refused "a sallyportd that refuses the configuration"
assert_eq "$pid" "$(daemon_pid control)" "sallyportd's process"
ok "a sallyportd that refuses the configuration replaces nothing"

# An edge that says something else each time it is looked at.
mkdir -p "$PLACE/restless"
printf '#!/bin/sh\ndate +"{\\"carrying\\":\\"%%N\\",\\"leases_live\\":1}"\n' >"$PLACE/restless/sallyport"
chmod +x "$PLACE/restless/sallyport"
rm "$PLACE"/new/*
renew "$(lab_control_path)" sallyportd
if SALLYPORT_CONF=$LAB_CONFIG SALLYPORT_RESTART=false SALLYPORT_SBIN=$PLACE/control SALLYPORT_SETTLE=1 \
	SALLYPORT_BIN=$PLACE/restless "$UPGRADE" "$PLACE/new" 2>"$LAB_DIR/refused"; then
	fail "an edge that does not settle was upgraded"
fi
assert_match 'does not settle: nothing was replaced' "$LAB_DIR/refused" "what it says"
assert_eq "$pid" "$(daemon_pid control)" "sallyportd's process"
ok "an edge that does not settle is left as it is"
misses_none "what was taken back"
