# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# sallyportd ("control") and sallyport-dp ("dp") of a lab, in its edge namespace.

lab_control_path() {
	echo "$SALLYPORT_BUILD/control/sallyportd"
}

lab_dp_path() {
	echo "$SALLYPORT_BUILD/dataplane/sallyport-dp"
}

lab_cli_path() {
	echo "$SALLYPORT_BUILD/control/cli/sallyport"
}

# The operator's CLI, on this lab's socket.
sallyport() {
	SALLYPORT_SOCKET=$LAB_SOCKET "$(lab_cli_path)" "$@"
}

# One call of the API: METHOD PATH [BODY [CURL-OPTION…]]; a BODY of @FILE is read from there. Prints the answer's body, then its status on a line.
lab_api() {
	local method=$1 path=$2

	shift 2
	curl -sS --max-time 30 --unix-socket "$LAB_SOCKET" -X "$method" ${1+--data-binary "$1"} \
		-H 'Content-Type: application/json' -H 'Expect:' -w '\n%{http_code}\n' \
		"${@:2}" "http://edge$path"
}

daemon_path() {
	if [ "$1" = control ]; then
		lab_control_path
	else
		lab_dp_path
	fi
}

# Prints the pid of daemon control or dp as the lab last started it.
daemon_pid() {
	local pid _

	read -r pid _ <"$LAB_DIR/$1.pid" && echo "$pid"
}

# Prints "running" or "stopped".
daemon_state() {
	local pid started

	if [ -e "$LAB_DIR/$1.pid" ] && read -r pid started <"$LAB_DIR/$1.pid" &&
		lab_alive "$pid" "$started" && ! process_gone "$pid"; then
		echo running
	else
		echo stopped
	fi
}

# Starts a daemon and returns at once. Its log is appended to, so that a restart shows. It is a child
# of this shell, which can wait for how it ends.
daemon_child() {
	setsid nsenter --net="/run/netns/$LAB_NS-edge" "$(daemon_path "$1")" -c "$LAB_CONFIG" \
		>>"$LAB_DIR/log/$1" 2>&1 </dev/null &
	echo "$! $(lab_started $!)" >"$LAB_DIR/$1.pid"
}

# The same, but what becomes of it does not matter to this shell.
daemon_spawn() {
	daemon_child "$1"
	disown
}

# Signals a daemon: control or dp, and the signal's name.
daemon_signal() {
	kill "-$2" "$(daemon_pid "$1")"
	[ "$2" != STOP ] || wait_stopped 10 "$(daemon_pid "$1")"
}

# Ends a daemon the way a supervisor does, and waits for it.
daemon_stop() {
	local pid

	[ "$(daemon_state "$1")" = running ] || return 0
	pid=$(daemon_pid "$1")
	kill -CONT "$pid"
	kill -TERM "$pid"
	wait_gone 10 "$pid"
}

# Ends a daemon as a crash does.
daemon_crash() {
	local pid

	pid=$(daemon_pid "$1")
	kill -KILL "$pid"
	wait_gone 10 "$pid"
}

control_ready() {
	lab_api GET /v1/status | tail -n1 | grep -qx 200
}

# Succeeds when sallyport-dp polls its queues: from then on the XDP program steers packets to it.
dp_ready() {
	"$LAB_SOURCE/table.py" alive "$LAB_BPF_DIR"
}

control_start() {
	daemon_spawn control
	wait_until 15 daemon_up control control_ready
	daemon_survives control
}

dp_start() {
	daemon_spawn dp
	wait_until 20 daemon_up dp dp_ready
	daemon_survives dp
}

# True once $2… is, or once daemon $1 is gone, so that nobody waits for the dead.
daemon_up() {
	local daemon=$1

	shift
	"$@" || [ "$(daemon_state "$daemon")" = stopped ]
}

daemon_survives() {
	[ "$(daemon_state "$1")" = running ] || {
		echo "$(daemon_path "$1") ended at its start: $(tail -n5 "$LAB_DIR/log/$1")" >&2
		return 1
	}
}

# Starts what this lab's configuration needs, and waits until packets are carried.
lab_start() {
	control_start
	if [ "${LAB_ENGINE:-dpdk}" = dpdk ]; then
		dp_start
	fi
}

lab_stop() {
	daemon_stop dp
	daemon_stop control
}

daemons_kill() {
	local daemon pid

	for daemon in dp control; do
		[ "$(daemon_state "$daemon")" = running ] || continue
		pid=$(daemon_pid "$daemon")
		kill -9 "$pid"
		wait_gone 10 "$pid"
	done
}

# Prints the logs of the lab, for a test that failed.
lab_logs() {
	local file

	for file in "$LAB_DIR"/log/*; do
		[ -s "$file" ] || continue
		printf -- '--- %s (last 40 lines)\n' "$(basename "$file")"
		tail -n40 "$file"
	done
}
