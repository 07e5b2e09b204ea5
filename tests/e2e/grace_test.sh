#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A removal is confirmed by a grace period of the kernel: one that is late is a 503 that says so, and
# a kernel without membarrier(2), as with nohz_full, does as well.
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# membarrier_is INJECTION: from here on, for sallyportd, what strace(1) calls so.
membarrier_is() {
	: >"$LAB_DIR/strace.err" # the one before says "attached", too
	strace -f -o "$LAB_DIR/strace" -e trace=membarrier -e "inject=membarrier:$1" \
		-p "$(daemon_pid control)" 2>"$LAB_DIR/strace.err" &
	TRACER=$!
	wait_line 10 "$LAB_DIR/strace.err" 'attached'
}

membarrier_is_itself() {
	kill -INT "$TRACER"
	wait "$TRACER" 2>/dev/null || :
}

begin 1
put_build late 0
membarrier_is delay_enter=3000000
api DELETE /v1/builds/late
assert_eq 503 "$STATUS" "status of a DELETE that the kernel does not confirm in time"
assert_match 'worker-stuck' <(answer .type) "its type"
assert_match 'the kernel has not said' <(answer .detail) "its detail"
assert_match 'The kernel has not said' "$LAB_DIR/log/control" "the alarm"
ok "a late grace period is a problem that names the kernel"

membarrier_is_itself
api DELETE /v1/builds/late
assert_eq 204 "$STATUS" "status of the DELETE said again"
ok "said again, it is confirmed"

put_build without 0
membarrier_is error=EINVAL
api DELETE /v1/builds/without
assert_eq 204 "$STATUS" "status of a DELETE without membarrier"
wait_line 10 "$LAB_DIR/strace" 'membarrier.*EINVAL.*INJECTED' # strace writes when it likes
ok "without membarrier it is confirmed too"
membarrier_is_itself
