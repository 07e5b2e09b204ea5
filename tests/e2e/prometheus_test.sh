#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A real Prometheus reads the edge: what it says of the metrics, of the alerts and of each question that
# the dashboard asks.
LAB_EXTRA='metrics: { listen = "127.0.0.1:9464"; };'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
MONITORING=$LAB_SOURCE/../../configs/monitoring

command -v prometheus >/dev/null || skip "reason: prometheus is not installed"

# scrape FILE: what Prometheus would read.
scrape() {
	lab_in edge curl -sS --fail --max-time 10 http://127.0.0.1:9464/metrics >"$1"
}

# asked EXPRESSION: how many series Prometheus has for it, in ASKED.
asked() {
	ASKED=$(lab_in edge curl -sS --max-time 10 --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query |
		jq -e 'if .status == "success" then .data.result | length else error(.error) end') ||
		fail "Prometheus does not take: $1"
}

# answers EXPRESSION: whether there is a series, and a number in it.
answers() {
	asked "($1) >= 0"
	[ "$ASKED" -gt 0 ]
}

begin 1
put_build watched 0
port=$(node_port 0)
assert_eq vm0 "$(ssh_to "$port" hostname)" "the host name that ssh reaches"
api GET /v1/builds/nobody 404

# --- the alerts
sed "s#\[ALERTS\]#[\"$(realpath "$MONITORING/alerts.yml")\"]#" "$(dirname "$0")/alerts.yml" >"$LAB_DIR/alerts.yml"
promtool test rules "$LAB_DIR/alerts.yml" >"$LAB_DIR/promtool" 2>&1 || fail "alerts: $(cat "$LAB_DIR/promtool")"
assert_eq "$(sed -n 's/^ *- alert: //p' "$MONITORING/alerts.yml" | sort)" \
	"$(sed -n 's/^ *- name: \(Sallyport\)/\1/p' "$LAB_DIR/alerts.yml" | sort)" "alerts, and those that are tested"
ok "each of $(grep -c 'alert:' "$MONITORING/alerts.yml") alerts fires by what it is for, and nothing else does"

# --- the text
scrape "$LAB_DIR/metrics"
promtool check metrics <"$LAB_DIR/metrics" >"$LAB_DIR/promtool" 2>&1 || fail "promtool: $(cat "$LAB_DIR/promtool")"
assert_eq "" "$(cat "$LAB_DIR/promtool")" "what promtool says of the metrics"
assert_eq "" "$(grep -v '^#' "$LAB_DIR/metrics" | sed 's/ [^ ]*$//' | sort | uniq -d)" "series that are there twice"
assert_match '^sallyport_api_requests_total\{method="GET",route="/v1/builds/\{id\}",status="404"\} 1$' "$LAB_DIR/metrics" "the 404"
assert_match '^sallyport_api_request_duration_seconds_count\{method="PUT",route="/v1/builds/\{id\}"\} 1$' "$LAB_DIR/metrics" "the PUT"
ok "promtool finds nothing in $(grep -c '^# TYPE' "$LAB_DIR/metrics") metrics, and no series is there twice"

# --- every name that alerts and dashboard use
grep -oh '\b\(sallyport\|process\)_[a-z_]*' "$MONITORING"/*.{yml,json} | sort -u >"$LAB_DIR/used"
sed -nE -e 's/^# TYPE ([^ ]*) histogram$/\1_bucket\n\1_sum\n\1_count/p; s/^# TYPE ([^ ]*) .*/\1/p' "$LAB_DIR/metrics" |
	sort -u >"$LAB_DIR/known"
assert_eq "" "$(comm -23 "$LAB_DIR/used" "$LAB_DIR/known")" "names in configs/monitoring that no metric has"
ok "alerts and dashboard ask for metrics that there are"

# --- a Prometheus
cat >"$LAB_DIR/prometheus.yml" <<-EOT
	global: { scrape_interval: 1s, evaluation_interval: 1s }
	rule_files: [ "$(realpath "$MONITORING/alerts.yml")" ]
	scrape_configs:
	  - job_name: sallyport
	    static_configs: [ { targets: [ "127.0.0.1:9464" ] } ]
EOT
nsenter --net="/run/netns/$LAB_NS-edge" prometheus --config.file="$LAB_DIR/prometheus.yml" --storage.tsdb.path="$LAB_DIR/tsdb" \
	--web.listen-address=127.0.0.1:9090 --log.level=warn >"$LAB_DIR/prometheus.log" 2>&1 &
PROMETHEUS=$!
prometheus_up() { lab_in edge curl -sS --fail http://127.0.0.1:9090/-/ready >/dev/null 2>&1; }
wait_until 30 prometheus_up || fail "prometheus: $(cat "$LAB_DIR/prometheus.log")"
# A rate needs packets between two of its looks.
rate_seen() {
	ssh_to "$port" true
	answers 'rate(sallyport_packets_total{verdict="forwarded",engine="xdp"}[30s]) > 0'
}
wait_until 20 rate_seen ||
	fail "Prometheus has no packets: $(cat "$LAB_DIR/prometheus.log")"
while IFS= read -r question; do
	question=${question//\$__rate_interval/30s}
	wait_until 20 answers "${question//\$instance/.*}" || fail "no data: $question"
done < <(jq -r '.panels[].targets[].expr' "$MONITORING/dashboard.json")
ok "each of $(jq '[.panels[].targets[]] | length' "$MONITORING/dashboard.json") questions of the dashboard has data"
asked 'ALERTS{alertname!~"SallyportDown"}'
assert_eq 0 "$ASKED" "alerts of an edge that is well"
kill "$PROMETHEUS"
wait "$PROMETHEUS" 2>/dev/null || :
ok "no alert is pending while all is well"

# --- hooks that are behind
mkdir -p "$LAB_DIR/hooks.d"
printf '#!/bin/sh\nexit 1\n' >"$LAB_DIR/hooks.d/fails"
chmod 755 "$LAB_DIR/hooks.d/fails"
nsenter --net="/run/netns/$LAB_NS-edge" "$SALLYPORT_BUILD/control/hooks/sallyport-hooks" -s "$LAB_SOCKET" -S "$LAB_DIR/state/hooks.cursor" \
	-d "$LAB_DIR/hooks.d" -r 20ms -R 50ms >"$LAB_DIR/log/hooks" 2>&1 &
HOOKS=$!
behind_by() {
	scrape "$LAB_DIR/metrics"
	grep -qE "^sallyport_hooks_behind $1\$" "$LAB_DIR/metrics"
}
wait_line 10 "$LAB_DIR/log/hooks" 'A hook failed'
printf '#!/bin/sh\nexit 0\n' >"$LAB_DIR/hooks.d/fails"
wait_until 20 behind_by 0 || fail "hooks: $(grep behind "$LAB_DIR/metrics")"
kill "$HOOKS"
wait "$HOOKS" 2>/dev/null || :
put_build after 1
wait_until 10 behind_by '[1-9][0-9]*' || fail "hooks: $(grep behind "$LAB_DIR/metrics")"
ok "hooks that are there are behind by nothing, and by what happened since they went"
