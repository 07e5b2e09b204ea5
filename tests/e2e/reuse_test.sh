#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A VM's address is given to one build after another while the clients of the earlier ones keep
# sending: not one of their packets reaches the VM once it is another's.
#
#   REUSE_COUNT (1000)
TEST_TIMEOUT=${TEST_TIMEOUT:-300}
# shellcheck disable=SC2034
LAB_QUARANTINE=1s LAB_PORTS=1025-65535
# shellcheck disable=SC2034
TEST_ALONE=1
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

begin 1
"$LAB_TOOLS/reuse.py" "$LAB_NS-client" "$LAB_NS-vm0" "$LAB_PUBLIC_ADDRESS" "$LAB_SOCKET" \
	"$(lab_vm_address 0)" "${REUSE_COUNT:-1000}" >"$LAB_DIR/out" || fail "$(cat "$LAB_DIR/out")"
assert_match ', 0 crossed over$' "$LAB_DIR/out" "packets that cross over"
assert_match "^${REUSE_COUNT:-1000} builds, [0-9]{3,} packets" "$LAB_DIR/out" "packets that arrive"
ok "$(cat "$LAB_DIR/out")"
