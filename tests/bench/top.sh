#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What sallyport top takes: percent of a core, of top and of sallyportd, while nothing else happens;
# and its memory. At 1 Hz, in a terminal of 80x24 and in one of 200x60.
#
#   TOP_BUILDS (10000)   TOP_SECONDS (20)
TEST_TIMEOUT=${TEST_TIMEOUT:-300}
LAB_ENGINE=xdp
LAB_PORTS=1024-65535
LAB_LIMITS='builds = 200000;'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"

BUILDS=${TOP_BUILDS:-10000}
SECONDS_EACH=${TOP_SECONDS:-20}

tm() {
	TMUX='' tmux -f /dev/null -S "$LAB_DIR/tmux" "$@"
}

at_exit() {
	if tm has-session 2>/dev/null; then
		tm kill-server
	fi
}

# Prints the clock ticks that a process has used.
used() {
	local stat

	stat=$(cat "/proc/$1/stat")
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	echo $((${12} + ${13}))
}

# percent BEFORE AFTER
percent() {
	awk -v ticks=$(($2 - $1)) -v hz="$(getconf CLK_TCK)" -v s="$SECONDS_EACH" \
		'BEGIN { printf "%.2f %%", 100 * ticks / hz / s }'
}

all_shown() {
	tm capture-pane -p | grep -qE "^[0-9']+ shown" && ! tm capture-pane -p | grep -q 'still reading'
}

measure() {
	local pid control top_before control_before

	control=$(daemon_pid control)
	control_before=$(used "$control")
	sleep "$SECONDS_EACH"
	echo "sallyportd without top: $(percent "$control_before" "$(used "$control")") of a core"
	for size in '80 24' '200 60'; do
		# shellcheck disable=SC2086
		tm new-session -d -x ${size% *} -y ${size#* } \
			"LC_ALL=C.UTF-8 exec '$(lab_cli_path)' top --socket '$LAB_SOCKET'"
		wait_until 60 all_shown
		pid=$(tm list-panes -F '#{pane_pid}')
		top_before=$(used "$pid")
		control_before=$(used "$control")
		sleep "$SECONDS_EACH"
		echo "$size: top $(percent "$top_before" "$(used "$pid")"), sallyportd $(percent "$control_before" "$(used "$control")") of a core;" \
			"$(awk '/^Pss:/ { print int($2 / 1024) }' "/proc/$pid/smaps_rollup") MiB"
		tm kill-server
		wait_until 10 eval '! tm has-session 2>/dev/null'
	done
}

need_programs
lab_begin 1
control_start
jq -nc --argjson nr "$BUILDS" '{builds: [range($nr) | {id: "build-\(.)", user: "ubuntu", max_lifetime_s: 36000,
	organisation: "acme", actors: ["alice"],
	nodes: [{index: 0, address: "10.0.\(16 + . / 256 | floor).\(. % 256)", port: 22}]}]}' >"$LAB_DIR/builds"
sallyport sync "$LAB_DIR/builds" | tail -n1
measure
