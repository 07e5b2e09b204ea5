#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What is shown of a fleet, by status, metrics, top and the page: edges that are alive, lost or drained, how far each
# is, its clock, the store and its epoch, and that sallyport-fleet itself is away.
TEST_TIMEOUT=240
LAB_ENGINE=xdp
LAB_METRICS='page = true;'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/e2e/_fleet.sh
. "$(dirname "$0")/_fleet.sh"
# shellcheck source=tests/lab/routes.sh
. "$LAB_TOOLS/routes.sh"
LAB_EXTRA=$LAB_ANNOUNCE
HERE=$(realpath "$(dirname "$0")")

tm() {
	TMUX='' tmux -f /dev/null -S "$LAB_DIR/tmux" "$@"
}

at_exit() {
	if tm has-session 2>/dev/null; then
		tm kill-server
	fi
}

# metric EDGE PATTERN: a line of its metrics is that.
metric() {
	lab_in "$(edge_ns "$1")" curl -sS --fail --max-time 10 http://127.0.0.1:9464/metrics >"$LAB_DIR/metrics" &&
		grep -qxE "$2" "$LAB_DIR/metrics"
}

has_metric() {
	wait_until 20 metric "$1" "$2" || fail "no metric $2: $(grep fleet "$LAB_DIR/metrics")"
}

# cli EDGE WORD…: the CLI, at that edge's sallyportd.
cli() {
	SALLYPORT_SOCKET=$(edge_dir "$1")/run/api.sock "$(lab_cli_path)" "${@:2}"
}

# shown EDGE FILTER: status has that of the fleet, by jq.
shown() {
	edge "$1" GET /v1/status && jq -e ".fleet | $2" <<<"$ANSWER" >/dev/null
}

sees_fleet() {
	wait_until 20 shown "$1" "$2" || fail "status of $1 does not say $2: $(answer .fleet)"
}

screen_has() {
	tm capture-pane -p | grep -qE -- "$1"
}

sees() {
	wait_until 20 screen_has "$1" || fail "top does not show '$1': $(tm capture-pane -p)"
}

fleet_possible
need_programs
lab_begin 1
fleet_begin
for edge in a b; do
	announce_interfaces "$(edge_ns "$edge")"
done

all_well='.fresh and (.said | .current and .store.followed and .store.adopted and (.edges | length) == 2 and
	all(.edges[]; .alive and .announced == "announced" and .lag_ms == 0 and .why == null) and
	all(.store.members[]; .reachable and .leads) and .owed == 0 and .refused == 0)'
for edge in a b; do
	sees_fleet "$edge" "$all_well"
done
edge a GET /v1/status
told=$(answer .fleet.said.store.epoch)
assert_eq "$(etcd_ctl get --print-value-only /sallyport/epoch)" "$told" "the epoch"
cli a status >"$LAB_DIR/status"
assert_match '^edge a has what the store has$' "$LAB_DIR/status" "this edge"
assert_match '^EDGE +ALIVE +LOST +ROUTES +BEHIND +LAG +APPLIED +REMOVED +SYNCED +BOUND +AHEAD +WHY$' "$LAB_DIR/status" "the heads"
assert_match '^b +yes +- +announced +0 +0\.000 s ' "$LAB_DIR/status" "the other edge"
assert_match "^store: followed yes, adopted yes, revision [0-9]+, epoch $told, asked http://" "$LAB_DIR/status" "the store"
assert_match "^http://$ETCD_ADDRESS:2379 +yes +yes +[0-9.]+ " "$LAB_DIR/status" "the member of etcd"
ok "status shows edges, routes, how far each is, and the store"

# --- metrics
for line in 'sallyport_fleet_up 1' 'sallyport_fleet_current 1' 'sallyport_fleet_store_followed 1' \
	'sallyport_fleet_edge_alive\{edge="b"\} 1' 'sallyport_fleet_edge_announced\{edge="b"\} 2' \
	'sallyport_fleet_edge_lag_seconds\{edge="b"\} 0' 'sallyport_fleet_owed 0' \
	"sallyport_fleet_member_leads\\{member=\"http://$ETCD_ADDRESS:2379\"\\} 1"; do
	has_metric a "$line"
done
if command -v promtool >/dev/null; then
	promtool check metrics <"$LAB_DIR/metrics" >"$LAB_DIR/promtool" 2>&1 || fail "promtool: $(cat "$LAB_DIR/promtool")"
	assert_eq "" "$(cat "$LAB_DIR/promtool")" "what promtool says of the metrics"
fi
# Each figure that has a name as a metric is there with it.
assert_eq "" "$(comm -23 <(grep -oE 'sallyport_fleet_[a-z_]+' "$HERE/../../control/roster/roster.c" | sort -u) \
	<(sed -nE 's/^# TYPE ([^ ]*) .*/\1/p' "$LAB_DIR/metrics" | sort -u))" "metrics of the table that are not there"
ok "metrics have the same, by the names of the table"

# --- who is drained
cli b drain --wait 0 >"$LAB_DIR/said"
sees_fleet a '.said.edges[] | select(.name == "b") | .announced == "withdrawn" and .why == "it is drained"'
has_metric a 'sallyport_fleet_edge_announced\{edge="b"\} 0'
cli b undrain >"$LAB_DIR/said"
sees_fleet a "$all_well"
ok "another edge's drain is seen"

# --- top
command -v tmux >/dev/null || fail "tmux is not installed"
tm new-session -d -x 120 -y 24 "env -u NO_COLOR LC_ALL=C.UTF-8 SALLYPORT_SOCKET='$LAB_SOCKET' TERM=screen '$(lab_cli_path)' top"
sees 'fleet: 2 of 2 edges$'
tm send-keys f
sees '^a has what the store has'
sees '^EDGE ALIVE LOST'
sees '^b +yes +- +announced +0 +0\.000 s '
sees "^http://$ETCD_ADDRESS:2379 yes +yes "
ok "top shows the fleet"

# --- an edge that is lost, while page and top look
lose="kill -KILL $(cat "$LAB_DIR/fleet-b.pid")"
status=77
if [ -x /usr/bin/chromedriver ] && /usr/bin/python3 -c 'import selenium' 2>/dev/null; then
	status=0
	nsenter --net="/run/netns/$LAB_NS-edge" env PAGE_SOCKET="$LAB_SOCKET" PAGE_DIR="$LAB_DIR/browser" PAGE_LOSE="$lose" \
		HOME="$LAB_DIR" /usr/bin/python3 "$HERE/page_fleet.py" || status=$?
fi
case $status in
0) ;;
77)
	$lose
	ok "the page # skip chromium or selenium cannot be had"
	;;
*) fail "the page in a browser" ;;
esac
wait "$(cat "$LAB_DIR/fleet-b.pid")" 2>/dev/null || :
sees '^b +no +[0-9:]+'
tm send-keys Escape
sees 'fleet: 1 of 2 edges'
has_metric a 'sallyport_fleet_edge_alive\{edge="b"\} 0'
sees_fleet a '.said.edges[] | select(.name == "b") | .alive == false and .lost_at != null'
sees_fleet b '.fresh | not'
has_metric b 'sallyport_fleet_up 0'
cli b status >"$LAB_DIR/status"
assert_match '^fleet: sallyport-fleet is away; it said last, at ' "$LAB_DIR/status" "status of B"
fleet_start b
sees_fleet a "$all_well"
sees 'fleet: 2 of 2 edges$'
ok "an edge that is lost is named, and since when; its own status says that its fleet is away"

# --- the store
etcd_stop
sees_fleet a '.said | (.current or .store.followed | not) and all(.store.members[]; (.reachable | not) and .why != null)'
has_metric a 'sallyport_fleet_store_followed 0'
sees 'fleet: . of 2 edges, not current'
etcd_start
sees_fleet a "$all_well"
ok "a store that does not answer is shown, and that it is back"

# --- what is no fleet is not taken
edge a PUT /v1/status/fleet '{"edge":"a"}'
assert_eq 400 "$STATUS" "status of half a fleet"
assert_eq /store "$(answer '.errors[-2].pointer')" "what is missing"
edge a PUT /v1/status/fleet "$(fleet a GET /v1/fleet && jq -c '.edges[0].clock.bound_ms = "12"' <<<"$ANSWER")"
assert_eq "400 /edges/0/clock/bound_ms" "$STATUS $(answer '.errors[0].pointer')" "a text for a number"
ok "what is no fleet is refused, and what is wrong is named"
