#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# sallyportd --check reports every error of a configuration as "file:line: key: what is wrong".
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

need_programs
lab_begin 0
control=$(lab_control_path)
bad=$LAB_DIR/bad.conf

# check_line N KEY: the report names line N of the file and the key.
check_line() {
	assert_match "^$bad:$1: $2: ." "$LAB_DIR/report" "an error at line $1 about $2"
}

"$control" --check "$LAB_CONFIG" >"$LAB_DIR/report" 2>&1 ||
	fail "the lab's own configuration is refused: $(cat "$LAB_DIR/report")"
ok "a good file passes"

# A listener in the place of the host's own sshd, in a namespace without anybody else's.
sed 's/ports = \[[^]]*\]/ports = [ 22, "64535-65535" ]/' "$LAB_CONFIG" >"$bad"
unshare --net python3 -c 'import socket, subprocess, sys
listener = socket.create_server(("0.0.0.0", 22))
sys.exit(subprocess.call(sys.argv[1:]))' "$control" --check "$bad" >"$LAB_DIR/report" 2>&1 ||
	fail "port 22 is refused: $(cat "$LAB_DIR/report")"
assert_match '^[^ ]*: public.addresses.0..ports: is port 22 meant' "$LAB_DIR/report" "a question"
unshare --net "$control" --check "$bad" >"$LAB_DIR/report" 2>&1 || fail "port 22 is refused"
assert_eq "" "$(cat "$LAB_DIR/report")" "no question where nobody listens"
ok "a public port that this host listens on is asked about"

cat >"$bad" <<'EOT'
edge: { name = 7; state_dir = "/var/lib/sallyport"; run_dir = "relative/path"; };
public: {
	interface = "eth0";
	addresses = ( { bind = "not-an-address"; ports = [ "70000-80000" ]; } );
};
builds: { interface = "eth1"; networks = [ "10.0.0.0/33" ]; };
leases: {
	linger = "half an hour";
	max_lifetme = "24h";
};
dataplane: { engine = "vpp"; workers = 0; };
api: { socket = "/run/sallyport/api.sock"; };
EOT
status=0
"$control" --check "$bad" >"$LAB_DIR/report" 2>&1 || status=$?
assert_eq 1 "$status" "exit status for a bad file"
check_line 1 edge.name
check_line 1 edge.run_dir
check_line 4 'public.addresses\[0\].bind'
check_line 4 'public.addresses\[0\].ports\[0\]'
check_line 6 'builds.networks\[0\]'
check_line 8 leases.linger
check_line 9 leases.max_lifetme
check_line 11 dataplane.engine
check_line 11 dataplane.workers
ok "nine errors in one file are all reported, with line and key"
assert_match 'leases.max_lifetme: .*max_lifetime' "$LAB_DIR/report" "a suggestion"
ok "an unknown key comes with the one that was meant"

printf 'edge: {\n\tname = "x"\n\tstate_dir = ;\n};\n' >"$bad"
assert_fails "a file with a syntax error" "$control" --check "$bad"
assert_match "^$bad:3: " "$LAB_DIR/refused" "the line of a syntax error"
assert_fails "a file that is not there" "$control" --check "$LAB_DIR/nowhere.conf"
assert_match "nowhere.conf" "$LAB_DIR/refused" "the name of a missing file"
ok "a syntax error names its line, a missing file its name"

for daemon in control dp; do
	assert_fails "$daemon with a bad file" timeout 10 "$(daemon_path $daemon)" -c "$bad"
	assert_match "^(.*[^/])?$bad:3: " "$LAB_DIR/refused" "$daemon: the line of the error"
done
ok "neither daemon starts on a bad file"

# says WORDS TEXT: what a daemon says of its command line, and no page of help below it.
says() {
	local name=${1%% *} status=0

	# shellcheck disable=SC2086,SC2211 # words, and one program
	"$SALLYPORT_BUILD"/*/$1 >"$LAB_DIR/report" 2>&1 || status=$?
	assert_eq 1 "$status" "exit status of $1"
	assert_eq "$name: $2" "$(head -n 1 "$LAB_DIR/report")" "what is said of: $1"
	assert_eq 2 "$(wc -l <"$LAB_DIR/report")" "lines of: $1"
}

for name in sallyportd sallyport-dp; do
	says "$name --nope" "unknown option --nope"
	says "$name -c" "something must stand behind -c"
	says "$name a" "one argument too many: a"
done
says "sallyportd --check --reload" "one thing at a time, without --reload"
says "sallyportd --host" "--host is for --check"
says "sallyportd --take-back-journal x" "--take-back-journal takes the number of a version, not x"
ok "what is wrong with a command line is said in a line"

# cannot SED TEXT: what the log says of a path that cannot be.
cannot() {
	local status=0

	sed -E "$1" "$LAB_CONFIG" >"$bad"
	lab_in edge timeout 20 "$control" -c "$bad" >"$LAB_DIR/report" 2>&1 || status=$?
	assert_eq 1 "$status" "exit status after $1"
	assert_match "$2" "$LAB_DIR/report" "the log"
}

cannot 's,(state_dir = ")[^"]*,\1/none/state,' 'edge.state_dir cannot be made or locked.* state_dir=/none/state'
cannot 's,(socket = ")[^"]*,\1/none/api.sock,' 'api.socket: the directory of /none/api.sock is not there'
ok "a path that cannot be is named by its key"
