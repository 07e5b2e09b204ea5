#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# configs/sallyport-upgrade replaces each program under a live session, which misses nothing; a new
# program that does not start is taken back.
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

heard=$(wc -l <"$LAB_DIR/ticks")
wait_until 10 ticks $((heard + 10))
kill -0 $session || fail "the session has ended: $(cat "$LAB_DIR/ticks.err")"
cut -d' ' -f1 "$LAB_DIR/ticks" | head -n "$heard" | cmp - <(seq 0 $((heard - 1))) ||
	fail "the session missed a count"
ok "a session open all the time missed none of its $heard counts"

old=$(sha256sum <"$PLACE/control/sallyportd")
printf '#!/bin/sh\n[ "$1" = --check ]\n' >"$PLACE/new/sallyportd"
chmod +x "$PLACE/new/sallyportd"
if upgrade >"$LAB_DIR/said" 2>&1; then
	fail "an upgrade to a program that does not start succeeded"
fi
assert_eq "$old" "$(sha256sum <"$PLACE/control/sallyportd")" "sallyportd after a bad upgrade"
[ "$(daemon_state control)" = running ] || fail "sallyportd does not run after a bad upgrade"
ok "a sallyportd that does not start is taken back"

printf '#!/bin/sh\necho "sallyport.conf:1: no" >&2\nexit 1\n' >"$PLACE/new/sallyportd"
pid=$(daemon_pid control)
if upgrade >"$LAB_DIR/said" 2>&1; then
	fail "an upgrade to a program that refuses the configuration succeeded"
fi
assert_eq "$pid" "$(daemon_pid control)" "sallyportd's process"
ok "a sallyportd that refuses the configuration replaces nothing"

heard=$(wc -l <"$LAB_DIR/ticks")
wait_until 10 ticks $((heard + 10))
ok "the session goes on"
