#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The tests of starts, stops, kills and hangs, again and again with new seeds, until one fails or
# SOAK_MINUTES (60) have passed. A failure prints its seed and how to run it again.
set -euo pipefail
cd "$(dirname "$0")/../.."

SALLYPORT_BUILD=${SALLYPORT_BUILD:-$PWD/build}
export SALLYPORT_BUILD LIFECYCLE_SEED FAILOVER_SEED AUDIT_SEED AUDIT_NUMBER=1000
end=$((EPOCHSECONDS + ${SOAK_MINUTES:-60} * 60))
passed=0

while [ "$EPOCHSECONDS" -lt "$end" ]; do
	LIFECYCLE_SEED=$((passed * 2 + EPOCHSECONDS)) FAILOVER_SEED=$LIFECYCLE_SEED
	AUDIT_SEED=$LIFECYCLE_SEED
	echo "seed $LIFECYCLE_SEED"
	for name in lifecycle failover audit; do
		tests/e2e/${name}_test.sh || {
			echo "0 passed, 1 failed, 0 skipped"
			exit 1
		}
		passed=$((passed + 1))
	done
done
echo "$passed passed, 0 failed, 0 skipped"
