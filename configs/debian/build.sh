#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Builds the Debian packages of this tree; what it prints last are their paths.
#
#	build [DIRECTORY]	(build/deb, which is made anew)
#
# The tree is copied as git knows it, so that nothing else of this directory has a part in it. The same
# commit gives the same packages, byte by byte, wherever and whenever it is built on one release of Debian.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:-$top/build/deb}
umask 022

fail() {
	echo "deb: $*" >&2
	exit 1
}

commit() {
	git -C "$top" log -1 --format="$1"
}

# Prints the number of this version; what is not released is older than the release, and in the order of
# its commits.
version() {
	local number

	number=$(sed -n "s/^ *version: '\(.*\)',/\1/p" "$top/meson.build")
	grep -q "^## $number" "$top/CHANGELOG.md" || fail "CHANGELOG.md has no section $number"
	if grep -q "^## $number, unreleased" "$top/CHANGELOG.md"; then
		number+="~$(TZ=UTC0 git -C "$top" log -1 --date=format-local:%Y%m%d%H%M%S --format=%cd.%h --abbrev=8)"
	fi
	[ -z "$(git -C "$top" status --porcelain)" ] || number+=+modified
	echo "$number"
}

changelog() {
	cat <<-EOT
		sallyport ($1) unstable; urgency=medium

		  * See CHANGELOG.md, which the package sallyport-doc has.

		 -- The sallyport authors <sallyport@example.org>  $(date -uRd "@$SOURCE_DATE_EPOCH")
	EOT
}

command -v dpkg-buildpackage dh >/dev/null || fail "install dpkg-dev and debhelper (make deps)"
git -C "$top" rev-parse --git-dir >/dev/null 2>&1 || fail "$top is no clone: the version comes from git"
SOURCE_DATE_EPOCH=$(commit %ct)
export SOURCE_DATE_EPOCH

rm -rf "$out"
mkdir -p "$out/sallyport"
git -C "$top" ls-files -z --cached --others --exclude-standard |
	tar -C "$top" --null --files-from=- --ignore-failed-read -cf - | tar -C "$out/sallyport" -xf -
cp -r "$out/sallyport/configs/debian" "$out/sallyport/debian"
changelog "$(version)" >"$out/sallyport/debian/changelog"

cd "$out/sallyport"
dpkg-buildpackage --unsigned-changes --build=binary >"$out/log" 2>&1 || {
	tail -n40 "$out/log" >&2
	fail "the packages do not build; all that was said is in $out/log"
}
rm -rf "$out/sallyport"
mkdir "$out/debug"
mv "$out"/*-dbgsym_*.deb "$out/debug/"
ls "$out"/*.deb
