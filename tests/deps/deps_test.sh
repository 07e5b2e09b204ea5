#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Checks of deps.sh, as TAP. Nothing is installed: the lists name what is there or cannot be.
set -u

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cases=0
failed=0

# check WHAT COMMAND…: one case, passed if the command succeeds.
check() {
	local what=$1
	shift
	cases=$((cases + 1))
	if "$@"; then
		echo "ok $cases - deps: $what"
	else
		echo "not ok $cases - deps: $what"
		failed=$((failed + 1))
	fi
}

# With a list of these lines: what deps.sh $1 says and how it exits.
deps() {
	local verb=$1
	shift
	printf '%s\n' "$@" >"$scratch/list"
	DEPS_LIST=$scratch/list "$here/deps.sh" "$verb" 2>&1
}

nothing_missing() {
	[ -z "$(deps check '# words' '' 'dpkg  # the package manager')" ]
}

missing_named() {
	[ "$(deps check dpkg sallyport-no-such-package)" = sallyport-no-such-package ]
}

missing_fails() {
	! deps check sallyport-no-such-package >"$scratch/out"
}

ensure_nothing() {
	[ -z "$(deps ensure dpkg)" ]
}

install_without_root() {
	local said
	printf 'sallyport-no-such-package\n' >"$scratch/list"
	chmod -R a+rX "$scratch"
	cp "$here/deps.sh" "$scratch/deps.sh"
	said=$(DEPS_LIST=$scratch/list setpriv --reuid=65534 --clear-groups "$scratch/deps.sh" \
		install 2>&1) && return 1
	[ "$said" = "deps: installing packages needs root; missing: sallyport-no-such-package " ]
}

no_verb() {
	deps frobnicate >"$scratch/out"
	[ $? -eq 2 ]
}

list_sorted_once() {
	local names
	names=$(sed -e 's/#.*//' -e '/^$/d' "$here/debian-packages.txt" | sort)
	[ "$names" = "$(echo "$names" | uniq)" ]
}

all_installed() {
	"$here/deps.sh" check
}

check "comments and blanks are no packages" nothing_missing
check "what is missing is named" missing_named
check "what is missing fails the check" missing_fails
check "ensure does nothing when nothing is missing" ensure_nothing
check "installing without root says so" install_without_root
check "another verb is refused" no_verb
check "no package is listed twice" list_sorted_once
check "everything listed is installed here" all_installed
echo "1..$cases"
[ "$failed" -eq 0 ]
