#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# configs/sallyport-upgrade replaces the programs under a live session, which misses nothing, to a table
# of another version too, and while the orchestrator works; new programs that do not start are taken
# back, and a journal that they raised.
# UPGRADE_ROUNDS: how many upgrades under a PUT each 100 ms (5; the full draw is 20).
TEST_TIMEOUT=${TEST_TIMEOUT:-420}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

UPGRADE=$(cd "$(dirname "$0")/../.." && pwd)/configs/sallyport-upgrade
BUILT=$SALLYPORT_BUILD

# An installation of its own, so that programs can be replaced: laid out as the lab expects it.
installation() {
	mkdir -p "$1/control/cli" "$1/new" "$1/root"
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
	cat >"$1/stop" <<-EOT
		#!/bin/bash
		. "$LAB_SOURCE/lab.sh"
		lab_attach $LAB_ID
		daemon_stop control
	EOT
	printf '#!/bin/sh\ntouch "%s/reloaded"\n' "$1" >"$1/reload"
	chmod +x "$1/restart" "$1/stop" "$1/reload"
}

# upgrade [ARGUMENT…]: to what is in $PLACE/new, unless something else is said.
upgrade() {
	SALLYPORT_CONF=$LAB_CONFIG SALLYPORT_SOCKET=$LAB_SOCKET SALLYPORT_RESTART=$PLACE/restart \
		SALLYPORT_STOP=$PLACE/stop SALLYPORT_RELOAD=$PLACE/reload SALLYPORT_ROOT=$PLACE/root \
		SALLYPORT_SBIN=$PLACE/control SALLYPORT_BIN=$PLACE/control/cli "$UPGRADE" "${@:-$PLACE/new}"
}

# mistaken PATTERN ARGUMENT…: is refused as a mistake (2) with these words, and nothing is touched.
mistaken() {
	local pattern=$1 status=0

	shift
	upgrade "$@" >"$LAB_DIR/said" 2>&1 || status=$?
	assert_eq 2 "$status" "status of sallyport-upgrade $*"
	assert_match "$pattern" "$LAB_DIR/said" "what it says to $*"
}

# The orchestrator at work: a build each 100 ms, and the one before the last ends. Until it is killed.
work() {
	local i

	for ((i = 0; ; i++)); do
		lab_api PUT "/v1/builds/work-$i" '{"nodes":[{"index":0},{"index":1}]}' >/dev/null 2>&1 || :
		[ "$i" -lt 2 ] || lab_api DELETE "/v1/builds/work-$((i - 2))" >/dev/null 2>&1 || :
		read -rt 0.1 <> <(:) || :
	done
}

# What is asked for the number of a daemon's process.
pid_of() {
	cat >"$PLACE/pid" <<-EOT
		#!/bin/bash
		. "$LAB_SOURCE/lab.sh"
		lab_attach $LAB_ID
		case \$1 in
		sallyport-dp) daemon_pid dp ;;
		sallyportd) daemon_pid control ;;
		*) echo 0 ;;
		esac
	EOT
	chmod +x "$PLACE/pid"
}

# What was installed by a package manager, and raised the journal without being well, says how it goes back.
raised_by_package() {
	local version

	pid_of
	version=$("$BUILT/control/sallyportd" -c "$LAB_CONFIG" --journal-version)
	mv "$PLACE/new/sallyportd" "$PLACE/control/sallyportd"
	if SALLYPORT_SETTLE=1 SALLYPORT_PID=$PLACE/pid upgrade --installed >"$LAB_DIR/said" 2>&1; then
		fail "a sallyportd that does not start is well"
	fi
	assert_match "raised from version $version to 99" "$LAB_DIR/said" "what is said of a raised journal"
	assert_match "systemctl stop sallyportd; sallyportd -c $LAB_CONFIG --take-back-journal $version" "$LAB_DIR/said" \
		"how the journal goes back"
	"$BUILT/control/sallyportd" -c "$LAB_CONFIG" --take-back-journal "$version" 2>>"$LAB_DIR/said"
	cp "$BUILT/control/sallyportd" "$PLACE/control/sallyportd"
	"$PLACE/restart" sallyportd
	wait_until 10 carried_by dpdk || fail "sallyport-dp does not carry after the journal went back"
	ok "by packages: a raised journal is named, with the way back"
}

upgrades_at_work() {
	local i rounds=${UPGRADE_ROUNDS:-5} worker

	work &
	worker=$!
	for ((i = 0; i < rounds; i++)); do
		rm -f "$PLACE"/new/*
		renew "$BUILT/dataplane/sallyport-dp" sallyport-dp
		renew "$BUILT/control/sallyportd" sallyportd
		upgrade >"$LAB_DIR/said" 2>&1 || fail "upgrade $i at work: $(cat "$LAB_DIR/said")"
		runs control sallyportd || fail "sallyportd is not the new one, in round $i"
	done
	kill $worker
	wait $worker 2>/dev/null || :
	ok "$rounds of $rounds upgrades under a PUT each 100 ms"
}

# A sallyportd that raises the journal's version as a newer one does, and then does not start.
newer_journal() {
	cat >"$PLACE/new/sallyportd" <<-EOT
		#!/usr/bin/python3
		import os, sqlite3, sys
		if len(sys.argv) > 1 and sys.argv[1] == "--check" or "journal" in sys.argv[-1] or \\
				"journal" in sys.argv[-2]:
		    os.execv("$BUILT/control/sallyportd", ["sallyportd", *sys.argv[1:]])
		journal = "$LAB_DIR/state/journal.db"
		database = sqlite3.connect(journal, isolation_level=None)
		version = database.execute("PRAGMA user_version").fetchone()[0]
		copy = f"{journal}.version-{version}"
		if version < 99:
		    if os.path.exists(copy):
		        os.unlink(copy)
		    database.execute("VACUUM INTO ?", (copy,))
		    database.execute("CREATE TABLE novelty (a)")
		    database.execute("PRAGMA user_version = 99")
		sys.exit(1)
	EOT
	chmod +x "$PLACE/new/sallyportd"
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

upgrade --help >"$LAB_DIR/said" || fail "--help: $(cat "$LAB_DIR/said")"
assert_match 'usage: sallyport-upgrade DIR' "$LAB_DIR/said" "the help"
mkdir -p "$PLACE/empty" "$PLACE/odd"
echo 'no program' >"$PLACE/odd/sallyportd"
mistaken 'no option --upgrade' --upgrade
mistaken 'nowhere is not a directory' "$PLACE/nowhere"
mistaken 'no program of sallyport in' "$PLACE/empty"
mistaken 'sallyportd is not a program' "$PLACE/odd"
mistaken 'one directory' "$PLACE/new" "$PLACE/new"
mkdir -p "$PLACE/theirs/inner"
cp "$BUILT/control/cli/sallyport" "$PLACE/theirs/inner/"
chmod o+w "$PLACE/theirs/inner/sallyport"
mistaken 'else owns .*/inner/sallyport, or may write' "$PLACE/theirs/inner"
chmod o-w "$PLACE/theirs/inner/sallyport"
chown nobody "$PLACE/theirs"
mistaken 'else owns .*/theirs, or may write' "$PLACE/theirs/inner"
! SALLYPORT_PID='echo unknown' upgrade --installed >"$LAB_DIR/said" 2>&1 || fail "it knows what runs by no name"
assert_match 'names no process' "$LAB_DIR/said" "what is said where the daemons cannot be found"
ok "mistakes are named, and touch nothing"
sed '$ a fleet: { socket = "/nowhere/fleet.sock"; };' "$LAB_CONFIG" >"$PLACE/both.conf"
renew "$BUILT/dataplane/sallyport-dp" sallyport-dp
LAB_CONFIG=$PLACE/both.conf LAB_SOCKET='' upgrade >"$LAB_DIR/said" 2>&1 ||
	fail "with a socket of the fleet in the configuration: $(cat "$LAB_DIR/said")"
ok "the socket is that of the API where a fleet has its own"
upgrade >"$LAB_DIR/said" || fail "the same again: $(cat "$LAB_DIR/said")"
assert_match 'all is the same already' "$LAB_DIR/said" "what is said of the same again"

upgrades_at_work
misses_none "upgrades at work"

rm "$PLACE"/new/*
mkdir -p "$PLACE"/new/usr/{sbin,share/man/man8,lib/systemd/system,share/bash-completion/completions}
cp "$BUILT/control/hooks/sallyport-hooks" "$PLACE/new/usr/sbin/"
for file in share/man/man8/sallyportd.8 lib/systemd/system/sallyportd.service \
	share/bash-completion/completions/sallyport.bash; do
	echo "new $file" >"$PLACE/new/usr/$file"
done
echo old >"$PLACE/root/old" && install -D "$PLACE/root/old" "$PLACE/root/usr/share/man/man8/sallyportd.8"
upgrade >"$LAB_DIR/said" 2>&1 || fail "the upgrade of an installation: $(cat "$LAB_DIR/said")"
for file in share/man/man8/sallyportd.8 lib/systemd/system/sallyportd.service \
	share/bash-completion/completions/sallyport.bash; do
	assert_eq "new $file" "$(cat "$PLACE/root/usr/$file")" "$file"
done
cmp -s "$BUILT/control/hooks/sallyport-hooks" "$PLACE/control/sallyport-hooks" ||
	fail "sallyport-hooks is not the new one"
[ -e "$PLACE/reloaded" ] || fail "systemd was not told of new units"
install -D /dev/stdin "$PLACE/bin/systemctl" <<-EOT
	#!/bin/sh
	echo "\$*" >>"$PLACE/asked"
	[ "\$1" != restart ]
EOT
echo "# another" >>"$PLACE/new/usr/sbin/sallyport-hooks"
SALLYPORT_CONF=$LAB_CONFIG SALLYPORT_SOCKET=$LAB_SOCKET SALLYPORT_ROOT=$PLACE/root SALLYPORT_SBIN=$PLACE/control \
	SALLYPORT_BIN=$PLACE/control/cli PATH=$PLACE/bin:$PATH "$UPGRADE" "$PLACE/new" >"$LAB_DIR/said" 2>&1 ||
	fail "an upgrade of hooks that do not run: $(cat "$LAB_DIR/said")"
assert_eq "try-restart sallyport-hooks" "$(cat "$PLACE/asked")" "what systemd was asked for hooks"
cp "$BUILT/control/hooks/sallyport-hooks" "$PLACE/control/sallyport-hooks"
if find "$PLACE/root" "$PLACE/control" -name '*.old' | grep .; then
	fail "an upgrade left these behind"
fi
ok "hooks, manual pages, units and completion are replaced too"
rm -r "$PLACE"/new/*

api PUT /v1/builds/lasting '{"nodes":[{"index":0}]}'
newer_journal
refused "a sallyportd that raises the journal's version"
assert_eq lasting "$(sallyport -o json show lasting | jq -r .id)" "the build of before"
[ -e "$LAB_DIR/state/journal.db.version-99" ] || fail "the raised journal is not kept"
assert_match 'have the orchestrator sync' "$LAB_DIR/said" "what is said of the journal"
ok "over a raised journal: the one before is back, and the raised one kept"
raised_by_package
misses_none "a rollback over a newer journal"

rm -f "$PLACE"/new/*
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
assert_match 'does not accept .*: nothing was replaced$' "$LAB_DIR/said" "what it says"
assert_eq "$pid" "$(daemon_pid control)" "sallyportd's process"
ok "a sallyportd that refuses the configuration replaces nothing"

# An edge where a lease is not live that should be.
mkdir -p "$PLACE/unwell"
cat >"$PLACE/unwell/sallyport" <<-'EOT'
	#!/bin/sh
	echo '{"engine":"dpdk","carrying":"dpdk","leases_live":1,"leases_expected":2,"events":{"newest":1}}'
EOT
chmod +x "$PLACE/unwell/sallyport"
rm "$PLACE"/new/*
renew "$(lab_control_path)" sallyportd
if SALLYPORT_CONF=$LAB_CONFIG SALLYPORT_RESTART=false SALLYPORT_SBIN=$PLACE/control SALLYPORT_SETTLE=1 \
	SALLYPORT_BIN=$PLACE/unwell "$UPGRADE" "$PLACE/new" 2>"$LAB_DIR/refused"; then
	fail "an edge that is not well was upgraded"
fi
assert_match '1 leases are live, not 2; nothing was replaced' "$LAB_DIR/refused" "what it says"
assert_eq "$pid" "$(daemon_pid control)" "sallyportd's process"
ok "an edge that is not well is left as it is"
misses_none "what was taken back"
