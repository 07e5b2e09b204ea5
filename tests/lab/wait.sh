# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# Waiting for what is to happen, never for time to pass: each wait has a condition and a deadline.
#
# SALLYPORT_SLOW (1) is how many times slower than others this machine is, as under emulation: deadlines
# are so many times longer. It is measured, not guessed: see tests/vm/.

# A pause between two looks at a condition that has no event to wait for.
wait_pause() {
	local _
	read -rt 0.02 _ <> <(:) || :
}

# Runs the command $2… until it succeeds; fails when $1 seconds have passed without
# (on a slow machine: so many times $1).
wait_until() {
	local limit_us=$(($1 * 1000000 * ${SALLYPORT_SLOW:-1} + ${EPOCHREALTIME/./}))

	shift
	until "$@" >/dev/null 2>&1; do
		if [ "${EPOCHREALTIME/./}" -ge "$limit_us" ]; then
			echo "waited in vain for: $*" >&2
			return 1
		fi
		wait_pause
	done
}

# Waits until file $2 holds a line matching $3, at most $1 seconds.
wait_line() {
	wait_until "$1" grep -qE -- "$3" "$2"
}

# Waits until no thread of process $2 runs, at most $1 seconds: on a busy machine some do for a while after
# the signal to stop.
wait_stopped() {
	wait_until "$1" process_stopped "$2"
}

process_stopped() {
	! grep -qE '^State:[[:space:]]+[^T]' "/proc/$1/task"/*/status
}

# Waits until process $2 is gone, at most $1 seconds.
wait_gone() {
	wait_until "$1" process_gone "$2"
}

# A zombie is gone too, for its parent alone decides when it is buried; but only once its last
# thread is dead: until then the process holds its locks and sockets.
process_gone() {
	kill -0 "$1" 2>/dev/null || return 0
	! ps -L -o stat= -p "$1" | grep -qv '^[ZX]'
}
