#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Requests made from the OpenAPI document that the daemon serves, valid and mutated: no crash, no
# leak, no 5xx but the documented 503. API_FUZZ_COUNT=100000 is the long run, four minutes;
# API_FUZZ_SEED repeats one.
LAB_ENGINE=xdp
TEST_TIMEOUT=${TEST_TIMEOUT:-900}
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

count=${API_FUZZ_COUNT:-25000}
seed=${API_FUZZ_SEED:-$(date +%s)}

memory_kib() {
	awk '/^VmRSS/ { print $2 }' "/proc/$(daemon_pid control)/status"
}

fuzz() {
	API_SOCKET=$LAB_SOCKET API_PID=$(daemon_pid control) API_VIEWER_SOCKET='' API_BPF_DIR='' \
		API_OPERATOR_UID=0 API_VIEWER_UID=0 \
		python3 -B "$(dirname "$TEST_FILE")/api_fuzz.py" "$@" | tee "$LAB_DIR/fuzz"
	[ "${PIPESTATUS[0]}" = 0 ] || fail "see above"
}

need_programs
lab_begin 0
LAB_QUARANTINE=${LAB_QUARANTINE:-10m} config_write >"$LAB_CONFIG"
control_start
fuzz $((count / 2)) "$seed"
half=$(memory_kib)
fuzz $((count / 2)) $((seed + 1))
# The address sanitizer holds on to freed memory, and finds leaks by itself.
grep -aq __asan_init "$(lab_control_path)" ||
	assert_le "$(memory_kib)" $((half + 65536)) "memory after the second half, in KiB"
daemon_stop control
if grep -E 'Sanitizer|runtime error' "$LAB_DIR/log/control"; then
	fail "the sanitizers of this build found something"
fi
ok "$count requests of seed $seed: no crash, no leak, no 5xx but a documented 503"
