#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The docs are true, as TAP: fenced `sh` blocks run, links lead somewhere, generated pages are what
# would be generated, examples of configuration are accepted, and an installation is complete.
#
# Blocks run in the repository, in a lab that stands: two VMs (10.0.3.7, 10.0.3.8), `sallyport`,
# `sallyportd`, `sallyport-runner` and $SALLYPORT_SOCKET at hand, `on_client COMMAND…` for the user's side
# and `on_vm COMMAND…` for that of the first VM.
#
#	run.sh [PAGE…]
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export SALLYPORT_BUILD=${SALLYPORT_BUILD:-$root/build}
cd "$root" || exit 1

# shellcheck source=tests/lab/lab.sh
. "$root/tests/lab/lab.sh"
# shellcheck source=tests/docs/pages.sh
. "$here/pages.sh"

cases=0
failed=0

# result STATUS WHAT [FILE]: one case; FILE is what was said if it failed.
result() {
	cases=$((cases + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $cases - docs: $2"
		return
	fi
	echo "not ok $cases - docs: $2"
	failed=$((failed + 1))
	[ -z "${3:-}" ] || sed 's/^/# /' "$3"
}

pages() {
	git ls-files --cached --others --exclude-standard 'README.md' 'CHANGELOG.md' 'docs/*.md'
}

check_links() {
	local page

	for page in "$@"; do
		python3 "$here/blocks.py" links "$page" >"$scratch/said" 2>&1
		result $? "$page: links" "$scratch/said"
	done
}

# A page that is made by a program is what the program makes.
check_generated() {
	local page

	for page in $generated_pages; do
		generate_page "$page" >"$scratch/page" &&
			diff -u "docs/$page" "$scratch/page" >"$scratch/said" 2>&1
		result $? "docs/$page: as generated (make pages)" "$scratch/said"
	done
}

# The session in README is what happens now, and its picture is one of it. In a lab of its own, since
# its build has the id that the pages' have.
check_session() {
	local images=$root/docs/images

	timeout 180 "$here/session.sh" check >"$scratch/said" 2>&1 </dev/null
	result $? "docs/images/session.cast: what is said now (tests/docs/session.sh records)" "$scratch/said"
	"$here/session.sh" svg | diff "$images/session.svg" - >"$scratch/said" 2>&1
	result $? "docs/images/session.svg: drawn of it" "$scratch/said"
	[ "$(stat -c %s "$images/session.svg")" -lt 60000 ]
	result $? "docs/images/session.svg: small"
}

# Each problem type has its section, and each section is a problem type.
check_problems() {
	grep -oE '^## [a-z-]+ \([0-9]+\)' docs/PROBLEMS.md | sed 's/^## //' | sort >"$scratch/page"
	sed -nE 's/.*X\([A-Z_]+, ([45][0-9]+), "([a-z-]+)".*/\2 (\1)/p' control/json/problem.h | sort |
		diff -u "$scratch/page" - >"$scratch/said" 2>&1 && test -s "$scratch/page"
	result $? "docs/PROBLEMS.md: every problem type" "$scratch/said"
}

# Each option that a program's help names is in its manual page.
check_options() {
	local program=$1 page=docs/man/$2.scd option missing=

	for option in $("$SALLYPORT_BUILD/$program" --help | grep -oE '^ +.*' | grep -oE -- '--[a-z-]+'); do
		grep -qF -- "*$option*" "$page" || missing+=" $option"
	done
	echo "not there:$missing" >"$scratch/said"
	[ -z "$missing" ]
	result $? "$page: every option" "$scratch/said"
}

check_examples() {
	local file lines

	for file in docs/examples/*; do
		lines=$(wc -l <"$file")
		echo "$lines lines; docs/ORCHESTRATOR.md runs it or not, no test of tests/e2e does" >"$scratch/said"
		{ [ "$lines" -lt 40 ] && grep -qE "^(python3 |node )?$file " docs/ORCHESTRATOR.md; } ||
			grep -qF "/$file" tests/e2e/*_test.sh
		result $? "$file: under 40 lines and run, or run by a test" "$scratch/said"
	done

	for file in configs/*.conf; do
		"$SALLYPORT_BUILD/control/sallyportd" --check "$file" >"$scratch/said" 2>&1
		result $? "$file: accepted" "$scratch/said"
	done
}

# Runs the blocks of a page in one shell, in the lab.
run_page() {
	local page=$1 line

	python3 "$here/blocks.py" script "$page" >"$scratch/script" || return
	: >"$scratch/done"
	BLOCKS_DONE=$scratch/done timeout 300 bash "$scratch/script" >"$scratch/said" 2>&1 </dev/null
	python3 "$here/blocks.py" list "$page" >"$scratch/list"
	while read -r line; do
		grep -qx "$line" "$scratch/done"
		result $? "$page:$line: block runs" "$scratch/said"
	done <"$scratch/list"
}

on_client() {
	machine_enter client dev "$@"
}

# wrap FILE COMMAND…: makes FILE a program that runs COMMAND in the lab, with arguments of its own.
wrap() {
	local file=$1

	shift
	cat >"$file" <<-EOT
		#!/bin/bash
		SALLYPORT_BUILD=$SALLYPORT_BUILD . "$root/tests/lab/lab.sh"
		lab_attach $LAB_ID
		$* "\$@"
	EOT
	chmod +x "$file"
}

# What the blocks find around them; sallyportd looks at the edge, not at this host.
blocks_environment() {
	local bin=$scratch/bin

	mkdir "$bin"
	ln -s "$(lab_cli_path)" "$(lab_dp_path)" "$bin/"
	wrap "$bin/on_client" machine_enter client dev
	wrap "$bin/on_vm" machine_enter vm0 ubuntu
	wrap "$bin/sallyport-runner" lab_in edge "$SALLYPORT_BUILD/control/runner/sallyport-runner" -c "$LAB_CONFIG"
	wrap "$bin/sallyportd" lab_in edge "$(lab_control_path)"
	export PATH=$bin:$PATH SALLYPORT_SOCKET=$LAB_SOCKET SALLYPORT_CONF=$LAB_CONFIG
}

run_pages() {
	local page

	for page in "$@"; do
		[ -n "$(python3 "$here/blocks.py" list "$page")" ] || continue
		run_page "$page"
	done
}

at_exit() {
	rm -rf "$scratch"
}

scratch=$(mktemp -d)
mapfile -t list < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else pages; fi)
lab_begin 2
if lab_start; then
	blocks_environment
	run_pages "${list[@]}"
else
	result 1 "a lab for the blocks"
	lab_logs | sed 's/^/# /'
fi
if [ $# -eq 0 ]; then
	check_links "${list[@]}"
	check_generated
	check_session
	check_problems
	check_figures
	check_options control/sallyportd sallyportd.8
	check_options dataplane/sallyport-dp sallyport-dp.8
	check_options control/fleet/sallyport-fleet sallyport-fleet.8
	check_options control/hooks/sallyport-hooks sallyport-hooks.8
	check_options control/runner/sallyport-runner sallyport-runner.8
	check_options ../configs/sallyport-upgrade sallyport-upgrade.8
	check_examples
	# shellcheck source=tests/docs/man.sh
	. "$here/man.sh"
	check_manual_pages
	# shellcheck source=tests/docs/install.sh
	. "$here/install.sh"
	check_install
fi
echo "1..$cases"
[ "$failed" -eq 0 ]
