#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Runs every fuzzing harness (fuzz_* of a build with -Dfuzz=true) for FUZZ_SECONDS, two at a time,
# as TAP. Starts from tests/fuzz/corpus/NAME; new inputs and crashes stay in BUILD/fuzz/fuzz_NAME.
#
#	run.sh [BUILD] [NAME…]
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-build-sanitize}
case $build in /*) ;; *) build=$root/$build ;; esac
seconds=${FUZZ_SECONDS:-20}
[ $# -gt 0 ] && shift

configure() {
	[ -f "$build/build.ninja" ] || CC=clang meson setup "$build" "$root" -Dfuzz=true \
		-Db_sanitize=address,undefined -Db_lundef=false -Ddocs=false || return
	ninja -C "$build"
}

harnesses() {
	find "$build" -type f -perm -u+x -name 'fuzz_*' -printf '%f %p\n' | sort
}

# Runs one harness; its result is the exit status, its words go to its log.
fuzz() {
	local name=$1 program=$2 work=$build/fuzz/$1 seeds=$root/tests/fuzz/corpus/${1#fuzz_}
	mkdir -p "$work/corpus"
	[ -d "$seeds" ] || seeds=
	"$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$work/" "$work/corpus" ${seeds:+"$seeds"} >"$work/log" 2>&1
}

report() {
	local number=$1 name=$2 status=$3 log=$build/fuzz/$2/log runs
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	if [ "$status" -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
		echo "ok $number - fuzz: $name ($runs runs)"
		return 0
	fi
	echo "not ok $number - fuzz: $name"
	tail -n 40 "$log" | sed 's/^/# /'
	echo "# again: tests/fuzz/run.sh ${build#"$root"/} ${name#fuzz_}"
	return 1
}

if ! said=$(configure 2>&1); then
	printf '%s\n' "$said"
	echo "not ok 1 - fuzz: the harnesses build"
	exit 1
fi

total=0
failed=0
names=()
pids=()
collect() {
	local status=0
	wait "${pids[0]}" || status=$?
	total=$((total + 1))
	report "$total" "${names[0]}" "$status" || failed=$((failed + 1))
	names=("${names[@]:1}")
	pids=("${pids[@]:1}")
}

while read -r name program; do
	[ $# -eq 0 ] || case " $* " in *" ${name#fuzz_} "*) ;; *) continue ;; esac
	[ ${#pids[@]} -lt 2 ] || collect
	fuzz "$name" "$program" </dev/null &
	pids+=($!)
	names+=("$name")
done < <(harnesses)
while [ ${#pids[@]} -gt 0 ]; do
	collect
done

[ "$total" -gt 0 ] || {
	echo "not ok 1 - fuzz: there is a harness to run"
	exit 1
}
echo "1..$total"
[ "$failed" -eq 0 ]
