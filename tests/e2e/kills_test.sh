#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# sallyportd is killed with -9 at random moments under random calls. After each restart every build,
# port, deadline and event is as last acknowledged, in the API and in the table.
#
#   KILLS_NUMBER (20; the full draw is 1000)   KILLS_SEED (of the clock)

# What has ended is looked at once more after the next restart, and is forgotten after quarantine.
# shellcheck disable=SC2034
LAB_ENGINE=xdp LAB_QUARANTINE=1m LAB_PORTS=40000-65535
TEST_TIMEOUT=${TEST_TIMEOUT:-300}
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

NUMBER=${KILLS_NUMBER:-20}
SEED=${KILLS_SEED:-$EPOCHSECONDS}

need_programs
lab_begin 0
echo "seed $SEED, $NUMBER kills"
"$LAB_TOOLS/kills.py" "$LAB_NS-edge" "$(lab_control_path)" "$LAB_CONFIG" "$LAB_SOCKET" \
	"$LAB_BPF_DIR" "$LAB_DIR/log/control" "$NUMBER" "$SEED" >"$LAB_DIR/out" 2>&1 ||
	fail "$(cat "$LAB_DIR/out")"
assert_match "^$NUMBER kills under calls" "$LAB_DIR/out" "the kills"
assert_ge "$(grep -oE '[0-9]+ calls acknowledged' "$LAB_DIR/out" | cut -d' ' -f1)" "$NUMBER" \
	"calls acknowledged"
ok "what was acknowledged is there after each: $(cat "$LAB_DIR/out")"
