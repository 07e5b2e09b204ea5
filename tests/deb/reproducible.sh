#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The packages of one commit are the same, byte by byte, whoever builds them: built twice, from clones in
# directories of other names, in another time zone, language, user and host name, with another number of
# jobs, and without the compiler's cache. Takes two whole builds, so it is no part of `make test`. Root.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# build NAME COMMAND…: in a clone in a directory of that name, by a command that runs what follows it.
build() {
	local name=$1

	shift
	git clone -q "$top" "$dir/$name"
	CCACHE_DISABLE=1 "$@" "$dir/$name/configs/debian/build.sh" >"$dir/$name.log" ||
		{ tail -n 20 "$dir/$name.log" >&2 && exit 1; }
}

build one env TZ=UTC0 LC_ALL=C DEB_BUILD_OPTIONS='nocheck parallel=2'
build a-longer-name unshare --uts sh -c 'hostname other && exec "$@"' sh \
	env TZ=Asia/Kathmandu LC_ALL=C.UTF-8 HOME=/nowhere USER=other DEB_BUILD_OPTIONS='nocheck parallel=1'

differ=0
for first in "$dir"/one/build/deb/*.deb "$dir"/one/build/deb/debug/*.deb; do
	second=$dir/a-longer-name${first#"$dir/one"}
	if cmp "$first" "$second"; then
		echo "ok - $(sha256sum <"$first" | cut -c1-16) ${first##*/}"
	else
		echo "not ok - ${first##*/}"
		differ=1
	fi
done
exit $differ
