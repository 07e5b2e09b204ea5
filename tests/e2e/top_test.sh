#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# sallyport top in a terminal of 80x24 columns: 10,000 builds sorted, filtered, opened and cancelled.
LAB_ENGINE=xdp
LAB_PORTS=1024-65535
LAB_LIMITS='builds = 200000;'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

BUILDS=10000

# tm WORD…: a tmux server of this lab alone, which at_exit ends.
tm() {
	TMUX='' tmux -f /dev/null -S "$LAB_DIR/tmux" "$@"
}

at_exit() {
	if tm has-session 2>/dev/null; then
		tm kill-server
	fi
}

# top_start: sallyport top in a terminal of that size; its status and the terminal's modes afterwards.
top_start() {
	tm new-session -d -x 80 -y 24 "env -u NO_COLOR LC_ALL=C.UTF-8 SALLYPORT_SOCKET='$LAB_SOCKET' TERM=${TOP_TERM:-screen} \
		'$(lab_cli_path)' top; echo \"ended with \$?\"; stty -a; cat"
}

# top_end: its terminal, and the server with it, are gone.
top_end() {
	tm kill-server
	wait_until 10 eval '! tm has-session 2>/dev/null'
}

# screen: what the terminal shows.
screen() {
	tm capture-pane -p
}

screen_has() {
	screen | grep -qE -- "$1"
}

# sees PATTERN: a line comes that is like that.
sees() {
	wait_until 20 screen_has "$1" || fail "top does not show '$1': $(screen)"
}

keys() {
	tm send-keys "$@"
}

# first PATTERN: the first build of the list is like that.
first_is() {
	screen | sed -n 7p | grep -qE -- "$1"
}

first() {
	wait_until 20 first_is "$1" || fail "the first build is not like '$1': $(screen)"
}

declare_builds() {
	jq -nc --argjson nr "$BUILDS" '{builds: [range($nr) | {
		id: "api-\(.)", title: "acme/api#\(.)", user: "ubuntu", max_lifetime_s: (36000 + .),
		organisation: (if . % 2 == 0 then "acme" else "globex" end),
		actors: [if . == 7777 then "b\u00f6b" else "alice" end],
		nodes: [{index: 0, address: "10.0.\(16 + . / 256 | floor).\(. % 256)", port: 22}]}]}' >"$LAB_DIR/builds"
	sallyport sync "$LAB_DIR/builds" | grep -q "^$BUILDS created" || fail "the builds are not declared"
}

need_programs
lab_begin 1
control_start
assert_fails "top without a terminal" sallyport top
assert_match '^sallyport: stdin and stdout must be a terminal; try --batch$' "$LAB_DIR/refused" "the reason"
declare_builds
sallyport top --batch --filter 'globex id:api-99' --sort id --reverse | sed -n 7,8p >"$LAB_DIR/out"
assert_match '^api-9999 .* running .*globex' "$LAB_DIR/out" "the batch"
assert_eq 2 "$(wc -l <"$LAB_DIR/out")" "lines of two builds"
assert_eq 50005 "$(sallyport top --batch --count 5 --delay 0.1 | grep -cE '^(api-|ID )')" "lines of all builds, five times"
ok "--batch prints what is asked for"

# What is opened next must not become stdout: here that was the API's socket.
for verb in list 'top --batch'; do
	status=0
	# shellcheck disable=SC2086
	sallyport $verb >&- 2>"$LAB_DIR/err" || status=$?
	assert_eq '1 sallyport: cannot write: Bad file descriptor' "$status $(cat "$LAB_DIR/err")" "$verb without stdout"
done
ok "a verb without stdout says so"

top_start
sees "^10'000 shown, by LEFT"
first '^api-0 +running +\[[|]+\] +(9h59m|10h00m) '
keys r
first '^api-9999 '
keys r '<' '<' r
sees 'by ID, reversed'
first '^api-9999 '
keys '>' '>'
ok "10,000 builds are listed and sorted"

keys /
keys -l 'bö'
sees "^filter: bö_  1 shown"
keys BSpace BSpace
keys -l 'org:globex api-77'
sees "^filter: org:globex api-77_  56 shown"
keys Enter Down
ok "the list is filtered while one types"

keys Enter
sees '^build api-771'
sees '^node 0: [a-z]+, 10\.0\.19\.3 port 22 at 192\.0\.2\.1 port [0-9]+'
sees '^    ssh -p [0-9]+ -o HostKeyAlias=api-771-0 ubuntu@192\.0\.2\.1'
sees '^    nobody is connected'
sees 'No connection attempt has reached this port'
ok "a build is opened"

keys c
sees '^Cancel api-771 and cut off who is in\? y/n'
keys n
sees '^Nothing was cancelled\.'
assert_eq running "$(sallyport -ojson show api-771 | jq -r .state)" "the build after a no"
keys c y
sees '^api-771 is cancelled'
assert_eq cancelled "$(sallyport -ojson show api-771 | jq -r .reason)" "the build after a yes"
keys Escape
sees '^filter: org:globex api-77  55 shown'
ok "a build is cancelled after a question"

sallyport enable late-1 --node 10.0.3.7 --user ubuntu >"$LAB_DIR/out"
keys Escape /
keys -l 'late-1 running'
sees '^late-1 +running '
keys Enter
port=$(sallyport -ojson show late-1 | jq -r '.nodes[0].public_port')
start_on lab_client login ssh "${SSH_OPTIONS[@]}" -p "$port" "ubuntu@$LAB_PUBLIC_ADDRESS" tail -f /dev/null &
sees '^late-1 +running +\[[|]+\] +(23h59m|24h00m) .* 1$'
keys Enter
sees '^    connected: 192\.0\.2\.2 to ssh, 1 since '
stop_on lab_client login
keys Escape
sees '^late-1 .* 0$'
sallyport cancel late-1
sees '^filter: late-1 running  0 shown'
ok "what comes, connects and goes is seen without being asked for"

sallyport enable shut-1 --node 10.0.3.7:2222 --allow 198.51.100.0/24 >"$LAB_DIR/out"
shut=$(sallyport -ojson show shut-1 | jq -r '.nodes[0].public_port')
keys Escape /
keys -l 'shut'
sees '^shut-1 +running '
keys Enter Enter
sees 'No client refused lately'
assert_fails "a client that is not allowed" ssh_to "$shut" true
sees '^refused lately:'
sees '^    [0-9TZ:-]+  192\.0\.2\.2.*: [0-9]+ packets'
keys Escape d
sees '^ +[0-9.]+ +[0-9]+  not_allowed +client not on the lease'
keys Escape Escape
sallyport cancel shut-1
ok "who was refused is told, and how many packets were, by reason"

# Stopped it takes connections and answers nothing: keys are heard all the same.
daemon_signal control STOP
sees '^sallyportd has not answered for [0-9]+s'
keys Escape /
keys -l 'id:api-555'
sees '^filter: id:api-555_  11 shown'
keys Enter c y
# Both at once: the cancel is waited for, for 15 seconds, while help comes and goes.
screen_has_while_cancelling() {
	screen >"$LAB_DIR/screen"
	grep -qE -- "$1" "$LAB_DIR/screen" && grep -qE '^Cancelling api-555[0-9]*\.' "$LAB_DIR/screen"
}
sees_while_cancelling() {
	wait_until 10 screen_has_while_cancelling "$1" || fail "top does not show '$1' while a cancel waits: $(screen)"
}
sees_while_cancelling '^sallyportd has not answered for [0-9]+s'
keys r
sees_while_cancelling 'by LEFT, reversed'
keys r Down Down c
sees '^Cancel api-555[0-9]* and cut off who is in\? y/n'
keys y
sees '^api-555[0-9]* is not cancelled: api-555[0-9]* is still\.'
daemon_signal control CONT
sees '^api-555[0-9]* is cancelled\.'
keys Escape
wait_until 20 eval '! screen_has "has not answered"' || fail "it stays lost: $(screen)"
daemon_signal control STOP
sees '^sallyportd has not answered for [0-9]+s'
keys q
sees '^ended with 0'
top_end
# Any other verb says at a terminal that it waits, and takes that away again.
tm new-session -d -x 80 -y 24 "SALLYPORT_SOCKET='$LAB_SOCKET' '$(lab_cli_path)' status >/dev/null; echo over; cat"
sees '^waiting for sallyportd, [0-9]+ s'
daemon_signal control CONT
sees '^over'
if screen_has waiting; then
	fail "what it said of waiting is still there: $(screen)"
fi
top_end
top_start
sees "^9'998 shown"
ok "keys are answered while sallyportd hangs, in a look and in a cancel"

daemon_crash control
sees '^sallyportd has not answered for [0-9]+s: '
control_start
keys Escape
sees "^9'998 shown"
wait_until 20 eval '! screen_has "has not answered"' || fail "it stays lost: $(screen)"
ok "it says that sallyportd is gone, and comes back with it"

tm resize-window -x 20 -y 3
tm resize-window -x 1 -y 1
tm resize-window -x 130 -y 40
sees 'ACTOR +ORGANISATION$'
keys q
sees '^ended with 0'
sees ' icanon .* echo '
top_end
top_start
sees "^9'998 shown"
pid=$(pgrep -f "^$(lab_cli_path) top" --newest)
kill -TERM "$pid"
sees '^ended with 143'
sees ' icanon .* echo '
ok "it follows the terminal's size, and gives the terminal back, to signals too"

top_end
TOP_TERM=dumb top_start
sees '^sallyport: the terminal that TERM names cannot move its cursor; try --batch'
sees '^ended with 2'
ok "a terminal that will not do is named"
