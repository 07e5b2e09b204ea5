#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# First the full draws of what `make test` draws less of, each once; some hours. Then the tests of
# starts, stops, kills and hangs, again and again with new seeds, until one fails or SOAK_MINUTES (60)
# have passed. A failure prints its seed and how to run it again.
#
#   SALLYPORT_SEQUENCES (1000000)   SALLYPORT_KILLS (1000)   KILLS_NUMBER (1000)
#   FAULTS_NUMBER (1000)   AWAY_SECONDS (600)   REUSE_COUNT (10000)   API_FUZZ_COUNT (100000)   SCAN_NUMBER (100000, in each engine)
set -euo pipefail
cd "$(dirname "$0")/../.."

SALLYPORT_BUILD=${SALLYPORT_BUILD:-$PWD/build}
export SALLYPORT_BUILD SALLYPORT_SEED LIFECYCLE_SEED FAILOVER_SEED AUDIT_SEED KILLS_SEED FAULTS_SEED
export API_FUZZ_SEED AUDIT_NUMBER=1000
export SALLYPORT_SEQUENCES=${SALLYPORT_SEQUENCES:-1000000} SALLYPORT_KILLS=${SALLYPORT_KILLS:-1000}
export FAULTS_NUMBER=${FAULTS_NUMBER:-1000} AWAY_SECONDS=${AWAY_SECONDS:-600}
export KILLS_NUMBER=${KILLS_NUMBER:-1000} REUSE_COUNT=${REUSE_COUNT:-10000}
export API_FUZZ_COUNT=${API_FUZZ_COUNT:-100000} SCAN_NUMBER=${SCAN_NUMBER:-100000}
# Seconds in which a full draw ends, of a test that has a deadline of its own.
LONG=14400
unit=$SALLYPORT_BUILD/tests/unit
passed=0

new_seed() {
	SALLYPORT_SEED=$((passed * 2 + EPOCHSECONDS))
	LIFECYCLE_SEED=$SALLYPORT_SEED FAILOVER_SEED=$SALLYPORT_SEED AUDIT_SEED=$SALLYPORT_SEED
	KILLS_SEED=$SALLYPORT_SEED FAULTS_SEED=$SALLYPORT_SEED API_FUZZ_SEED=$SALLYPORT_SEED
	echo "seed $SALLYPORT_SEED"
}

# runs COMMAND…: one more has passed, or this ends.
runs() {
	"$@" || {
		echo "$passed passed, 1 failed, 0 skipped"
		exit 1
	}
	passed=$((passed + 1))
}

# The full fuzzing of the API, against programs that the sanitizers watch.
fuzz_api() {
	local directory=$PWD/build-sanitize

	[ -f "$directory/build.ninja" ] || CC=clang meson setup -Db_sanitize=address,undefined \
		-Db_lundef=false -Dfuzz=true -Ddocs=false --prefix=/usr --sysconfdir=/etc \
		--localstatedir=/var "$directory" || return
	ninja -C "$directory" control/sallyportd dataplane/sallyport-dp control/cli/sallyport || return
	SALLYPORT_BUILD=$directory TEST_TIMEOUT=$LONG \
		ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1 \
		UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 tests/e2e/api_fuzz_test.sh
}

new_seed
# A fleet on virtual time: many draws, then a hundred edges with ten thousand builds each.
runs env SALLYPORT_SIM_DRAWS="${SALLYPORT_SIM_DRAWS:-1000}" "$SALLYPORT_BUILD/tests/fleet/sim/fleet_sim_test"
runs env SALLYPORT_SIM_EDGES="${SALLYPORT_SIM_EDGES:-100}" SALLYPORT_SIM_BUILDS="${SALLYPORT_SIM_BUILDS:-10000}" \
	"$SALLYPORT_BUILD/tests/fleet/sim/fleet_sim_test" test_many_edges
runs "$unit/journal/journal_kill_test"
runs env TEST_TIMEOUT=$LONG tests/e2e/kills_test.sh
runs env TEST_TIMEOUT=$LONG tests/e2e/fleet_faults_test.sh
runs env TEST_TIMEOUT=$LONG tests/e2e/fleet_away_test.sh
runs env TEST_TIMEOUT=$LONG tests/e2e/reuse_test.sh
runs env AUDIT_ROWS=1000000 "$unit/journal/journal_audit_test"
runs env AUDIT_CHECK=1 tests/bench/audit.sh
runs env TEST_TIMEOUT=$LONG tests/e2e/scan_test.sh
runs fuzz_api
runs "$unit/edge/edge_model_test"

end=$((EPOCHSECONDS + ${SOAK_MINUTES:-60} * 60))
while [ "$EPOCHSECONDS" -lt "$end" ]; do
	new_seed
	for name in lifecycle failover audit; do
		runs "tests/e2e/${name}_test.sh"
	done
done
echo "$passed passed, 0 failed, 0 skipped"
