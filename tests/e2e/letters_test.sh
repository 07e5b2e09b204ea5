#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Events that sallyport-hooks gives up: kept, told by an event once whatever is killed, found by doctor,
# delivered once more by --redeliver.
TEST_TIMEOUT=${TEST_TIMEOUT:-240}
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_hooks.sh
. "$(dirname "$0")/_hooks.sh"

# make_events ID: two, build.enabled and build.ended; without a VM there is no node.ready in between.
make_events() {
	api PUT "/v1/builds/$1" '{"nodes":[{"index":0}]}'
	assert_eq 201 "$STATUS" "status of PUT"
	api DELETE "/v1/builds/$1"
	assert_eq 204 "$STATUS" "status of DELETE"
}

# Gives events up after some tries, and begins with what comes.
shows_giving_up() {
	local before

	hooks_stop
	rm "$LAB_DIR/cursor"
	hook 20-fails <<-EOT
		#!/bin/bash
		[ "\$1" != build.enabled ] || exit 7
	EOT
	before=$(newest)
	: >"$LAB_DIR/record"
	hooks_start --from now -t 4 -D "$LAB_DIR/dead"
	wait_line 20 "$LAB_DIR/log/hooks" "The events before are passed over.* since=$before"
	make_events given-up
	wait_until 30 all_acknowledged
	delivered "$LAB_DIR/record" "$((before + 1))" "$(newest)"
	assert_eq "20-fails 4 status 7 build.enabled given-up" \
		"$(jq -r 'select(.hook == "20-fails") | "\(.hook) \(.tries) \(.reason) \(.event.type) \(.event.build)"' \
			"$LAB_DIR/dead")" "the dead letter"
	assert_eq 600 "$(stat -c %a "$LAB_DIR/dead")" "who may read it"
	assert_match 'An event is given up.* hook=20-fails .*tries=4 reason="status 7"' "$LAB_DIR/log/hooks" "the log"
	ok "with --tries an event is given up and kept with its reason; --from now begins with what comes"

	# A full disk: what cannot be kept is not given up.
	hooks_stop
	hooks_start -t 1 -D /dev/full
	before=$(newest)
	make_events kept
	wait_line 20 "$LAB_DIR/log/hooks" 'A dead letter cannot be kept'
	cursor_is "$before" || fail "an event was given up that could not be kept"
	rm "$LAB_DIR/hooks.d/20-fails"
	wait_until 20 all_acknowledged
	ok "an event that cannot be kept is tried again"
}

# failures FROM: the events after it that tell of one given up, as "FAILED_SEQ HOOK BUILD DETAIL".
failures() {
	lab_api GET "/v1/events?follow=0&since=$1" | grep '^{' |
		jq -r 'select(.type == "delivery.failed") | "\(.failed_seq) \(.hook) \(.build) \(.detail)"'
}

# sallyport_events_total of that type, since sallyportd started.
failures_counted() {
	lab_api GET /metrics | awk '/^sallyport_events_total{type="delivery.failed"}/ { print $2 }'
}

# letters: "SEQ HOOK" of each dead letter.
letters() {
	jq -r '"\(.event.seq) \(.hook)"' "$DEAD"
}

redeliver() {
	nsenter --net="/run/netns/$LAB_NS-edge" "$HOOKS" -s "$LAB_SOCKET" -d "$LAB_DIR/hooks.d" -D "$DEAD" --redeliver \
		>"$LAB_DIR/redelivered" 2>&1 </dev/null
}

doctor_says() {
	sallyport doctor "$LAB_CONFIG" >"$LAB_DIR/doctor" || :
	grep -A1 dead-letters "$LAB_DIR/doctor"
}

# An event given up is an event: once, whatever is repeated, and without end only if it went in circles.
shows_dead_letters() {
	local before counted

	hooks_stop
	DEAD=$LAB_DIR/state/hooks.dead
	doctor_says && fail "doctor sees dead letters where there are none"
	before=$(newest) counted=$(failures_counted)
	: >"$LAB_DIR/record"
	hook 20-fails <<-EOT
		#!/bin/bash
		exit 7
	EOT
	make_events circle
	hooks_start -t 2 -D "$DEAD"
	wait_until 30 all_acknowledged
	assert_eq "$((before + 1)) 20-fails circle 20-fails: build.enabled: 2 tries: status 7
$((before + 2)) 20-fails circle 20-fails: build.ended: 2 tries: status 7" "$(failures "$before")" "what is told"
	assert_eq $((before + 4)) "$(newest)" "the newest event: none tells of one that told"
	assert_eq $((counted + 2)) "$(failures_counted)" "what is counted"
	assert_eq "$(seq -f '%.0f 20-fails' $((before + 1)) $((before + 4)))" "$(letters)" "dead letters"
	delivered "$LAB_DIR/record" "$((before + 1))" "$((before + 4))"
	assert_eq "$(lab_api GET /v1/status | grep '^{' | jq -r .name)" "$(jq -r .edge "$DEAD" | sort -u)" \
		"the edge of dead letters, without a webhook"
	assert_match 'sallyport-hooks has given an event up.* value='$((before + 1)) "$LAB_DIR/log/control" "the log of sallyportd"
	ok "an event that is given up is told by another, whose own failure is not"

	# As if killed before the cursor moved, and the answer lost; sallyportd starts anew meanwhile.
	hooks_stop
	daemon_crash control
	control_start
	echo "$before" >"$LAB_DIR/cursor"
	hook 20-fails <<-EOT
		#!/bin/bash
		exit 8
	EOT
	hooks_start -t 3 -D "$DEAD"
	wait_until 30 all_acknowledged
	assert_eq $((before + 4)) "$(newest)" "the newest event"
	assert_eq "$(seq -f '%.0f 20-fails' $((before + 1)) $((before + 4)))" "$(letters)" "dead letters"
	assert_eq 0 "$(failures_counted)" "what is counted of this sallyportd"
	ok "an event that is given up again is neither told nor kept twice"

	# sallyportd is away when there is something to tell.
	hooks_stop
	before=$(newest)
	make_events later
	hook 20-fails <<-EOT
		#!/bin/bash
		[ ! -e "$LAB_DIR/hold" ] || until read -r -t 1 <"$LAB_DIR/gate"; do :; done
		exit 8
	EOT
	mkfifo "$LAB_DIR/gate"
	touch "$LAB_DIR/hold"
	hooks_start -t 1 -D "$DEAD"
	wait_until 20 grep -q "^$((before + 1)) " "$LAB_DIR/record"
	daemon_crash control
	rm "$LAB_DIR/hold"
	echo go >"$LAB_DIR/gate"
	wait_line 20 "$LAB_DIR/log/hooks" 'sallyportd cannot be told of a dead letter yet'
	control_start
	wait_until 30 all_acknowledged
	assert_eq "$((before + 1)) 20-fails
$((before + 2)) 20-fails" "$(failures "$before" | cut -d' ' -f1-2)" "what is told later"
	ok "sallyportd that is away is told once it is back"
}

shows_redelivery() {
	local all

	all=$(letters)
	doctor_says >"$LAB_DIR/said" || fail "doctor sees no dead letters"
	assert_match "given up $(wc -l <<<"$all") events.* for 20-fails at .*: status 8\. They are lines of $DEAD" "$LAB_DIR/said" "doctor"
	assert_match 'cure: .*--redeliver' "$LAB_DIR/said" "doctor's cure"
	assert_eq 1 "$(redeliver || echo $?)" "exit status while the hook fails still"
	assert_match 'Dead letters were delivered once more.* delivered=0 not_taken='"$(wc -l <<<"$all")" "$LAB_DIR/redelivered" "the log"
	assert_eq "$all" "$(letters)" "dead letters that are kept again"
	hook 20-fails <<-EOT
		#!/bin/bash
		echo "\$SALLYPORT_SEQ \$(jq .seq)" >>"$LAB_DIR/again"
	EOT
	# One that was interrupted has left some behind.
	head -n2 "$DEAD" >"$DEAD.again"
	sed -i 1,2d "$DEAD"
	redeliver || fail "redelivery: $(cat "$LAB_DIR/redelivered")"
	assert_eq "$(cut -d' ' -f1 <<<"$all" | sed 's/.*/& &/')" "$(cat "$LAB_DIR/again")" "what was delivered again"
	[ ! -e "$DEAD" ] && [ ! -e "$DEAD.again" ] || fail "dead letters are left"
	doctor_says && fail "doctor still sees dead letters"
	redeliver || fail "redelivery of nothing"
	assert_match 'There are no dead letters' "$LAB_DIR/redelivered" "the log"
	ok "doctor tells of dead letters; --redeliver delivers them to whom they were for"
}

# The file is bounded: what is full is put aside, once.
shows_bound() {
	hooks_stop
	hook 20-fails <<-EOT
		#!/bin/bash
		exit 7
	EOT
	truncate -s 1048570 "$LAB_DIR/dead"
	hooks_start -t 1 -D "$LAB_DIR/dead"
	make_events bound
	wait_until 20 all_acknowledged
	rm "$LAB_DIR/hooks.d/20-fails"
	assert_eq 1048570 "$(stat -c %s "$LAB_DIR/dead.1")" "bytes put aside"
	assert_le "$(stat -c %s "$LAB_DIR/dead")" 10000 "bytes of the new one"
	ok "the file of dead letters is bounded"
}

need_programs
lab_begin 1
mkdir "$LAB_DIR/hooks.d"
control_start
hook 10-record <<-EOT
	#!/bin/bash
	echo "\$SALLYPORT_SEQ \$1 \$2" >>"$LAB_DIR/record"
EOT
hooks_start
make_events before
wait_until 20 all_acknowledged
shows_giving_up
shows_dead_letters
shows_redelivery
shows_bound
