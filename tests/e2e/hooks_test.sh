#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# sallyport-hooks delivers every event at least once and in order, across kill -9 of itself at random
# moments and of sallyportd; a hook or webhook that fails is tried again; events compacted meanwhile
# are no reason to stop.
#
#   HOOKS_STEPS (30)   HOOKS_SEED (of the clock)
TEST_TIMEOUT=${TEST_TIMEOUT:-240}
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_hooks.sh
. "$(dirname "$0")/_hooks.sh"

STEPS=${HOOKS_STEPS:-30}
SEED=${HOOKS_SEED:-$EPOCHSECONDS}
RECEIVER=$(cd "$(dirname "$0")/../.." && pwd)/docs/examples/webhook_receiver.py
POWER_OFF=$(cd "$(dirname "$0")/../.." && pwd)/configs/hooks.d/power-off-on-ended

random_moment() {
	local until_us=$((${EPOCHREALTIME/./} + RANDOM * 4))

	wait_until 5 moment_past "$until_us"
}

moment_past() {
	[ "${EPOCHREALTIME/./}" -ge "$1" ]
}

shows_at_least_once() {
	local step

	hook 10-record <<-EOT
		#!/bin/bash
		line=\$(cat)
		[ "\$(jq -r '"\(.seq) \(.type) \(.build // "")"' <<<"\$line")" = "\$SALLYPORT_SEQ \$1 \$2" ] || exit 9
		echo "\$SALLYPORT_SEQ \$1 \$2" >>"$LAB_DIR/record"
	EOT
	echo "seed $SEED, $STEPS steps"
	RANDOM=$SEED
	hooks_start
	for ((step = 1; step <= STEPS; step++)); do
		make_events "b$step"
		random_moment
		hooks_crash
		if [ $((step % 8)) = 0 ]; then
			daemon_crash control
			hooks_start
			control_start
		else
			hooks_start
		fi
	done
	wait_until 60 all_acknowledged
	delivered "$LAB_DIR/record" 1 "$(newest)"
	assert_eq "$STEPS" "$(grep -c 'build.ended' <(sort -u "$LAB_DIR/record"))" "ended sessions"
	ok "$(newest) events delivered at least once and in order, $STEPS times kill -9 ($(wc -l <"$LAB_DIR/record") deliveries)"
}

failed_thrice() {
	[ "$(wc -l <"$LAB_DIR/failures")" -ge 3 ]
}

shows_retry() {
	local before

	before=$(newest)
	: >"$LAB_DIR/record"
	hook 20-fails <<-EOT
		#!/bin/bash
		[ ! -e "$LAB_DIR/fixed" ] || exit 0
		echo "\$SALLYPORT_SEQ" >>"$LAB_DIR/failures"
		exit 3
	EOT
	make_events failing
	wait_until 20 failed_thrice
	assert_eq "$((before + 1))" "$(sort -u "$LAB_DIR/failures")" "the event that fails"
	assert_eq 1 "$(wc -l <"$LAB_DIR/record")" "deliveries to a hook before the failing one"
	cursor_is "$before" || fail "an event was acknowledged that a hook refused"
	touch "$LAB_DIR/fixed"
	wait_until 20 all_acknowledged
	delivered "$LAB_DIR/record" "$((before + 1))" "$(newest)"
	assert_match 'A hook failed.* hook=20-fails status=3' "$LAB_DIR/log/hooks" "the log"
	ok "a hook that fails is tried again, and later events wait for it"
}

shows_time_limit() {
	hooks_stop
	hooks_start -l 2s
	rm "$LAB_DIR/fixed"
	hook 20-fails <<-EOT
		#!/bin/bash
		[ ! -e "$LAB_DIR/fixed" ] || exit 0
		tail -f /dev/null &
		echo \$! >>"$LAB_DIR/hung"
		wait
	EOT
	make_events hanging
	wait_line 20 "$LAB_DIR/log/hooks" 'A hook failed.* hook=20-fails error=.*timed out'
	touch "$LAB_DIR/fixed"
	wait_until 20 all_acknowledged
	wait_until 5 process_gone "$(head -n1 "$LAB_DIR/hung")"
	rm "$LAB_DIR/hooks.d/20-fails"
	ok "a hook that hangs is killed with its children, and tried again"
}

shows_power_off() {
	hook 30-power-off <"$POWER_OFF"
	cat >"$LAB_DIR/power-off" <<-EOT
		#!/bin/bash
		echo "\$*" >>"$LAB_DIR/off"
	EOT
	chmod 755 "$LAB_DIR/power-off"
	hooks_stop
	make_events tired
	SALLYPORT_POWER_OFF=$LAB_DIR/power-off hooks_start
	wait_until 20 all_acknowledged
	assert_eq "tired cancelled" "$(cat "$LAB_DIR/off")" "what power-off-on-ended called"
	rm "$LAB_DIR/hooks.d/30-power-off"
	ok "power-off-on-ended calls the command for a session that ended, and for nothing else"
}

# Refuses the first three posts, then takes all.
WEBHOOK='import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    posts = 0
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        Handler.posts += 1
        good = Handler.posts > 3 and self.headers["Content-Type"] == "application/json"
        with open(sys.argv[1], "a") as out:
            print(self.headers["Idempotency-Key"] if good else "refused", body, file=out)
        self.send_response(204 if good else 500)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", 8099), Handler).serve_forever()'

shows_webhook() {
	local before server

	before=$(newest)
	hooks_stop
	hooks_start -w http://127.0.0.1:8099/events
	make_events posted
	wait_line 20 "$LAB_DIR/log/hooks" 'The webhook could not be reached'
	cursor_is "$before" || fail "an event was acknowledged that was not posted"
	nsenter --net="/run/netns/$LAB_NS-edge" python3 -c "$WEBHOOK" "$LAB_DIR/posts" &
	server=$!
	wait_until 30 all_acknowledged
	hooks_crash
	hooks_start -w http://127.0.0.1:8099/events
	make_events posted-too
	wait_until 30 all_acknowledged
	kill "$server"
	wait "$server" || :
	assert_eq 3 "$(grep -c '^refused' "$LAB_DIR/posts")" "posts that were refused"
	grep -v '^refused' "$LAB_DIR/posts" >"$LAB_DIR/taken"
	delivered "$LAB_DIR/taken" "$((before + 1))" "$(newest)"
	assert_eq "$(cut -d' ' -f1 "$LAB_DIR/taken")" \
		"$(cut -d' ' -f2- "$LAB_DIR/taken" | jq .seq)" "numbers in the bodies"
	assert_match 'The webhook refused an event.* status=500' "$LAB_DIR/log/hooks" "the log"
	ok "a webhook that is away or answers 500 gets each event later, in order"
}

# What others may read is no place for a token.
shows_headers() {
	local server

	printf '# for the service\nAuthorization: Bearer of-a-file\n' >"$LAB_DIR/headers"
	chmod 600 "$LAB_DIR/headers"
	nsenter --net="/run/netns/$LAB_NS-edge" python3 -c "${WEBHOOK//Idempotency-Key/Authorization}" "$LAB_DIR/tokens" &
	server=$!
	hooks_stop
	hooks_start -H "$LAB_DIR/headers" -w http://127.0.0.1:8099/events
	make_events token-before
	wait_until 30 all_acknowledged
	chmod 644 "$LAB_DIR/headers"
	make_events token
	wait_line 20 "$LAB_DIR/log/hooks" 'The webhook could not be reached.*open to others'
	chmod 600 "$LAB_DIR/headers"
	wait_until 30 all_acknowledged
	kill "$server"
	wait "$server" || :
	assert_eq "Bearer of-a-file" "$(grep -v '^refused' "$LAB_DIR/tokens" | sed 's/ {.*//' | sort -u)" "the header"
	ok "the webhook gets the headers of a file that only its owner reads"
}

# receiver_start KEYS: docs/examples/webhook_receiver.py, which refuses what is not signed.
receiver_start() {
	nsenter --net="/run/netns/$LAB_NS-edge" python3 "$RECEIVER" "$1" 8099 >>"$LAB_DIR/received" &
	RECEIVER_PID=$!
}

receiver_stop() {
	kill "$RECEIVER_PID"
	wait "$RECEIVER_PID" || :
}

# Signed by all keys of a file; the receiver has one or the other while they are changed.
shows_signature() {
	local before ids

	hooks_stop
	before=$(newest)
	printf '# old\nwhsec_%s\n' "$(printf 'the secret that has been used so far' | base64 -w0)" >"$LAB_DIR/signing-old"
	printf '# new\nwhsec_%s\n' "$(head -c 32 /dev/urandom | base64 -w0)" >"$LAB_DIR/signing-new"
	chmod 600 "$LAB_DIR/signing-old" "$LAB_DIR/signing-new"
	cp -p "$LAB_DIR/signing-old" "$LAB_DIR/signing"
	receiver_start "$LAB_DIR/signing-new"
	hooks_start -k "$LAB_DIR/signing" -w http://127.0.0.1:8099/events
	make_events signed
	wait_line 20 "$LAB_DIR/log/hooks" "The webhook refused an event.* status=401 seq=$((before + 1))"
	cursor_is "$before" || fail "an event was acknowledged that was signed with another key"
	cat "$LAB_DIR/signing-new" >>"$LAB_DIR/signing"
	wait_until 30 all_acknowledged
	receiver_stop
	receiver_start "$LAB_DIR/signing-old"
	make_events signed-too
	wait_until 30 all_acknowledged
	ids=$(sed 's/^[^ ]* //' "$LAB_DIR/received" |
		jq -r --arg edge "$(lab_api GET /v1/status | grep '^{' | jq -r .name)" '"\($edge)-\(.seq)-\(.time | gsub("[:-]"; ""))"')
	assert_eq "$ids" "$(cut -d' ' -f1 "$LAB_DIR/received")" "ids of the events"
	assert_eq "$(seq $((before + 1)) "$(newest)")" "$(sed 's/^[^ ]* //' "$LAB_DIR/received" | jq .seq)" "signed events"
	ok "posts are signed with each key of a file, which a receiver of Standard Webhooks checks"

	# A mistake in the file while it runs: nothing is posted unsigned.
	before=$(newest)
	chmod 644 "$LAB_DIR/signing"
	make_events signed-later
	wait_line 20 "$LAB_DIR/log/hooks" 'The webhook could not be reached.*signing: it is open to others'
	cursor_is "$before" || fail "an event was posted without a signature"
	chmod 600 "$LAB_DIR/signing"
	wait_until 30 all_acknowledged
	receiver_stop
	assert_eq "$(seq $((before + 1)) "$(newest)")" \
		"$(sed 's/^[^ ]* //' "$LAB_DIR/received" | jq "select(.seq > $before).seq")" "events signed later"
	ok "with keys that others may read nothing is posted"

	sed -n '/^def is_signed/,/^$/p' "$RECEIVER" | sed '/^$/d' >"$LAB_DIR/check"
	sed -n '/^def is_signed/,/^```$/p' "${RECEIVER%/*/*}/OPERATOR.md" | sed '$d' | cmp - "$LAB_DIR/check" ||
		fail "OPERATOR.md has another check of signatures than examples/webhook_receiver.py"
	ok "OPERATOR.md shows the receiver's check as it is"
}

shows_compaction() {
	local oldest

	hooks_stop
	daemon_stop control
	oldest=$(sqlite3 "$LAB_DIR/state/journal.db" 'SELECT max(seq) - 4 FROM events')
	sqlite3 "$LAB_DIR/state/journal.db" "DELETE FROM events WHERE seq < $oldest"
	control_start
	echo 3 >"$LAB_DIR/cursor"
	: >"$LAB_DIR/record"
	hooks_start
	wait_until 20 all_acknowledged
	delivered "$LAB_DIR/record" "$oldest" "$(newest)"
	assert_match 'Events were compacted.* since=3' "$LAB_DIR/log/hooks" "the log"
	ok "after a compaction it goes on with the oldest event there is"

	hooks_stop
	echo 999999 >"$LAB_DIR/cursor"
	hooks_start
	wait_until 20 all_acknowledged
	assert_match 'past the newest event.* since=999999' "$LAB_DIR/log/hooks" "the log"
	ok "a cursor of another edge is noticed"
}

# A directory that is not there is a mistake: events that pass meanwhile would be lost.
shows_missing_directory() {
	local before

	hooks_stop
	assert_fails "a missing directory" timeout 10 "$HOOKS" -S "$LAB_DIR/cursor" -d "$LAB_DIR/hooks.dd"
	assert_match 'The directory of hooks cannot be read.*directory=.*hooks.dd error="No such file' "$LAB_DIR/refused" "what is wrong with it"
	hooks_start
	make_events seen
	wait_until 20 all_acknowledged
	before=$(newest)
	: >"$LAB_DIR/record"
	mv "$LAB_DIR/hooks.d" "$LAB_DIR/away"
	make_events unseen
	wait_line 20 "$LAB_DIR/log/hooks" 'The hooks cannot be listed.*No such file'
	cursor_is "$before" || fail "an event was acknowledged without the directory of hooks"
	mv "$LAB_DIR/away" "$LAB_DIR/hooks.d"
	wait_until 20 all_acknowledged
	delivered "$LAB_DIR/record" "$((before + 1))" "$(newest)"
	ok "without its directory of hooks nothing is started, and no event acknowledged"
}

# said FILE: how often the log says that it is passed over.
said() {
	grep -c "it is passed over.* file=$1 " "$LAB_DIR/log/hooks" || :
}

# A forgotten chmod, and what else looks like a hook: its events pass, so each is named, once.
shows_passed_over() {
	local name before

	hooks_stop
	: >"$LAB_DIR/log/hooks"
	printf '#!/bin/sh\necho "$SALLYPORT_SEQ" >>"%s"\n' "$LAB_DIR/forgotten" >"$LAB_DIR/hooks.d/40-forgotten"
	ln -s nowhere "$LAB_DIR/hooks.d/50-dangling"
	mkdir "$LAB_DIR/hooks.d/60-directory"
	for name in .hidden 70-backup~ 80-old.bak 90-new.dpkg-new; do
		touch "$LAB_DIR/hooks.d/$name"
	done
	hooks_start
	wait_line 20 "$LAB_DIR/log/hooks" 'it is passed over.* file=40-forgotten reason="it is not executable: chmod .x"'
	wait_line 20 "$LAB_DIR/log/hooks" 'it is passed over.* file=50-dangling reason="it leads to nothing"'
	wait_line 20 "$LAB_DIR/log/hooks" 'it is passed over.* file=60-directory reason="it is a directory"'
	make_events passing
	wait_until 20 all_acknowledged
	touch "$LAB_DIR/hooks.d/45-later"
	make_events passing-too
	wait_until 20 all_acknowledged
	for name in 40-forgotten 45-later 50-dangling 60-directory; do
		assert_eq 1 "$(said "$name")" "times that $name was named"
	done
	assert_eq 4 "$(grep -c 'passed over' "$LAB_DIR/log/hooks")" "what was named at all"
	before=$(newest)
	chmod +x "$LAB_DIR/hooks.d/40-forgotten"
	make_events told
	wait_until 20 all_acknowledged
	delivered "$LAB_DIR/forgotten" $((before + 1)) "$(newest)"
	chmod -x "$LAB_DIR/hooks.d/40-forgotten"
	make_events untold
	wait_until 20 all_acknowledged
	assert_eq 2 "$(said 40-forgotten)" "times that it was named, forgotten again"
	rm -r "$LAB_DIR"/hooks.d/{40-forgotten,45-later,50-dangling,60-directory,.hidden,70-*,80-*,90-*}
	ok "what looks like a hook and is none is named once, at the start and when it appears"

	hook 40-no-shebang <<<"exit 0"
	make_events unreadable
	wait_line 20 "$LAB_DIR/log/hooks" 'A hook failed.* hook=40-no-shebang error="Exec format error"'
	rm "$LAB_DIR/hooks.d/40-no-shebang"
	wait_until 20 all_acknowledged
	ok "a hook that cannot be executed fails with the reason"
}

# Who is not there is said at once, and once; and that it has come.
shows_missing_socket() {
	local said="$LAB_DIR/said"

	hooks_stop
	"$HOOKS" -s "$LAB_DIR/nobody" -S "$LAB_DIR/cursor.other" -d "$LAB_DIR/hooks.d" -r 20ms -R 20ms >"$said" 2>&1 &
	HOOKS_PID=$!
	wait_line 20 "$said" 'sallyportd does not answer.*socket=.*/nobody error="No such file'
	ln -s "$LAB_SOCKET" "$LAB_DIR/nobody"
	wait_line 20 "$said" 'Events are followed'
	hooks_stop
	assert_eq 1 "$(grep -c 'does not answer' "$said")" "times it was said"
	mkdir "$LAB_DIR/none.d"
	"$HOOKS" -s "$LAB_DIR/nobody" -S "$LAB_DIR/cursor.other" -d "$LAB_DIR/none.d" >"$said" 2>&1 &
	HOOKS_PID=$!
	wait_line 20 "$said" 'neither a hook nor a webhook'
	hooks_stop
	hooks_start
	ok "a socket that is not there is said once, and so is an edge without hooks"
}

# The cursor is somebody's.
hooks_locked() {
	! flock -n "$LAB_DIR/cursor.lock" true
}

shows_refusals() {
	wait_until 10 hooks_locked
	assert_fails "a second sallyport-hooks" timeout 10 "$HOOKS" -d "$LAB_DIR/hooks.d" -S "$LAB_DIR/cursor"
	assert_match 'Another sallyport-hooks' "$LAB_DIR/refused" "what the second one says"
	hooks_stop
	echo 12x >"$LAB_DIR/cursor"
	assert_fails "a damaged cursor" timeout 10 "$HOOKS" -d "$LAB_DIR/hooks.d" -S "$LAB_DIR/cursor"
	assert_match 'The cursor cannot be read' "$LAB_DIR/refused" "what is wrong with it"
	assert_fails "an unknown option" "$HOOKS" --nonsense
	assert_fails "a bad time" "$HOOKS" --retry soon
	assert_fails "a bad number" "$HOOKS" --tries -1
	echo whsec_short >"$LAB_DIR/signing"
	assert_fails "a bad key" timeout 10 "$HOOKS" -S "$LAB_DIR/cursor" -w http://127.0.0.1:1/ -k "$LAB_DIR/signing"
	assert_match 'signing:1: a key is whsec_ and 24 to 64 bytes in base64' "$LAB_DIR/refused" "what is wrong with it"
	assert_fails "keys without a webhook" timeout 10 "$HOOKS" -S "$LAB_DIR/cursor" -k "$LAB_DIR/signing-new"
	assert_fails "headers without a webhook" timeout 10 "$HOOKS" -S "$LAB_DIR/cursor" -H "$LAB_DIR/headers"
	assert_fails "headers that are missing" timeout 10 "$HOOKS" -S "$LAB_DIR/cursor" -w http://127.0.0.1:1/ -H "$LAB_DIR/no-headers"
	assert_match 'The headers of the webhook cannot be used.*no-headers: No such file' "$LAB_DIR/refused" "what is wrong with them"
	assert_fails "a bad beginning" "$HOOKS" --from yesterday
	assert_fails "a webhook by ftp" timeout 10 "$HOOKS" -S "$LAB_DIR/cursor" -w ftp://127.0.0.1/
	assert_match 'takes an http:// or https:// URL, not ftp://127' "$LAB_DIR/refused" "what is wrong with it"
	assert_fails "an argument" "$HOOKS" start
	assert_match 'it takes options only, not start' "$LAB_DIR/refused" "what is wrong with it"
	"$HOOKS" --help >"$LAB_DIR/help"
	assert_match '--time-limit TIME' "$LAB_DIR/help" "the help"
	ok "a second process, a damaged cursor and wrong options are refused"
}

need_programs
lab_begin 1
mkdir "$LAB_DIR/hooks.d"
control_start
shows_at_least_once
shows_retry
shows_time_limit
shows_power_off
shows_webhook
shows_headers
shows_signature
shows_compaction
shows_missing_directory
shows_passed_over
shows_missing_socket
shows_refusals
