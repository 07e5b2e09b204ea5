#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Checks of run.sh, as TAP: a harness that crashes, or none at all, must not look like success.
set -u

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cases=0
failed=0

# A build directory with nothing to build and one harness: $1 is what it does with an input.
harness() {
	rm -rf "${scratch:?}"/*
	printf 'rule none\n  command = true\nbuild all: phony\n' >"$scratch/build.ninja"
	[ -n "$1" ] || return 0
	printf '#include <stddef.h>\n#include <stdint.h>\n#include <stdlib.h>\n%s{ %s return 0; }\n' \
		'int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)' "$1" >"$scratch/fuzz.c"
	clang -fsanitize=fuzzer "$scratch/fuzz.c" -o "$scratch/fuzz_it"
}

# check WHAT EXPECTED-STATUS EXPECTED-LINE: run.sh on the harness at hand.
check() {
	local what=$1 expected=$2 line=$3 said status=0

	said=$(FUZZ_SECONDS=1 "$here/run.sh" "$scratch" 2>&1 </dev/null) || status=$?
	cases=$((cases + 1))
	if [ "$status" -eq "$expected" ] && grep -q "$line" <<<"$said"; then
		echo "ok $cases - fuzz runner: $what"
		return
	fi
	echo "not ok $cases - fuzz runner: $what"
	# shellcheck disable=SC2001
	sed 's/^/# /' <<<"$said"
	failed=$((failed + 1))
}

harness '(void)data; (void)len;'
check "a sound harness passes" 0 '^ok 1 - fuzz: fuzz_it ([1-9][0-9]* runs)'
harness 'if (len > 1 && data[0] == 7) abort();'
check "a crash fails and is shown" 1 '^not ok 1 - fuzz: fuzz_it'
harness ''
check "no harness at all fails" 1 '^not ok 1 - fuzz: there is a harness to run'
echo 'build broken: missing' >>"$scratch/build.ninja"
check "harnesses that do not build fail" 1 '^not ok 1 - fuzz: the harnesses build'
echo "1..$cases"
[ "$failed" -eq 0 ]
